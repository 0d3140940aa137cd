"""Orders in the later format: `id` for the number, `product_id` for the SKU, no shipments.

The store's side wants payments that are ``completed`` and US states of two letters.
"""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from amazon_endpoint.clock import iso
from amazon_endpoint.hub import states
from amazon_endpoint.hub.order_parts import (
    AddressObject,
    AdjustmentObject,
    ShippingMethods,
    TotalsObject,
    address_of,
    adjustments_of,
    padding,
    totals_of,
)
from amazon_endpoint.orders import AMAZON, MERCHANT, Bill, Line

# Amazon's older words, which FlowLink's flows were written for.
_FULFILMENT_CHANNELS = {MERCHANT: "MFN", AMAZON: "AFN"}


class LineItemObject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One of `line_items`. `asin` is there only when Amazon gives one."""

    product_id: str
    name: str
    quantity: int
    price: Decimal
    asin: str | None = None


class PaymentObject(msgspec.Struct, frozen=True, gc=False):
    """One of `payments`. With any other status a store takes the order for unpaid."""

    amount: Decimal
    payment_method: str = "Amazon"
    status: str = "completed"


class OrderObject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One of `orders`. Amounts are to be encoded as JSON numbers, times are text."""

    id: str
    number: str
    channel: str
    currency: str
    status: str
    placed_on: str
    updated_at: str
    email: str
    totals: TotalsObject
    adjustments: tuple[AdjustmentObject, ...]
    line_items: tuple[LineItemObject, ...]
    payments: tuple[PaymentObject, ...]
    shipping_address: AddressObject
    billing_address: AddressObject
    shipping_method: str
    amazon_shipping_method: str
    fulfillment_channel: str | None = None


def encode_order(billed: Bill, *, shipping_methods: ShippingMethods) -> OrderObject:
    """The order object of a priced order."""
    order, amount = billed.order, padding(billed.currency)
    totals = totals_of(billed, amount)
    address = address_of(order.shipping_address, states.code)
    return OrderObject(
        id=order.number,
        number=order.number,
        channel=order.channel,
        currency=billed.currency,
        status=order.status,
        placed_on=iso(order.placed_at),
        updated_at=iso(order.updated_at),
        email=order.buyer_email or "",
        totals=totals,
        adjustments=adjustments_of(billed, amount),
        line_items=tuple([_line(line, amount) for line in billed.lines]),
        payments=(PaymentObject(totals.payment),),
        shipping_address=address,
        billing_address=address,
        shipping_method=shipping_methods.method_of(order),
        amazon_shipping_method=order.shipping_service_level or "",
        fulfillment_channel=_FULFILMENT_CHANNELS.get(order.fulfilled_by or ""),
    )


def _line(line: Line, amount: Callable[[Decimal], Decimal]) -> LineItemObject:
    return LineItemObject(
        product_id=line.item.sku or "",
        name=line.item.title or "",
        quantity=line.quantity,
        price=amount(line.price),
        asin=line.item.asin,
    )

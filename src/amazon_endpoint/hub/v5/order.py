"""Orders in the 2013 format: the published order object, key by key."""

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
from amazon_endpoint.orders import Bill, Line


class LineItemObject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One of `line_items`, and of the shipment's `items`."""

    name: str
    price: Decimal
    sku: str
    quantity: int
    variant_id: None = None
    external_ref: None = None
    options: dict[str, str] = {}


class PaymentObject(msgspec.Struct, frozen=True, gc=False):
    """One of `payments`."""

    amount: Decimal
    payment_method: str = "Amazon"
    status: str = "complete"


class ShipmentObject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One of `shipments`."""

    cost: Decimal
    status: str
    shipping_method: str
    items: tuple[LineItemObject, ...]
    stock_location: str = ""
    tracking: str = ""
    number: str = ""


class OrderObject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`order`. Amounts are to be encoded as JSON numbers, times are text."""

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
    shipments: tuple[ShipmentObject, ...]
    shipping_address: AddressObject
    billing_address: AddressObject


def encode_order(billed: Bill, *, shipping_methods: ShippingMethods) -> OrderObject:
    """The order object of a priced order.

    The tracking and number of the shipment are known once Amazon has exactly one package.
    """
    order, amount = billed.order, padding(billed.currency)
    lines = tuple([_line(line, amount) for line in billed.lines])
    totals = totals_of(billed, amount)
    address = address_of(order.shipping_address, states.full_name)
    package = order.packages[0] if len(order.packages) == 1 else None
    return OrderObject(
        number=order.number,
        channel=order.channel,
        currency=billed.currency,
        status=order.status,
        placed_on=iso(order.placed_at),
        updated_at=iso(order.updated_at),
        email=order.buyer_email or "",
        totals=totals,
        adjustments=adjustments_of(billed, amount),
        line_items=lines,
        payments=(PaymentObject(totals.payment),),
        shipments=(
            ShipmentObject(
                cost=totals.shipping,
                status=order.status,
                shipping_method=shipping_methods.method_of(order),
                items=lines,
                tracking=(package and package.tracking) or "",
                number=package.reference if package else "",
            ),
        ),
        shipping_address=address,
        billing_address=address,
    )


def _line(line: Line, amount: Callable[[Decimal], Decimal]) -> LineItemObject:
    return LineItemObject(
        name=line.item.title or "",
        price=amount(line.price),
        sku=line.item.sku or "",
        quantity=line.quantity,
    )

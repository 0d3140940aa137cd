"""Orders in the 2013 format: the published order object, key by key."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from amazon_endpoint.clock import iso
from amazon_endpoint.hub import names, states
from amazon_endpoint.hub.parameters import fold
from amazon_endpoint.money import minor_digits
from amazon_endpoint.orders import Address, Bill, Line, Order, bill


class TotalsObject(msgspec.Struct, frozen=True, kw_only=True):
    """`totals`."""

    item: Decimal
    adjustment: Decimal
    tax: Decimal
    shipping: Decimal
    order: Decimal
    payment: Decimal


class AdjustmentObject(msgspec.Struct, frozen=True):
    """One of `adjustments`."""

    name: str
    value: Decimal


class LineItemObject(msgspec.Struct, frozen=True, kw_only=True):
    """One of `line_items`, and of the shipment's `items`."""

    name: str
    price: Decimal
    sku: str
    quantity: int
    variant_id: None = None
    external_ref: None = None
    options: dict[str, str] = {}


class PaymentObject(msgspec.Struct, frozen=True):
    """One of `payments`."""

    amount: Decimal
    payment_method: str = "Amazon"
    status: str = "complete"


class ShipmentObject(msgspec.Struct, frozen=True, kw_only=True):
    """One of `shipments`."""

    cost: Decimal
    status: str
    shipping_method: str
    items: tuple[LineItemObject, ...]
    stock_location: str = ""
    tracking: str = ""
    number: str = ""


class AddressObject(msgspec.Struct, frozen=True, kw_only=True):
    """`shipping_address` and `billing_address`. `company` is there only when Amazon gives one."""

    firstname: str = ""
    lastname: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    zipcode: str = ""
    phone: str = ""
    country: str = ""
    state: str = ""
    company: str | msgspec.UnsetType = msgspec.UNSET


class OrderObject(msgspec.Struct, frozen=True, kw_only=True):
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


def encode_order(order: Order, *, shipping_methods: Mapping[str, str]) -> OrderObject:
    """The order object of a priced order.

    `shipping_methods` maps Amazon's service level to the store's shipping method. The tracking
    and number of the shipment are known once Amazon has exactly one package.

    Raises:
        ValueError: the order has no prices yet.
    """
    billed = bill(order)
    lines = tuple(_line(line, billed.currency) for line in billed.lines)
    totals = _totals(billed)
    address = _address(order.shipping_address)
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
        adjustments=tuple(
            AdjustmentObject(row.name, _amount(row.amount, billed.currency))
            for row in billed.adjustments
        ),
        line_items=lines,
        payments=(PaymentObject(totals.payment),),
        shipments=(
            ShipmentObject(
                cost=totals.shipping,
                status=order.status,
                shipping_method=_shipping_method(
                    order.shipping_service_level or "", shipping_methods
                ),
                items=lines,
                tracking=(package and package.tracking) or "",
                number=package.reference if package else "",
            ),
        ),
        shipping_address=address,
        billing_address=address,
    )


def _totals(billed: Bill) -> TotalsObject:
    totals = billed.totals
    return TotalsObject(
        item=_amount(totals.item, billed.currency),
        adjustment=_amount(totals.adjustment, billed.currency),
        tax=_amount(totals.tax, billed.currency),
        shipping=_amount(totals.shipping, billed.currency),
        order=_amount(totals.order, billed.currency),
        payment=_amount(totals.order, billed.currency),
    )


def _line(line: Line, currency: str) -> LineItemObject:
    return LineItemObject(
        name=line.item.title or "",
        price=_amount(line.price, currency),
        sku=line.item.sku or "",
        quantity=line.quantity,
    )


def _address(address: Address | None) -> AddressObject:
    if address is None:
        return AddressObject()
    firstname, lastname = names.split(address.name or "")
    first_line, *further_lines = address.lines or ("",)
    state = address.state or ""
    return AddressObject(
        firstname=firstname,
        lastname=lastname,
        address1=first_line,
        address2=", ".join(further_lines),
        city=address.city or "",
        zipcode=address.postal_code or "",
        phone=address.phone or "",
        country=address.country or "",
        state=states.full_name(state) if address.country == "US" else state,
        company=address.company or msgspec.UNSET,
    )


def _shipping_method(service_level: str, shipping_methods: Mapping[str, str]) -> str:
    known = {fold(level): method for level, method in shipping_methods.items()}
    return known.get(fold(service_level), service_level)


def _amount(amount: Decimal, currency: str) -> Decimal:
    """`amount` with the currency's digits and at least one, as stores take 64 for an integer.

    Only ever padded: an amount with more digits keeps them.
    """
    padded = amount.quantize(Decimal(1).scaleb(-max(minor_digits(currency), 1)))
    return padded if padded == amount else amount

"""Order parts: what an order looks like in every format of the hub."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache

import msgspec

from amazon_endpoint.hub import names
from amazon_endpoint.hub.parameters import fold
from amazon_endpoint.money import minor_digits
from amazon_endpoint.orders import Address, Bill, Order


class TotalsObject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`totals`."""

    item: Decimal
    adjustment: Decimal
    tax: Decimal
    shipping: Decimal
    order: Decimal
    payment: Decimal


class AdjustmentObject(msgspec.Struct, frozen=True, gc=False):
    """One of `adjustments`."""

    name: str
    value: Decimal


class AddressObject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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


class ShippingMethods:
    """The store's shipping methods by Amazon's service levels, however these are spelt."""

    def __init__(self, by_level: Mapping[str, str]) -> None:
        self._by_level = {fold(level): method for level, method in by_level.items()}

    def method_of(self, order: Order) -> str:
        """The store's shipping method for the order's service level, or that level's own word."""
        level = order.shipping_service_level or ""
        return self._by_level.get(fold(level), level)


def totals_of(billed: Bill, amount: Callable[[Decimal], Decimal]) -> TotalsObject:
    """The sums of an order, paid in full; `amount` is the currency's `padding`."""
    totals = billed.totals
    paid = amount(totals.order)
    return TotalsObject(
        item=amount(totals.item),
        adjustment=amount(totals.adjustment),
        tax=amount(totals.tax),
        shipping=amount(totals.shipping),
        order=paid,
        payment=paid,
    )


def adjustments_of(
    billed: Bill, amount: Callable[[Decimal], Decimal]
) -> tuple[AdjustmentObject, ...]:
    """The rows between the items' and the order's total; discounts are negative."""
    rows = []
    for row in billed.adjustments:  # a comprehension takes twice as long for so few
        written = AdjustmentObject(row.name, amount(row.amount))
        rows.append(written)
    return tuple(rows)


def address_of(address: Address | None, us_state: Callable[[str], str]) -> AddressObject:
    """An address, or one whose every key is blank; `us_state` writes the state of a US address."""
    if address is None:
        return AddressObject()
    firstname, lastname = names.split(address.name or "")
    lines = address.lines or ("",)
    state = address.state or ""
    return AddressObject(
        firstname=firstname,
        lastname=lastname,
        address1=lines[0],
        address2=", ".join(lines[1:]),
        city=address.city or "",
        zipcode=address.postal_code or "",
        phone=address.phone or "",
        country=address.country or "",
        state=us_state(state) if address.country == "US" else state,
        company=address.company or msgspec.UNSET,
    )


@cache
def padding(currency: str) -> Callable[[Decimal], Decimal]:
    """What writes an amount with the currency's digits and at least one.

    Stores take 64 for an integer. Only ever padded: an amount with more digits keeps them.
    """
    least = Decimal(1).scaleb(-max(minor_digits(currency), 1))
    zero = least * 0

    def amount(exact: Decimal) -> Decimal:
        if not exact:
            return zero
        if exact.same_quantum(least):
            return exact
        padded = exact.quantize(least)
        return padded if padded == exact else exact

    return amount

"""Prices: an order's money from Amazon's amounts, or none while there are no prices yet.

Every amount is for the whole line. How an order was paid (`PaymentExecutionDetail`) says nothing
of what it costs: parts of a payment are not added up.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import msgspec
from lxml import etree

from amazon_endpoint.amazon.ledger import Ledger, is_priced
from amazon_endpoint.amazon.mws.fields import count, money, required
from amazon_endpoint.amazon.xml import text
from amazon_endpoint.charges import Charges, ItemParts, read_charges
from amazon_endpoint.money import ZERO, Money

_PENDING = {"Pending", "PendingAvailability"}

_CHARGES = {
    "ItemPrice": "item",
    "ShippingPrice": "shipping",
    "GiftWrapPrice": "gift_wrap",
    "CODFee": "cod_fee",
}
_TAXES = ("ItemTax", "ShippingTax", "GiftWrapTax")
_DISCOUNTS = ("PromotionDiscount", "ShippingDiscount", "CODFeeDiscount")
_DISCOUNT_TAXES = ("PromotionDiscountTax", "ShippingDiscountTax")


class Prices(msgspec.Struct, frozen=True):
    """What an order costs, in what currency, and what could not be counted."""

    currency: str | None
    charges: Charges | None = None
    remarks: tuple[str, ...] = ()


def read_prices(order: etree._Element, items: Sequence[etree._Element]) -> Prices:
    """Read an order's money.

    The order is in the currency of its total, else of its first amount; amounts in another one
    are left out and told.

    Raises:
        ValueError: an amount or a currency is not one.
    """
    currency = next((one.currency for one in _stated(order, items)), None)
    if currency is None:
        return Prices(None)
    ledger = Ledger(currency)
    parts = [_parts(item, ledger) for item in items]
    grand_total = ledger.counted(money(order, "OrderTotal"), "the order")
    discount_taxes = [_discount_tax(item, ledger) for item in items]
    remarks = tuple(dict.fromkeys(ledger.remarks))
    quantities = (count(item, "QuantityOrdered") or 0 for item in items)
    pending = text(order, "OrderStatus") in _PENDING
    if not is_priced(quantities, parts, grand_total, pending=pending):
        return Prices(currency, None, remarks)
    known = [one or ItemParts() for one in parts]
    return Prices(currency, _charges(known, discount_taxes, grand_total), remarks)


def _charges(
    parts: Sequence[ItemParts], discount_taxes: Sequence[Decimal], grand_total: Decimal | None
) -> Charges:
    """The items' taxes as Amazon states them, unless only less the discounts' they add up.

    Amazon does not document whether `ItemTax` is the tax before the discount or after it.
    """
    stated = read_charges(parts, grand_total=grand_total)
    if _adds_up(stated) or not any(discount_taxes):
        return stated
    lessened = [
        msgspec.structs.replace(one, tax=one.tax - discounted)
        for one, discounted in zip(parts, discount_taxes, strict=True)
    ]
    read = read_charges(lessened, grand_total=grand_total)
    return read if _adds_up(read) else stated


def _adds_up(charges: Charges) -> bool:
    taxes = ZERO if charges.tax_included else sum((one.tax for one in charges.items), ZERO)
    return sum((one.without_tax for one in charges.items), taxes) == charges.total


def _parts(item: etree._Element, ledger: Ledger) -> ItemParts | None:
    """The item's parts; None while Amazon states no price for it."""
    charges = _amounts(item, _CHARGES, ledger)
    if "ItemPrice" not in charges:
        return None
    taxes = _amounts(item, _TAXES, ledger)
    discounts = _amounts(item, _DISCOUNTS, ledger)
    return ItemParts(
        **{_CHARGES[name]: amount for name, amount in charges.items()},
        tax=sum(taxes.values(), ZERO),
        shipping_tax=taxes.get("ShippingTax", ZERO),
        gift_wrap_tax=taxes.get("GiftWrapTax", ZERO),
        discount=sum(discounts.values(), ZERO),
        shipping_discount=discounts.get("ShippingDiscount", ZERO),
    )


def _amounts(item: etree._Element, names: Iterable[str], ledger: Ledger) -> dict[str, Decimal]:
    counted = {name: ledger.counted(money(item, name), _whose(item)) for name in names}
    return {name: amount for name, amount in counted.items() if amount is not None}


def _discount_tax(item: etree._Element, ledger: Ledger) -> Decimal:
    amounts = (ledger.counted(money(item, name), _whose(item)) for name in _DISCOUNT_TAXES)
    return sum((abs(one) for one in amounts if one is not None), ZERO)


def _whose(item: etree._Element) -> str:
    return f"item {required(item, 'OrderItemId')}"


def _stated(order: etree._Element, items: Sequence[etree._Element]) -> Iterator[Money]:
    """Every amount that may tell the order's currency, the most telling first."""
    if total := money(order, "OrderTotal"):
        yield total
    for name in (*_CHARGES, *_TAXES, *_DISCOUNTS):
        for item in items:
            if stated := money(item, name):
                yield stated

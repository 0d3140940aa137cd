"""Charges: what an order costs, each row exact and equal to its source at Amazon.

Amazon states for each order item a subtotal per part (item, shipping, gift wrap, …), a tax and a
discount with or without details, and often their total. It does not document whether prices
already include the tax, nor which sign a discount has. So an order is *read*: the first reading
under which the parts add up to the stated totals is taken, for the whole order.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

import msgspec

from amazon_endpoint.money import ZERO


class Part(StrEnum):
    """What a charge, a tax or a discount is for (Orders v2026-01-01, `type` and `subtype`)."""

    ITEM = "ITEM"
    SHIPPING = "SHIPPING"
    GIFT_WRAP = "GIFT_WRAP"
    COD_FEE = "COD_FEE"
    OTHER = "OTHER"
    DISCOUNT = "DISCOUNT"


class ItemParts(msgspec.Struct, frozen=True, kw_only=True):
    """One order item's money as Amazon states it, unread.

    `charges` per part; `tax` and `discount` are whole, their details what Amazon breaks out of
    them; `total` is the item's stated total (`proceedsTotal`). All in the order's currency.
    """

    charges: Mapping[Part, Decimal]
    tax: Decimal = ZERO
    tax_details: Mapping[Part, Decimal] = {}
    discount: Decimal = ZERO
    discount_details: Mapping[Part, Decimal] = {}
    total: Decimal | None = None

    @property
    def tells_its_sum(self) -> bool:
        """Whether it needs no grand total to be read: it states its total, or holds no money."""
        return self.total is not None or not any((*self.charges.values(), self.tax, self.discount))


class Tip(msgspec.Struct, frozen=True):
    """An order-level delivery tip. A pending one may not be in the grand total yet."""

    amount: Decimal
    pending: bool = False


class Reading(StrEnum):
    """How an order's parts make up its total."""

    TAX_ADDED = "tax added"
    TAX_INCLUDED = "tax included"
    AS_GIVEN = "as given"


class ItemCharges(msgspec.Struct, frozen=True, kw_only=True):
    """One order item's charges, read. Discounts are negative; taxes are what Amazon states."""

    item: Decimal = ZERO
    shipping: Decimal = ZERO
    gift_wrap: Decimal = ZERO
    cod_fee: Decimal = ZERO
    other: Decimal = ZERO
    item_tax: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    gift_wrap_tax: Decimal = ZERO
    promotion_discount: Decimal = ZERO
    shipping_discount: Decimal = ZERO

    @property
    def tax(self) -> Decimal:
        """Every tax of this item."""
        return self.item_tax + self.shipping_tax + self.gift_wrap_tax

    @property
    def without_tax(self) -> Decimal:
        """Every row but the taxes."""
        parts = self.item + self.shipping + self.gift_wrap + self.cod_fee + self.other
        return parts + self.promotion_discount + self.shipping_discount


class Charges(msgspec.Struct, frozen=True, kw_only=True):
    """An order's charges: per order item in the order's own sequence, the tip, the total."""

    reading: Reading
    items: tuple[ItemCharges, ...]
    delivery_tip: Decimal
    total: Decimal

    @property
    def tax_included(self) -> bool:
        """Whether prices already hold the tax."""
        return self.reading is Reading.TAX_INCLUDED


def read_charges(
    items: Sequence[ItemParts], *, grand_total: Decimal | None, tip: Tip | None = None
) -> Charges:
    """Read an order's money: the first reading that is exact, else the first.

    Tested per item against its stated total where there is one, else all together against
    `grand_total`. Without a grand total the order's total is the sum of its parts.
    """
    exact = (reading for reading in Reading if _is_exact(reading, items, grand_total, tip))
    reading = next(exact, Reading.TAX_ADDED)
    read = tuple(_read(one, reading) for one in items)
    parts = sum((_sum(one, reading) for one in read), ZERO)
    tipped = _tip_within(tip, parts, grand_total)
    total = parts + tipped if grand_total is None else grand_total
    return Charges(reading=reading, items=read, delivery_tip=tipped, total=total)


def _is_exact(
    reading: Reading, items: Sequence[ItemParts], grand_total: Decimal | None, tip: Tip | None
) -> bool:
    sums = [_sum(_read(one, reading), reading) for one in items]
    stated = [
        (mine, one.total) for mine, one in zip(sums, items, strict=True) if one.total is not None
    ]
    if any(mine != total for mine, total in stated):
        return False
    if all(one.tells_its_sum for one in items) or grand_total is None:
        return True
    parts = sum(sums, ZERO)
    return parts + _tip_within(tip, parts, grand_total) == grand_total


def _tip_within(tip: Tip | None, parts: Decimal, grand_total: Decimal | None) -> Decimal:
    if tip is None or (tip.pending and parts == grand_total):
        return ZERO
    return tip.amount


def _sum(charges: ItemCharges, reading: Reading) -> Decimal:
    included = reading is Reading.TAX_INCLUDED
    return charges.without_tax + (ZERO if included else charges.tax)


def _read(parts: ItemParts, reading: Reading) -> ItemCharges:
    def discount(amount: Decimal) -> Decimal:
        return amount if reading is Reading.AS_GIVEN else -abs(amount)

    shipping_tax = parts.tax_details.get(Part.SHIPPING, ZERO)
    gift_wrap_tax = parts.tax_details.get(Part.GIFT_WRAP, ZERO)
    shipping_discount = discount(parts.discount_details.get(Part.SHIPPING, ZERO))
    return ItemCharges(
        item=parts.charges.get(Part.ITEM, ZERO),
        shipping=parts.charges.get(Part.SHIPPING, ZERO),
        gift_wrap=parts.charges.get(Part.GIFT_WRAP, ZERO),
        cod_fee=parts.charges.get(Part.COD_FEE, ZERO),
        other=parts.charges.get(Part.OTHER, ZERO),
        item_tax=parts.tax - shipping_tax - gift_wrap_tax,
        shipping_tax=shipping_tax,
        gift_wrap_tax=gift_wrap_tax,
        promotion_discount=discount(parts.discount) - shipping_discount,
        shipping_discount=shipping_discount,
    )

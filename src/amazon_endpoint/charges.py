"""Charges: what an order costs, each row exact and equal to its source at Amazon.

Amazon states for each order item a subtotal per part (item, shipping, gift wrap, …), a tax and a
discount with or without details, and often their total. It does not document whether prices
already include the tax, nor which sign a discount has. So an order is *read*: the first reading
under which the parts add up to the stated totals is taken, for the whole order.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from operator import add

import msgspec

from amazon_endpoint.money import ZERO


class ItemParts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One order item's money as Amazon states it, unread.

    The first five are what Amazon charges for. `tax` and `discount` are whole, with what Amazon
    breaks out of them; `total` is the item's stated total (`proceedsTotal`). All in the order's
    currency.
    """

    item: Decimal = ZERO
    shipping: Decimal = ZERO
    gift_wrap: Decimal = ZERO
    cod_fee: Decimal = ZERO
    other: Decimal = ZERO
    tax: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    gift_wrap_tax: Decimal = ZERO
    discount: Decimal = ZERO
    shipping_discount: Decimal = ZERO
    total: Decimal | None = None

    @property
    def charged(self) -> Decimal:
        """Every part before tax and discount."""
        return self.item + self.shipping + self.gift_wrap + self.cod_fee + self.other

    @property
    def tells_its_sum(self) -> bool:
        """Whether it needs no grand total to be read: it states its total, or holds no money."""
        if self.total is not None:
            return True
        charged = self.item, self.shipping, self.gift_wrap, self.cod_fee, self.other
        return not any((*charged, self.tax, self.discount))


class Tip(msgspec.Struct, frozen=True, gc=False):
    """An order-level delivery tip. A pending one may not be in the grand total yet."""

    amount: Decimal
    pending: bool = False


class Reading(StrEnum):
    """How an order's parts make up its total."""

    TAX_ADDED = "tax added"
    TAX_INCLUDED = "tax included"
    AS_GIVEN = "as given"


# In this sequence; the first one again, if none is exact.
_READINGS = (*Reading, Reading.TAX_ADDED)
# To look a member up takes longer than to add an amount.
_TAX_INCLUDED, _AS_GIVEN = Reading.TAX_INCLUDED, Reading.AS_GIVEN


class ItemCharges(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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

    def __add__(self, other: "ItemCharges") -> "ItemCharges":
        """Both, row by row."""
        return ItemCharges(
            item=self.item + other.item,
            shipping=self.shipping + other.shipping,
            gift_wrap=self.gift_wrap + other.gift_wrap,
            cod_fee=self.cod_fee + other.cod_fee,
            other=self.other + other.other,
            item_tax=self.item_tax + other.item_tax,
            shipping_tax=self.shipping_tax + other.shipping_tax,
            gift_wrap_tax=self.gift_wrap_tax + other.gift_wrap_tax,
            promotion_discount=self.promotion_discount + other.promotion_discount,
            shipping_discount=self.shipping_discount + other.shipping_discount,
        )

    @property
    def tax(self) -> Decimal:
        """Every tax of this item."""
        return self.item_tax + self.shipping_tax + self.gift_wrap_tax

    @property
    def without_tax(self) -> Decimal:
        """Every row but the taxes."""
        parts = self.item + self.shipping + self.gift_wrap + self.cod_fee + self.other
        return parts + self.promotion_discount + self.shipping_discount


class Charges(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order's charges: per order item in the order's own sequence, the tip, the total."""

    reading: Reading
    items: tuple[ItemCharges, ...]
    delivery_tip: Decimal
    total: Decimal

    @property
    def whole(self) -> ItemCharges:
        """The items' charges, added up row by row."""
        return reduce(add, self.items) if self.items else ItemCharges()

    @property
    def tax_included(self) -> bool:
        """Whether prices already hold the tax."""
        return self.reading is _TAX_INCLUDED


def read_charges(
    items: Sequence[ItemParts], *, grand_total: Decimal | None, tip: Tip | None = None
) -> Charges:
    """Read an order's money: the first reading that is exact, else the first.

    Tested per item against its stated total where there is one, else all together against
    `grand_total`. Without a grand total the order's total is the sum of its parts.
    """
    for reading in _READINGS:
        parts, stated, as_stated = ZERO, True, True
        for one in items:
            amount = _sum(one, reading)
            parts += amount
            if one.total is None:
                stated = False
            elif one.total != amount:
                as_stated = False
        if as_stated and (stated or _is_exact(items, parts, grand_total, tip)):
            break
    tipped = _tip_within(tip, parts, grand_total)
    charges = []
    for one in items:  # a comprehension takes twice as long for so few
        read = _read(one, reading)
        charges.append(read)
    return Charges(
        reading=reading,
        items=tuple(charges),
        delivery_tip=tipped,
        total=parts + tipped if grand_total is None else grand_total,
    )


def _is_exact(
    items: Sequence[ItemParts], parts: Decimal, grand_total: Decimal | None, tip: Tip | None
) -> bool:
    """Whether the parts of all items together make up the grand total, if that is to be asked."""
    if grand_total is None or all(one.tells_its_sum for one in items):
        return True
    return parts + _tip_within(tip, parts, grand_total) == grand_total


def _tip_within(tip: Tip | None, parts: Decimal, grand_total: Decimal | None) -> Decimal:
    if tip is None or (tip.pending and parts == grand_total):
        return ZERO
    return tip.amount


def _sum(parts: ItemParts, reading: Reading) -> Decimal:
    """What an item comes to; a tax or discount as a whole is the sum of its rows."""
    taxed = parts.charged if reading is _TAX_INCLUDED else parts.charged + parts.tax
    return taxed + _signed(parts.discount, reading) if parts.discount else taxed


def _signed(discount: Decimal, reading: Reading) -> Decimal:
    return discount if reading is _AS_GIVEN else -abs(discount)


def _read(parts: ItemParts, reading: Reading) -> ItemCharges:
    discount = shipping_discount = ZERO
    if parts.discount or parts.shipping_discount:
        shipping_discount = _signed(parts.shipping_discount, reading)
        discount = _signed(parts.discount, reading) - shipping_discount
    return ItemCharges(
        item=parts.item,
        shipping=parts.shipping,
        gift_wrap=parts.gift_wrap,
        cod_fee=parts.cod_fee,
        other=parts.other,
        item_tax=parts.tax - parts.shipping_tax - parts.gift_wrap_tax,
        shipping_tax=parts.shipping_tax,
        gift_wrap_tax=parts.gift_wrap_tax,
        promotion_discount=discount,
        shipping_discount=shipping_discount,
    )

"""Prices: an order's money from Amazon's breakdowns, or none while there are no prices yet."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from amazon_endpoint.amazon.ledger import Ledger, is_priced, read_amount, read_money
from amazon_endpoint.amazon.spapi import wire
from amazon_endpoint.charges import Charges, ItemParts, Tip, read_charges
from amazon_endpoint.money import ZERO, Money

_PENDING = {"PENDING", "PENDING_AVAILABILITY"}
_TIP = "DELIVERY_TIP"

_PARTS = {
    "ITEM": "item",
    "SHIPPING": "shipping",
    "GIFT_WRAP": "gift_wrap",
    "COD_FEE": "cod_fee",
    "OTHER": "other",
    "TAX": "tax",
    "DISCOUNT": "discount",
}
#: What is broken out of a part; the other details stay in the item's own row.
_DETAILS = {
    "tax": {"SHIPPING": "shipping_tax", "GIFT_WRAP": "gift_wrap_tax"},
    "discount": {"SHIPPING": "shipping_discount"},
}


_NOTHING = ItemParts()


class Prices(msgspec.Struct, frozen=True, gc=False):
    """What an order costs, in what currency, and what could not be counted.

    `unit_prices` are by item, in the order's own sequence.
    """

    currency: str | None
    charges: Charges | None
    unit_prices: tuple[Money | None, ...]
    remarks: tuple[str, ...]


def read_prices(order: wire.Order) -> Prices:
    """Read an order's money (facts: `proceeds`, `product.price`).

    The order is in the currency of its grand total, else of its first price; amounts in another
    one are left out and told.

    Raises:
        ValueError: an amount or a currency is not one.
    """
    currency = _currency(order)
    if currency is None:
        return Prices(None, None, (None,) * len(order.order_items), ())
    ledger = _Ledger(currency)
    unit_prices: list[Money | None] = []
    quantities: list[int] = []
    items: list[ItemParts | None] = []
    for item in order.order_items:
        unit_prices.append(ledger.unit_price(item))
        quantities.append(item.quantity_ordered)
        items.append(ledger.item(item))
    grand_total = tip = None
    if order.proceeds:
        grand_total = ledger.amount(order.proceeds.grand_total, "the order")
        tip = ledger.tip(order.proceeds.breakdowns or ())
    remarks = tuple(dict.fromkeys(ledger.remarks)) if ledger.remarks else ()
    pending = order.fulfillment is not None and order.fulfillment.fulfillment_status in _PENDING
    if not is_priced(quantities, items, grand_total, pending=pending):
        return Prices(currency, None, tuple(unit_prices), remarks)
    parts = [item or _NOTHING for item in items]
    charges = read_charges(parts, grand_total=grand_total, tip=tip)
    return Prices(currency, charges, tuple(unit_prices), remarks)


class _Ledger(Ledger):
    """Reads breakdowns."""

    def amount(self, money: wire.Money | None, whose: str) -> Decimal | None:
        """The amount in the order's currency, if there is one."""
        if money is None:
            return None
        if money.currency_code != self.currency:
            return self.counted(_read(money), whose)
        told = money.amount
        return read_amount(told if isinstance(told, str) else str(told))

    def unit_price(self, item: wire.OrderItem) -> Money | None:
        """The price of one piece, in whichever currency."""
        price = item.product.price and item.product.price.unit_price
        return _read(price) if price else None

    def tip(self, breakdowns: Sequence[wire.Breakdown]) -> Tip | None:
        tips = [one for one in breakdowns if one.type == _TIP]
        if not tips:
            return None
        amounts = [self.amount(one.subtotal, "the order") for one in tips]
        if not any(amounts):
            return None
        total = sum((one for one in amounts if one is not None), ZERO)
        return Tip(total, pending=any(one.status == "PENDING" for one in tips))

    def item(self, item: wire.OrderItem) -> ItemParts | None:
        """The item's parts; None while Amazon states no price for it."""
        whose = f"item {item.order_item_id}"
        parts: dict[str, Decimal] = {}
        total, complete = None, True
        if item.proceeds:
            total = self.amount(item.proceeds.proceeds_total, whose)
            complete = self._add(item.proceeds.breakdowns or (), parts, whose)
        if "item" in parts:
            return ItemParts(total=total, **parts)
        own = self._by_unit_price(item, whose)
        if own is None and total is not None and complete:
            own = _left_for_the_item(ItemParts(total=total, **parts), total)
            if own is None:
                self.remarks.append(f"Of {whose}, no amount says what the item itself costs.")
        return None if own is None else ItemParts(item=own, total=total, **parts)

    def _add(
        self, breakdowns: Sequence[wire.Breakdown], parts: dict[str, Decimal], whose: str
    ) -> bool:
        """Add up the breakdowns by part; whether each has an amount that counts."""
        complete = True
        for one in breakdowns:
            amount = self.amount(one.subtotal, whose)
            if amount is None:
                complete = False
                continue
            part = _PARTS.get(one.type) or self._unknown(one, whose)
            parts[part] = parts[part] + amount if part in parts else amount
            if one.detailed_breakdowns and part in _DETAILS:
                for detail in one.detailed_breakdowns:
                    value = self.amount(detail.value, whose)
                    within = _DETAILS[part].get(detail.subtype or "")
                    if within and value is not None:
                        parts[within] = parts.get(within, ZERO) + value
        return complete

    def _by_unit_price(self, item: wire.OrderItem, whose: str) -> Decimal | None:
        price = item.product.price
        unit_price = self.amount(price.unit_price if price else None, whose)
        return None if unit_price is None else unit_price * item.quantity_ordered

    def _unknown(self, breakdown: wire.Breakdown, whose: str) -> str:
        self.remarks.append(
            f"Of {whose}, {breakdown.type[:40]!r} is counted as other: Amazon has not "
            "published what it is."
        )
        return "other"


def _left_for_the_item(parts: ItemParts, total: Decimal) -> Decimal | None:
    """What the other parts leave of the item's total; None where that would be a guess.

    Whether a tax or a discount is within the total is read from parts that add up to it. Here they
    can't: whatever is read, a price could be found that fits.
    """
    if not parts.tax and not parts.discount:
        return total - parts.charged
    return ZERO if read_charges([parts], grand_total=None).total == total else None


def _currency(order: wire.Order) -> str | None:
    grand_total = order.proceeds and order.proceeds.grand_total
    stated = grand_total or next(_stated(order.order_items), None)
    return _read(stated).currency if stated else None


def _stated(items: Sequence[wire.OrderItem]) -> Iterator[wire.Money]:
    """Every amount of an item that may tell the order's currency, the most telling first."""
    for item in items:
        if item.product.price and item.product.price.unit_price:
            yield item.product.price.unit_price
    for item in items:
        proceeds = item.proceeds or wire.ItemProceeds()
        if proceeds.proceeds_total:
            yield proceeds.proceeds_total
        yield from (one.subtotal for one in proceeds.breakdowns or () if one.subtotal)


def _read(money: wire.Money) -> Money:
    return read_money(str(money.amount), money.currency_code)

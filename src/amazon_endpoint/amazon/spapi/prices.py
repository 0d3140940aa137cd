"""Prices: an order's money from Amazon's breakdowns, or none while there are no prices yet."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from amazon_endpoint.amazon.ledger import Ledger, is_priced, read_money
from amazon_endpoint.amazon.spapi import wire
from amazon_endpoint.charges import Charges, ItemParts, Part, Tip, read_charges
from amazon_endpoint.money import ZERO, Money

_PENDING = {"PENDING", "PENDING_AVAILABILITY"}
_TAX, _DISCOUNT, _TIP = "TAX", "DISCOUNT", "DELIVERY_TIP"
_PARTS = {part.value: part for part in Part}


class Prices(msgspec.Struct, frozen=True):
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
    unit_prices = tuple(_unit_price(item) for item in order.order_items)
    if currency is None:
        return Prices(None, None, unit_prices, ())
    ledger = _Ledger(currency)
    items = [ledger.item(item) for item in order.order_items]
    proceeds = order.proceeds or wire.OrderProceeds()
    grand_total = ledger.amount(proceeds.grand_total, "the order")
    tip = ledger.tip(proceeds.breakdowns or [])
    remarks = tuple(dict.fromkeys(ledger.remarks))
    status = order.fulfillment.fulfillment_status if order.fulfillment else None
    quantities = (item.quantity_ordered for item in order.order_items)
    if not is_priced(zip(quantities, items, strict=True), grand_total, pending=status in _PENDING):
        return Prices(currency, None, unit_prices, remarks)
    parts = [item or ItemParts(charges={}) for item in items]
    charges = read_charges(parts, grand_total=grand_total, tip=tip)
    return Prices(currency, charges, unit_prices, remarks)


class _Ledger(Ledger):
    """Reads breakdowns."""

    def amount(self, money: wire.Money | None, whose: str) -> Decimal | None:
        return self.counted(_read(money) if money else None, whose)

    def tip(self, breakdowns: Sequence[wire.Breakdown]) -> Tip | None:
        tips = [one for one in breakdowns if one.type == _TIP]
        amounts = [self.amount(one.subtotal, "the order") for one in tips]
        if not any(amounts):
            return None
        total = sum((one for one in amounts if one is not None), ZERO)
        return Tip(total, pending=any(one.status == "PENDING" for one in tips))

    def item(self, item: wire.OrderItem) -> ItemParts | None:
        """The item's parts; None while Amazon states no price for it."""
        whose = f"item {item.order_item_id}"
        proceeds = item.proceeds or wire.ItemProceeds()
        breakdowns = proceeds.breakdowns or []
        total = self.amount(proceeds.proceeds_total, whose)
        charges: dict[Part, Decimal] = {}
        sums = {_TAX: ZERO, _DISCOUNT: ZERO}
        details: dict[str, dict[Part, Decimal]] = {_TAX: {}, _DISCOUNT: {}}
        complete = True
        for one in breakdowns:
            amount = self.amount(one.subtotal, whose)
            if amount is None:
                complete = False
                continue
            if one.type in sums:
                sums[one.type] += amount
                for part, value in self._details(one, whose):
                    details[one.type][part] = details[one.type].get(part, ZERO) + value
            else:
                part = self._part(one, whose)
                charges[part] = charges.get(part, ZERO) + amount
        parts = ItemParts(
            charges=charges,
            tax=sums[_TAX],
            tax_details=details[_TAX],
            discount=sums[_DISCOUNT],
            discount_details=details[_DISCOUNT],
            total=total,
        )
        if Part.ITEM in charges:
            return parts
        own = self._by_unit_price(item, whose)
        if own is None and total is not None and complete:
            own = _left_for_the_item(parts, total)
            if own is None:
                self.remarks.append(f"Of {whose}, no amount says what the item itself costs.")
        if own is None:
            return None
        return msgspec.structs.replace(parts, charges={**charges, Part.ITEM: own})

    def _by_unit_price(self, item: wire.OrderItem, whose: str) -> Decimal | None:
        price = item.product.price
        unit_price = self.amount(price.unit_price if price else None, whose)
        return None if unit_price is None else unit_price * item.quantity_ordered

    def _part(self, breakdown: wire.Breakdown, whose: str) -> Part:
        part = _PARTS.get(breakdown.type)
        if part is None:
            self.remarks.append(
                f"Of {whose}, {breakdown.type[:40]!r} is counted as other: Amazon has not "
                "published what it is."
            )
        return part or Part.OTHER

    def _details(self, breakdown: wire.Breakdown, whose: str) -> Iterator[tuple[Part, Decimal]]:
        for one in breakdown.detailed_breakdowns or ():
            value = self.amount(one.value, whose)
            part = _PARTS.get(one.subtype or "")
            if part is not None and value is not None:
                yield part, value


def _left_for_the_item(parts: ItemParts, total: Decimal) -> Decimal | None:
    """What the other parts leave of the item's total; None where that would be a guess.

    Whether a tax or a discount is within the total is read from parts that add up to it. Here they
    can't: whatever is read, a price could be found that fits.
    """
    if not parts.tax and not parts.discount:
        return total - sum(parts.charges.values(), ZERO)
    return ZERO if read_charges([parts], grand_total=None).total == total else None


def _currency(order: wire.Order) -> str | None:
    return next((_read(money).currency for money in _stated(order)), None)


def _stated(order: wire.Order) -> Iterator[wire.Money]:
    """Every amount that may tell the order's currency, the most telling first."""
    if order.proceeds and order.proceeds.grand_total:
        yield order.proceeds.grand_total
    for item in order.order_items:
        if item.product.price and item.product.price.unit_price:
            yield item.product.price.unit_price
    for item in order.order_items:
        proceeds = item.proceeds or wire.ItemProceeds()
        if proceeds.proceeds_total:
            yield proceeds.proceeds_total
        yield from (one.subtotal for one in proceeds.breakdowns or () if one.subtotal)


def _unit_price(item: wire.OrderItem) -> Money | None:
    price = item.product.price.unit_price if item.product.price else None
    return _read(price) if price else None


def _read(money: wire.Money) -> Money:
    text = bytes(money.amount).decode()
    if text.startswith('"'):
        text = text[1:-1]
    return read_money(text, money.currency_code)

"""Ledger: an order's amounts in its one currency, and when they make a price."""

from collections.abc import Iterable
from decimal import Decimal

from amazon_endpoint.charges import ItemParts
from amazon_endpoint.money import Money, parse_amount, parse_currency


def read_money(amount: str, currency: str) -> Money:
    """An amount as Amazon writes it.

    Raises:
        ValueError: it is none. The text is not quoted: it may be anything, a buyer's data included.
    """
    try:
        return Money(parse_amount(amount), parse_currency(currency))
    except ValueError:
        raise ValueError("it holds an amount of money that is none") from None


class Ledger:
    """Counts amounts in one currency and notes what it leaves out."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.remarks: list[str] = []

    def counted(self, money: Money | None, whose: str) -> Decimal | None:
        """The amount, or None where there is none in this currency."""
        if money is None:
            return None
        if money.currency == self.currency:
            return money.amount
        self.remarks.append(
            f"Of {whose}, an amount in {money.currency} is left out: the order is in "
            f"{self.currency}."
        )
        return None


def is_priced(
    items: Iterable[tuple[int, ItemParts | None]], grand_total: Decimal | None, *, pending: bool
) -> bool:
    """Whether Amazon states an order's prices: never guessed, never zero for want of one.

    `items` are each item's quantity, and its parts where a price is stated.
    """
    listed = list(items)
    if pending and grand_total == 0:
        return False
    if any(quantity and parts is None for quantity, parts in listed):
        return False
    return grand_total is not None or any(parts is not None for _, parts in listed)

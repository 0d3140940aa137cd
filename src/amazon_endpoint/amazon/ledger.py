"""Ledger: an order's amounts in its one currency, and when they make a price."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache

from amazon_endpoint.charges import ItemParts
from amazon_endpoint.money import Money, parse_amount, parse_currency

_NO_MONEY = "it holds an amount of money that is none"


@lru_cache(maxsize=4096)  # an order's price, subtotal and total are often the same
def read_amount(amount: str) -> Decimal:
    """An amount as Amazon writes it.

    Raises:
        ValueError: it is none. The text is not quoted: it may be anything, a buyer's data included.
    """
    try:
        return parse_amount(amount)
    except ValueError:
        raise ValueError(_NO_MONEY) from None


@lru_cache(maxsize=4096)
def read_money(amount: str, currency: str) -> Money:
    """An amount and its currency as Amazon writes them.

    Raises:
        ValueError: they are none, which is not quoted.
    """
    try:
        return Money(read_amount(amount), parse_currency(currency))
    except ValueError:
        raise ValueError(_NO_MONEY) from None


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
    quantities: Iterable[int],
    items: Sequence[ItemParts | None],
    grand_total: Decimal | None,
    *,
    pending: bool,
) -> bool:
    """Whether Amazon states an order's prices: never guessed, never zero for want of one.

    `items` are each item's parts where a price is stated.
    """
    if pending and grand_total == 0:
        return False
    if None not in items:
        return grand_total is not None or bool(items)
    unpriced = [quantity for quantity, item in zip(quantities, items, strict=True) if item is None]
    if any(unpriced):
        return False
    return grand_total is not None or len(unpriced) < len(items)

"""Money: an exact decimal amount with its ISO 4217 currency."""

import re
from decimal import Decimal
from functools import cache, lru_cache

import msgspec

_AMOUNT = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,10})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)

# ISO 4217, the currencies whose minor unit is not a hundredth.
_MINOR_DIGITS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0
    ),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}

ZERO = Decimal(0)


class Money(msgspec.Struct, frozen=True, gc=False):
    """An amount in a currency. `amount` is exact, `currency` an ISO 4217 code."""

    amount: Decimal
    currency: str


def parse_amount(text: str) -> Decimal:
    """Read a decimal string such as ``"19.99"`` or ``"-5"``.

    Stricter than ``Decimal``: no exponent, no ``NaN`` or infinity, no blanks, no
    underscores, ASCII digits only, at most 15 before and 10 after the point.

    Raises:
        ValueError: the text is not such a number.
    """
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a decimal amount")
    return +Decimal(text)  # -0.00 is 0.00


@lru_cache(maxsize=256)  # there are fewer
def parse_currency(text: str) -> str:
    """Read an ISO 4217 code: three capital letters.

    Raises:
        ValueError: the text is not of that form.
    """
    if not _CURRENCY.fullmatch(text):
        raise ValueError(f"{text[:10]!r} is not a currency code")
    return text


def minor_digits(currency: str) -> int:
    """Digits after the point in `currency` (ISO 4217); two for a code not in the table."""
    return _MINOR_DIGITS.get(currency, 2)


@cache
def minor_unit(currency: str) -> Decimal:
    """The smallest amount payable in `currency`: ``0.01`` USD, ``1`` JPY."""
    return Decimal(1).scaleb(-minor_digits(currency))


def minor_units(amount: Decimal, currency: str) -> int:
    """How many whole minor units fit in `amount`, rounded towards zero."""
    return int(amount.scaleb(minor_digits(currency)))


def from_minor_units(units: int, currency: str) -> Decimal:
    """The amount of `units` minor units, written with the currency's own digits."""
    return Decimal(units).scaleb(-minor_digits(currency))

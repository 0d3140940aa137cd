"""Fields: single values of a message, read strictly.

An error names the field and says what to give; it never shows the value, which may be a secret
or a buyer's.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from amazon_endpoint.errors import InvalidInput

MOMENT_EXAMPLE = "2026-11-01T00:00:00Z"
MOST_UNITS = 999_999

# Longer than any carrier, shipping method or service level that a person names.
LONGEST_NAME = 200

# What neither XML 1.0 nor every database takes.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})", re.ASCII
)
_UNITS = re.compile(r"\d{1,6}", re.ASCII)
_ORDER_NUMBER = re.compile(r"[A-Za-z0-9]{3}-[A-Za-z0-9]{7}-[A-Za-z0-9]{7}", re.ASCII)

# A store's clock may run ahead of ours by this much.
_SKEW = timedelta(minutes=5)


def text(value: object, field: str, *, limit: int | None = None) -> str | None:
    """Text without the blanks around it; None for null and for blank text.

    Raises:
        InvalidInput: not text, control characters within, or more than `limit` characters.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput("Give text, in quotes.", field=field)
    trimmed = value.strip()
    if _CONTROL.search(trimmed):
        raise InvalidInput("Remove the control characters.", field=field)
    if limit is not None and len(trimmed) > limit:
        raise InvalidInput(f"Give at most {limit} characters.", field=field)
    return trimmed or None


def identifier(value: object, field: str, *, limit: int = 100) -> str | None:
    """Text as `text` reads it, or a whole number, which some hubs make of an all-digit text.

    Raises:
        InvalidInput: neither of them, control characters within, or too long.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) >= 10**limit:
            raise InvalidInput(f"Give at most {limit} characters.", field=field)
        return str(value)
    return text(value, field, limit=limit)


def order_number(value: object, field: str) -> str:
    """Amazon's order number.

    Raises:
        InvalidInput: absent or of another form.
    """
    number = value.strip() if isinstance(value, str) else ""
    if not _ORDER_NUMBER.fullmatch(number):
        raise InvalidInput(
            "Give Amazon's order number: 3, 7 and 7 letters or digits, like 100-EXAMPLE-1000000.",
            field=field,
        )
    return number


def units(value: object, field: str) -> int:
    """A quantity: a whole number from 1 to `MOST_UNITS`.

    ``2``, ``2.0`` and the text ``"2"`` are the same; some hubs send quantities as text.

    Raises:
        InvalidInput: anything else.
    """
    if isinstance(value, str) and _UNITS.fullmatch(value):
        value = int(value)
    number = value if isinstance(value, int | Decimal) and not isinstance(value, bool) else 0
    if not 1 <= number <= MOST_UNITS or number != int(number):
        raise InvalidInput(f"Give a whole number from 1 to {MOST_UNITS}.", field=field)
    return int(number)


def moment(value: object, field: str) -> datetime | None:
    """An ISO 8601 date-time with its zone, in UTC; None for null and for blank text.

    Raises:
        InvalidInput: another form, no such moment, or no zone, which would be a guess.
    """
    written = value.strip() if isinstance(value, str) else value
    if written is None or written == "":
        return None
    if isinstance(written, str) and _MOMENT.fullmatch(written):
        with suppress(ValueError, OverflowError):
            return datetime.fromisoformat(written).astimezone(UTC)
    raise InvalidInput(
        f"Give a date and time with its zone, in ISO 8601, like {MOMENT_EXAMPLE}.", field=field
    )


def past_moment(value: object, field: str, now: datetime) -> datetime | None:
    """A `moment` that has come, give or take the skew of two clocks.

    Raises:
        InvalidInput: as for `moment`, or in the future.
    """
    read = moment(value, field)
    if read is not None and read > now + _SKEW:
        raise InvalidInput("This is in the future. Give the moment it happened.", field=field)
    return read

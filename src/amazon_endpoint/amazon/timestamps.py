"""Timestamps, as Amazon writes them."""

from datetime import UTC, datetime


def read_timestamp(told: str) -> datetime:
    """An ISO 8601 date and time with its zone, in UTC.

    What is finer than a microsecond is cut off, never rounded up.

    Raises:
        ValueError: it is something else, or has no zone, which would be a guess.
    """
    read = datetime.fromisoformat(told)
    if read.tzinfo is UTC:
        return read
    if read.tzinfo is None:
        raise ValueError("the time has no zone")
    try:
        return read.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None

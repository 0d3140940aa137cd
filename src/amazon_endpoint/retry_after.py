"""`Retry-After`: when the other side wants to be asked again."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def read_retry_after(header: str | None, now: datetime, *, longest: timedelta) -> datetime | None:
    """The moment that the header names, in seconds or as a date (RFC 9110), `longest` at most.

    None where there is no header, or one that names no moment.
    """
    if header is None:
        return None
    if header.isascii() and header.isdigit():
        return now + min(timedelta(seconds=int(header[:9])), longest)
    try:
        wished = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    if wished.tzinfo is None:
        wished = wished.replace(tzinfo=UTC)
    return min(wished, now + longest)

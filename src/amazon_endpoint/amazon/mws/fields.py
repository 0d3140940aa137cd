"""Fields: the values in Amazon's XML, read strictly. What is missing is None.

Errors are ValueErrors that name the field, never its value, which may be a buyer's.
"""

import re
from datetime import datetime
from urllib.parse import unquote

from lxml import etree

from amazon_endpoint.amazon.ledger import read_money
from amazon_endpoint.amazon.timestamps import read_timestamp
from amazon_endpoint.amazon.xml import child, text
from amazon_endpoint.money import Money


def required(parent: etree._Element, name: str) -> str:
    """The text of a child that makes no sense without it."""
    found = text(parent, name)
    if found is None:
        raise ValueError(f"it has no {name}")
    return found


def moment(parent: etree._Element, name: str) -> datetime | None:
    """A date and time, in UTC."""
    told = text(parent, name)
    if told is None:
        return None
    try:
        return read_moment(told)
    except ValueError:
        raise ValueError(f"{name} is no date and time") from None


def read_moment(told: str) -> datetime:
    """An ISO 8601 date-time with its zone, in UTC.

    Amazon's own examples have them percent-encoded, and integrations with stray blanks.

    Raises:
        ValueError: it is something else, or has no zone, which would be a guess.
    """
    compact = "".join(unquote(told).split())
    return read_timestamp(f"{compact[:10]}T{compact[10:].removeprefix('T')}")


def count(parent: etree._Element, name: str) -> int | None:
    """A whole number, not negative."""
    told = text(parent, name)
    if told is not None and not re.fullmatch("[0-9]{1,9}", told):
        raise ValueError(f"{name} is no number")
    return None if told is None else int(told)


def money(parent: etree._Element, name: str) -> Money | None:
    """An amount with its currency; None where Amazon states no amount."""
    amount = text(child(parent, name), "Amount")
    return read_money(amount, text(child(parent, name), "CurrencyCode") or "") if amount else None


def answered_id(result: etree._Element) -> str | None:
    """Amazon's request id in the answer that a result is part of."""
    return text(result.getparent(), "ResponseMetadata", "RequestId")

"""JSON objects: a body off the wire, bounded in depth, its numbers exact."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from amazon_endpoint.hub.errors import NotAMessage

# Deeper than any payload of a hub, and shallow enough for every reader behind.
_DEEPEST = 64

_decoder = msgspec.json.Decoder(float_hook=Decimal)


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object that `body` holds, its numbers int, or Decimal where written with a fraction
    or an exponent.

    Raises:
        NotAMessage: it is not JSON in UTF-8, not an object, or too deep.
    """
    try:
        read = _decoder.decode(body)
    except (ValueError, ArithmeticError, RecursionError):
        raise NotAMessage("The body is not JSON in UTF-8.") from None
    if _too_deep(read):
        raise NotAMessage(f"The JSON is nested more than {_DEEPEST} levels deep.")
    if not isinstance(read, dict):
        raise NotAMessage("The body is not a JSON object.")
    return read


def _too_deep(value: object) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for one in level for inner in _within(one)]
        if not level:
            return False
    return True


def _within(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value

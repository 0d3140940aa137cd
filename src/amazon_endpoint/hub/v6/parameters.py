"""Parameters in the later format: an object, its names with or without ``amazon.``.

FlowLink's integration for Amazon named some of them otherwise; those names are understood too.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from amazon_endpoint.amazon import connect
from amazon_endpoint.hub import parameters
from amazon_endpoint.hub.parameters import Parameters

CURSOR = "amazon.last_updated_after"
RESUME = "amazon.resume"
SEEN = "amazon.seen"

_PREFIX = "amazon."
# Where a hub sends several of them, the first that is filled counts.
_CURSORS = ("last_updated_after", "amazon_orders_last_polling_datetime", "since")


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A call's parameters by full name, and under which names the hub sent them."""

    parameters: Parameters
    names: tuple[str, ...]

    @property
    def has_cursor(self) -> bool:
        """Whether the hub tells how far it has read."""
        return CURSOR in self.parameters.values

    def named(self, values: Mapping[str, str | None]) -> dict[str, str]:
        """`values`, by full name, under the hub's own names; None is left out.

        A parameter goes back under every name it was sent under, be it blank; one that was not
        sent goes by FlowLink's name where others of FlowLink's came, else prefixed as others are.
        """
        return {
            name: value
            for full, value in values.items()
            if value is not None
            for name in self._names_of(full)
        }

    def _names_of(self, full: str) -> tuple[str, ...]:
        flowlink = _flowlink()
        sent = tuple(name for name in self.names if _full(name, flowlink) == full)
        if sent:
            return sent
        bare = {name.removeprefix(_PREFIX) for name in self.names}
        flowlinks = next((alias for alias, meant in flowlink.items() if meant == full), None)
        if flowlinks and not bare.isdisjoint(flowlink):
            return (flowlinks,)
        prefixed = any(name.startswith(_PREFIX) for name in self.names)
        return (full if prefixed else full.removeprefix(_PREFIX),)


def read(given: Mapping[str, Any]) -> Given:
    """Read a call's parameters. A blank one counts as absent.

    Raises:
        InvalidInput: a parameter comes under two names with different values.
    """
    filled = {name: value for name, value in given.items() if not _is_blank(value)}
    return Given(parameters=parameters.read(_pairs(filled)), names=tuple(given))


def _pairs(filled: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    flowlink = _flowlink()
    for name, value in filled.items():
        full = _full(name, flowlink)
        if full != CURSOR:
            yield full, value
    for cursor in _CURSORS:
        values = [(CURSOR, filled[name]) for name in (cursor, _PREFIX + cursor) if name in filled]
        if values:
            yield from values
            return


def _full(name: str, flowlink: Mapping[str, str]) -> str:
    bare = name.removeprefix(_PREFIX)
    return CURSOR if bare == "since" else flowlink.get(bare, _PREFIX + bare)


def _flowlink() -> dict[str, str]:
    """What FlowLink's names mean."""
    return {
        "merchant_id": "amazon.seller_id",
        "amazon_orders_last_polling_datetime": CURSOR,
        **{alias: _PREFIX + one.name for one in connect.parameters() for alias in one.aliases},
    }


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())

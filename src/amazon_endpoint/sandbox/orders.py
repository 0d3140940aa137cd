"""The orders that the local Amazon holds, in the order of their last update."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from amazon_endpoint.sandbox.clock import read_time

#: An order as the Orders API writes it, or a part of one.
Json = dict[str, Any]

#: Where an order stands in the list: its last update, then its id.
Place = tuple[datetime, str]


class OrderProblem(ValueError):
    """An order cannot be taken in; the message names the order and the field."""


class Entry(msgspec.Struct, frozen=True):
    """One order: what searches look at, and the whole of it as JSON."""

    order_id: str
    created: datetime
    updated: datetime
    status: str | None
    fulfilled_by: str | None
    marketplace_id: str | None
    content: bytes

    @property
    def place(self) -> Place:
        """Where the order stands in the list."""
        return self.updated, self.order_id

    def order(self) -> Json:
        """Return the whole order, free to be changed."""
        decoded: Json = msgspec.json.decode(self.content)
        return decoded


class OrderBook:
    """All orders by id and by last update. Orders are kept as JSON, which is small."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._places: list[Place] = []

    def __len__(self) -> int:
        return len(self._entries)

    def fill(self, orders: Iterable[Json]) -> None:
        """Add or replace many orders."""
        for order in orders:
            self.put(order)

    def put(self, order: Json) -> None:
        """Add an order, or replace the one with the same id."""
        entry = _entry(order)
        before = self._entries.get(entry.order_id)
        if before is not None:
            del self._places[bisect_left(self._places, before.place)]
        self._entries[entry.order_id] = entry
        insort(self._places, entry.place)

    def find(self, order_id: str) -> Entry | None:
        """Return the order with this id."""
        return self._entries.get(order_id)

    def after(self, place: Place) -> Iterator[Entry]:
        """Return the orders behind a place, oldest update first."""
        for index in range(bisect_right(self._places, place), len(self._places)):
            yield self._entries[self._places[index][1]]

    def __iter__(self) -> Iterator[Entry]:
        return (self._entries[order_id] for _, order_id in self._places)

    def clear(self) -> None:
        """Forget every order."""
        self._entries.clear()
        self._places.clear()


def _entry(order: Json) -> Entry:
    if not isinstance(order, dict):
        raise OrderProblem("an order must be a JSON object")
    order_id = order.get("orderId")
    if not isinstance(order_id, str) or not order_id:
        raise OrderProblem("an order has no orderId")
    fulfillment = _object(order, "fulfillment")
    return Entry(
        order_id=order_id,
        created=_time(order, order_id, "createdTime"),
        updated=_time(order, order_id, "lastUpdatedTime"),
        status=_text(fulfillment, "fulfillmentStatus"),
        fulfilled_by=_text(fulfillment, "fulfilledBy"),
        marketplace_id=_text(_object(order, "salesChannel"), "marketplaceId"),
        content=msgspec.json.encode(order),
    )


def _time(order: Json, order_id: str, field: str) -> datetime:
    if field not in order:
        raise OrderProblem(f"order {order_id} has no {field}")
    try:
        return read_time(order[field])
    except ValueError as problem:
        raise OrderProblem(f"order {order_id}: {field}: {problem}") from None


def _object(parent: Json, field: str) -> Json:
    value = parent.get(field)
    return value if isinstance(value, dict) else {}


def _text(parent: Json, field: str) -> str | None:
    value = parent.get(field)
    return value if isinstance(value, str) else None

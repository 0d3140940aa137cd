"""Orders as a person reads them: one line each, and nothing about the buyer."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import msgspec
from rich.markup import escape
from rich.table import Table

# A line stays a line.
_LONGEST_ITEMS = 40


class Item(msgspec.Struct, frozen=True):
    """One of `line_items`."""

    sku: str
    quantity: int


class Totals(msgspec.Struct, frozen=True):
    """Of `totals`, the order's own."""

    order: Decimal


class ImportedOrder(msgspec.Struct, frozen=True):
    """Of an order object, what is shown."""

    number: str
    status: str
    placed_on: datetime
    updated_at: datetime
    channel: str
    currency: str
    totals: Totals
    line_items: tuple[Item, ...]


class _Payload(msgspec.Struct):
    order: ImportedOrder


class _OrderMessage(msgspec.Struct):
    payload: _Payload


_decode = msgspec.json.Decoder(_OrderMessage).decode


def imported(message: msgspec.Raw) -> ImportedOrder:
    """The order of an `order:import` message."""
    return _decode(message).payload.order


def order_table(messages: Iterable[msgspec.Raw]) -> Table:
    """A table of `order:import` messages."""
    table = Table()
    table.add_column("Order", no_wrap=True)
    table.add_column("Status", overflow="fold")
    table.add_column("Placed on", no_wrap=True)
    table.add_column("Updated")
    table.add_column("Channel", overflow="fold")
    table.add_column("Items", overflow="fold")
    table.add_column("Total", justify="right", no_wrap=True)
    for message in messages:
        order = imported(message)
        table.add_row(
            order.number,
            escape(order.status),
            f"{order.placed_on:%Y-%m-%d}",
            f"{order.updated_at:%Y-%m-%d %H:%M}",
            escape(order.channel),
            escape(_items(order.line_items)),
            f"{order.totals.order:f} {order.currency}",
        )
    return table


def _items(items: tuple[Item, ...]) -> str:
    told = ", ".join(f"{item.quantity} × {item.sku}" for item in items)
    return told if len(told) <= _LONGEST_ITEMS else told[: _LONGEST_ITEMS - 1] + "…"

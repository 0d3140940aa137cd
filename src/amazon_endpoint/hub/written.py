"""Written orders: one by one, so that one that can't be written stops no other."""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from amazon_endpoint.amazon.port import UnreadableOrder
from amazon_endpoint.hub.notifications import (
    Notification,
    about_orders,
    about_unpriced,
    about_unreadable,
)
from amazon_endpoint.orders import Bill, Order, bill


class Written(msgspec.Struct, frozen=True):
    """JSON for each order that is imported, and what a person has to know of all of them."""

    objects: tuple[msgspec.Raw, ...]
    notifications: tuple[Notification, ...]


def write_each(
    orders: Sequence[Order],
    encode: Callable[[Bill], bytes],
    *,
    unreadable: Iterable[UnreadableOrder] = (),
) -> Written:
    """Write the priced orders; the others, and those that can't be written, are told."""
    objects: list[msgspec.Raw] = []
    imported: list[Bill] = []
    unpriced: list[Order] = []
    unwritable: list[UnreadableOrder] = []
    for order in orders:
        if not order.priced:
            unpriced.append(order)
            continue
        try:
            billed = bill(order)
            objects.append(msgspec.Raw(encode(billed)))
            imported.append(billed)
        except (ValueError, ArithmeticError):
            unwritable.append(UnreadableOrder(order.number, "a value does not fit the message"))
    return Written(
        tuple(objects),
        (
            *about_orders(imported),
            *about_unpriced(unpriced),
            *about_unreadable([*unreadable, *unwritable]),
        ),
    )

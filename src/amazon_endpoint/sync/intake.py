"""Intake: what is written in one transaction when orders have been read. Pure.

Orders, the messages about them and how far the account has been read are committed together: the
reading can't pass an order that isn't kept.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from amazon_endpoint.amazon.port import OrderPage, UnreadableOrder
from amazon_endpoint.orders import Order
from amazon_endpoint.stores.messages import order_message
from amazon_endpoint.stores.port import MessageKind
from amazon_endpoint.sync.changes import Change, KnownOrder, Marker, OrderState, decide
from amazon_endpoint.sync.reading import Reading

# What can be a key in any database; Amazon's own numbers are much less.
_NUMBER = re.compile(r"[!-~]{1,64}", re.ASCII)

# How long an order is left alone that could not be read, or only without its address.
_REREAD_AFTER = timedelta(minutes=10)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be delivered after those that are written for its order already."""

    order_number: str
    kind: MessageKind
    body: bytes


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written.

    `settled` are the numbers of orders that need not be read again, unless somebody wants them
    since `read_at`; `wanted` are to be read again at `reread_at`, where they are not wanted
    already. Of both, only the `quarantined` are in quarantine from now on. `reading` is written
    if nobody else wrote its revision before.
    """

    now: datetime
    read_at: datetime
    reread_at: datetime
    orders: tuple[KnownOrder, ...] = ()
    messages: tuple[Draft, ...] = ()
    wanted: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    quarantined: tuple[UnreadableOrder, ...] = ()
    reading: Reading | None = None


Decide = Callable[[Mapping[str, KnownOrder], Marker], Intake]


class Books(Protocol):
    """Where orders are kept."""

    async def take_in(self, account_id: str, numbers: Sequence[str], decide: Decide) -> bool:
        """Write what `decide` makes of those orders of these numbers that are known.

        One transaction, one after the other for an account. False when the reading was written
        by somebody else meanwhile: then nothing is.

        Raises:
            AccountUnknown: the account was removed.
        """
        ...


def sort_out(page: OrderPage) -> tuple[tuple[Order, ...], tuple[UnreadableOrder, ...]]:
    """The orders of a page, and what can't be read of it: a number that is none names nothing."""
    orders = tuple(one for one in page.orders if _NUMBER.fullmatch(one.number))
    unreadable = tuple(
        one
        if one.number is None or _NUMBER.fullmatch(one.number)
        else UnreadableOrder(None, one.reason)
        for one in page.unreadable
    )
    if len(orders) < len(page.orders):
        unreadable += (UnreadableOrder(None, "This order can't be kept: its number is none."),)
    return orders, unreadable


def take_in(
    orders: Iterable[Order],
    unreadable: Sequence[UnreadableOrder],
    known: Mapping[str, KnownOrder],
    *,
    marker: Marker,
    shipping_methods: Mapping[str, str],
    read_at: datetime,
    behind: datetime,
    now: datetime,
) -> Intake:
    """What is to be written of the orders that were read, and of those that could not be.

    `shipping_methods` maps Amazon's service level to the store's shipping method. `behind` is the
    present moment by our clock or Amazon's, whichever is behind.
    """
    rows: list[KnownOrder] = []
    messages: list[Draft] = []
    settled: list[str] = []
    wanted: list[str] = []
    quarantined = list(unreadable)
    for order in _newest(orders):
        change = decide(known.get(order.number), order, marker=marker, behind=behind, now=now)
        if change is None:
            settled.append(order.number)
            continue
        try:
            messages += _drafts(change, shipping_methods)
        except (ValueError, ArithmeticError) as error:
            # Its words may quote the order.
            reason = f"This order can't be written as a message ({type(error).__name__})."
            quarantined.append(UnreadableOrder(order.number, reason))
            continue
        rows.append(change.known)
        # An address that was erased is not asked for again.
        held = change.known.state is OrderState.ADDRESS_REFUSED
        refused = held and change.known.erased_at is None
        (wanted if refused else settled).append(order.number)
    wanted += [one.number for one in quarantined if one.number]
    return Intake(
        now=now,
        read_at=read_at,
        reread_at=now + _REREAD_AFTER,
        orders=tuple(rows),
        messages=tuple(messages),
        wanted=tuple(wanted),
        settled=tuple(settled),
        quarantined=tuple(quarantined),
    )


def _newest(orders: Iterable[Order]) -> Iterable[Order]:
    """Each order once, as it was updated last."""
    newest: dict[str, Order] = {}
    for order in orders:
        seen = newest.get(order.number)
        if seen is None or seen.updated_at <= order.updated_at:
            newest[order.number] = order
    return newest.values()


def _drafts(change: Change, shipping_methods: Mapping[str, str]) -> list[Draft]:
    order = change.known.order
    if order is None:
        return []
    if change.messages == (MessageKind.ORDER_CANCEL,) and change.known.erased_at is not None:
        # Stores are told the cancellation alone, and blank nothing of what they have.
        order = msgspec.structs.replace(order, charges=None)
    return [
        Draft(
            order_number=order.number,
            kind=kind,
            body=order_message(kind, order, shipping_methods=shipping_methods),
        )
        for kind in change.messages
    ]

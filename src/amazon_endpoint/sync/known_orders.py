"""Known orders: read by number, on a quota of their own, next to the polls.

Whoever needs an order that it knows the number of writes it down: an order held for its address,
one in quarantine, one that a notification told of. Each is read once, however often it is wanted.

A poll reads what was updated longest ago first. While one has pages to go, what was wanted last is
read first here: so the two meet, where otherwise each would read what the other has read.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

import msgspec

from amazon_endpoint.amazon.port import Amazon, OrderPage, UnreadableOrder
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import EndpointError, Later, OrderNotFound, Throttled, Unreadable
from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.backoff import Random, backoff
from amazon_endpoint.sync.changes import KnownOrder, Marker
from amazon_endpoint.sync.intake import Books, Intake, sort_out, take_in
from amazon_endpoint.sync.polling import Readings
from amazon_endpoint.sync.reading import ReadingKind, describe

_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=10), timedelta(hours=12)
_AT_ONCE = 20


class WantedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order to be read by number. It was wanted last at `wanted_at`."""

    account_id: str
    number: str
    wanted_at: datetime
    next_attempt_at: datetime
    attempts: int = 0
    last_error: str | None = None


class WantedOrders(Protocol):
    """The orders to be read by number."""

    async def want(self, account_id: str, numbers: Sequence[str], now: datetime) -> None:
        """Have these read now, whether they were wanted before or not.

        Raises:
            AccountUnknown: there is no such account.
        """
        ...

    async def due(
        self, account_id: str, now: datetime, limit: int, *, latest_first: bool = False
    ) -> tuple[WantedOrder, ...]:
        """Those to be read now: the longest due first, or those that were wanted last."""
        ...

    async def put_off(self, wanted: WantedOrder) -> None:
        """Keep what became of an attempt, unless the order was wanted anew or settled since."""
        ...

    async def put_all_off(self, account_id: str, until: datetime) -> None:
        """Have none of the account's read before `until`."""
        ...

    async def due_accounts(self, now: datetime) -> tuple[str, ...]:
        """The accounts, none of them paused, with orders to be read now."""
        ...


async def find_due(
    wanted_orders: WantedOrders, now: datetime
) -> Iterable[tuple[Literal["read"], str]]:
    """Every account that `read_known` has something to do for."""
    return [("read", account_id) for account_id in await wanted_orders.due_accounts(now)]


async def read_known(
    account: SyncAccount,
    *,
    amazon: Amazon,
    wanted_orders: WantedOrders,
    readings: Readings,
    books: Books,
    clock: Clock,
    random: Random,
) -> bool:
    """Read some of the orders that are wanted, as far as the quota goes, each kept by itself.

    What fails is left alone for a growing while, without holding up the others. True: there may
    be more to do right now.

    Raises:
        StorageUnavailable: not even that could be kept.
    """
    if account.paused_at:
        return False
    poll = (await readings.of(account.id)).get(ReadingKind.POLL)
    due = await wanted_orders.due(
        account.id,
        clock.now(),
        _AT_ONCE,
        latest_first=poll is not None and poll.window is not None,
    )
    for wanted in due:
        read_at = clock.now()
        try:
            page, there = await _read(amazon, wanted.number)
            again = await _keep(
                page, wanted, account, books, there=there, read_at=read_at, now=clock.now()
            )
        except Throttled as throttled:
            until = throttled.not_before or read_at + _wait(wanted, random)
            await wanted_orders.put_all_off(account.id, until)
            return False
        except EndpointError as error:
            await wanted_orders.put_off(_failed(wanted, error, clock.now(), random))
            continue
        if again:
            await wanted_orders.put_off(_failed(wanted, None, clock.now(), random))
    return len(due) == _AT_ONCE


async def _keep(
    page: OrderPage,
    wanted: WantedOrder,
    account: SyncAccount,
    books: Books,
    *,
    there: bool,
    read_at: datetime,
    now: datetime,
) -> bool:
    """Keep what was read; whether the order is to be read again."""
    orders, unreadable = sort_out(page)
    again = False

    def decide(known: Mapping[str, KnownOrder], marker: Marker) -> Intake:
        nonlocal again
        intake = take_in(
            orders,
            unreadable,
            known,
            marker=marker,
            shipping_methods=account.shipping_methods,
            read_at=read_at,
            now=now,
        )
        if not there:
            intake = msgspec.structs.replace(intake, wanted=(), settled=(wanted.number,))
        again = wanted.number in intake.wanted
        return intake

    await books.take_in(account.id, [order.number for order in orders], decide)
    return again


async def _read(amazon: Amazon, number: str) -> tuple[OrderPage, bool]:
    """The order, or why it can't be had, as a page; and whether Amazon knows it."""
    try:
        return OrderPage(orders=(await amazon.get_order(number),)), True
    except Unreadable as problem:
        reason, there = problem.message, True
    except OrderNotFound:
        # Amazon's own words may quote a buyer.
        reason, there = OrderNotFound().message, False
    return OrderPage(orders=(), unreadable=(UnreadableOrder(number, reason),)), there


def _failed(
    wanted: WantedOrder, error: EndpointError | None, now: datetime, random: Random
) -> WantedOrder:
    told = error.not_before if isinstance(error, Later) else None
    return msgspec.structs.replace(
        wanted,
        attempts=wanted.attempts + 1,
        next_attempt_at=max(now + _wait(wanted, random), told or now),
        last_error=describe(error) if error else None,
    )


def _wait(wanted: WantedOrder, random: Random) -> timedelta:
    return backoff(wanted.attempts + 1, first=_FIRST_WAIT, longest=_LONGEST_WAIT, random=random)

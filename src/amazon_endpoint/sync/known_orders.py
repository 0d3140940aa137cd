"""Known orders: read by number, on a quota of their own, next to the polls.

Whoever needs an order that it knows the number of writes it down: an order held for its address,
one in quarantine, one that a notification told of. Each is read once, however often it is wanted.

A poll reads what was updated longest ago first. While one has pages to go, what was wanted last is
read first here: so the two meet, where otherwise each would read what the other has read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

import msgspec

from amazon_endpoint.amazon.port import Amazon, OrderPage, PacedAmazon, UnreadableOrder
from amazon_endpoint.amazon.quota import Bucket, due, left, spent
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import EndpointError, Later, OrderNotFound, Throttled, Unreadable
from amazon_endpoint.orders import Order
from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.backoff import Random, backoff
from amazon_endpoint.sync.changes import KnownOrder, Marker
from amazon_endpoint.sync.intake import Books, Intake, sort_out, take_in
from amazon_endpoint.sync.polling import Readings
from amazon_endpoint.sync.reading import ReadingKind, describe
from amazon_endpoint.sync.two_clocks import by_both

_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=10), timedelta(hours=12)
_AT_ONCE = 20
_ROUND = timedelta(seconds=20)


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

    async def due_accounts(self, now: datetime) -> tuple[str, ...]:
        """The accounts, none of them paused, with orders to be read now."""
        ...


async def find_due(
    wanted_orders: WantedOrders, now: datetime
) -> Iterable[tuple[Literal["read"], str]]:
    """Every account that `read_known` has something to do for."""
    return [("read", account_id) for account_id in await wanted_orders.due_accounts(now)]


class _Read(msgspec.Struct, frozen=True):
    """What came of reading an order."""

    wanted: WantedOrder
    answer: Order | EndpointError


_Keep = Callable[[Sequence[_Read]], Awaitable[Collection[str]]]


async def read_known(
    account: SyncAccount,
    *,
    amazon: PacedAmazon,
    wanted_orders: WantedOrders,
    readings: Readings,
    books: Books,
    clock: Clock,
    random: Random,
) -> datetime | None:
    """Read a round of the orders that are wanted, if the quota allows one by now, and keep them.

    What fails is left alone for a growing while, without holding up the others. The answer is when
    there may be more to do: right now, or once the quota allows it. None: there is nothing more.

    Raises:
        StorageUnavailable: not even that could be kept.
    """
    if account.paused_at:
        return None
    poll = (await readings.of(account.id)).get(ReadingKind.POLL)
    waiting = await wanted_orders.due(
        account.id,
        clock.now(),
        _AT_ONCE,
        latest_first=poll is not None and poll.window is not None,
    )
    if not waiting:
        return None
    quota, read_at = (await amazon.shipping_quota()).orders, clock.now()
    if (not_before := _next_round(quota, len(waiting), read_at)) is not None:
        return not_before
    calls = left(quota, read_at)
    # Asked for at the same moment, their tokens are taken in one transaction.
    found = await asyncio.gather(*(_read(amazon, one) for one in waiting[:calls]))
    told = [one for one in found if isinstance(one.answer, Order | Unreadable | OrderNotFound)]
    throttled = [one.answer for one in found if isinstance(one.answer, Throttled)]
    failed = [
        (one.wanted, one.answer)
        for one in found
        if not isinstance(one.answer, Order | Unreadable | OrderNotFound | Throttled)
    ]

    async def keep(some: Sequence[_Read]) -> Collection[str]:
        behind = await by_both(amazon, clock)
        return await _keep(some, account, books, read_at=read_at, behind=behind, now=clock.now())

    for wanted, error in [*failed, *await _kept(told, keep)]:
        await wanted_orders.put_off(_failed(wanted, error, clock.now(), random))
    now = clock.now()
    if throttled:
        return max(one.not_before or now + _FIRST_WAIT for one in throttled)
    if calls < len(waiting):
        return _next_round(spent(quota, calls, read_at), len(waiting) - calls, now) or now
    return now if len(waiting) == _AT_ONCE else None


def _next_round(quota: Bucket, waiting: int, now: datetime) -> datetime | None:
    """When to read some of so many orders; None: now.

    One is read as soon as the quota allows it. Of many, those go together that it allows every
    little while: they cost the database not much more than one of them. The bucket is far from
    full by then, which would lose tokens.
    """
    gained = int(quota.rate * _ROUND.total_seconds())
    return due(quota, max(min(waiting, gained, quota.burst // 2), 1), now)


async def _read(amazon: Amazon, wanted: WantedOrder) -> _Read:
    try:
        return _Read(wanted, await amazon.get_order(wanted.number))
    except EndpointError as error:
        return _Read(wanted, error)


async def _kept(
    found: Sequence[_Read], keep: _Keep
) -> Sequence[tuple[WantedOrder, EndpointError | None]]:
    """Keep all in one go, or each by itself where one spoils it. What is to be read again, and why
    where it could not be kept."""
    if not found:
        return ()
    try:
        settled = await keep(found)
    except EndpointError as error:
        if len(found) == 1 or isinstance(error, Later):
            return [(one.wanted, error) for one in found]
        return [failed for one in found for failed in await _kept([one], keep)]
    return [(one.wanted, None) for one in found if one.wanted.number not in settled]


async def _keep(
    found: Sequence[_Read],
    account: SyncAccount,
    books: Books,
    *,
    read_at: datetime,
    behind: datetime,
    now: datetime,
) -> Collection[str]:
    """Keep what was read; the numbers of what need not be read again."""
    gone = {one.wanted.number for one in found if isinstance(one.answer, OrderNotFound)}
    orders, unreadable = sort_out(_page(found))
    settled: set[str] = set()

    def decide(known: Mapping[str, KnownOrder], marker: Marker) -> Intake:
        nonlocal settled
        intake = take_in(
            orders,
            unreadable,
            known,
            marker=marker,
            shipping_methods=account.shipping_methods,
            read_at=read_at,
            behind=behind,
            now=now,
        )
        settled = gone.union(intake.settled)
        return msgspec.structs.replace(
            intake,
            wanted=tuple(one for one in intake.wanted if one not in gone),
            settled=tuple(settled),
        )

    await books.take_in(account.id, [order.number for order in orders], decide)
    return settled


def _page(found: Iterable[_Read]) -> OrderPage:
    """The orders, and why those can't be had that are missing. Amazon's words may quote a buyer."""
    orders, unreadable = [], []
    for one in found:
        if isinstance(one.answer, Order):
            orders.append(one.answer)
        else:
            told = OrderNotFound() if isinstance(one.answer, OrderNotFound) else one.answer
            unreadable.append(UnreadableOrder(one.wanted.number, told.message))
    return OrderPage(orders=tuple(orders), unreadable=tuple(unreadable))


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

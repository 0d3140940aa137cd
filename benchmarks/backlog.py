"""How long a backlog takes, on a turned clock, against the least that Amazon's quotas allow.

A seller's orders of the last weeks are read: page by page, and beside that one by one those whose
numbers are known. The least is arithmetic over the published plans ("Orders API v2026-01-01"): a
bucket gives its burst at once and then so many calls a second, and a page holds a hundred orders.
Where numbers are known, the best is to have each order read once, by whichever call comes to it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime

from amazon_endpoint.sync.intake import Books, Decide
from amazon_endpoint.sync.known_orders import read_known
from benchmarks.rows import Row, Size
from benchmarks.turned import BEGIN, Shop, TurnedClock, Worker, middling, number, opened, updated_at

_PAGE = 100
_SEARCHES, _SEARCHES_AT_ONCE = 0.0056, 20
_ORDERS, _ORDERS_AT_ONCE = 0.5, 30

_BACKLOG = {Size.FULL: 50_000, Size.SHORT: 3_000}


def backlog(size: Size) -> Iterator[Row]:
    """The rows of a backlog, without and with known numbers."""
    orders = _BACKLOG[size]
    took, took_known = (asyncio.run(_import(orders, are_known=known)) for known in (False, True))
    yield _row("backlog", orders, took, _searched(orders))
    yield _row("backlog, numbers known", orders, took_known, _searched_and_fetched(orders))


def _row(name: str, orders: int, took: float, least: float) -> Row:
    return Row(
        name=name,
        ours=(took,),
        theirs=(least,),
        unit="s of Amazon's time",
        against="the quotas' arithmetic",
        at_most=1.05,
        remarks=f"{orders:,} orders",
    )


def _searched(orders: int) -> float:
    """How many seconds it takes to search for so many orders."""
    return max(-(-orders // _PAGE) - _SEARCHES_AT_ONCE, 0) / _SEARCHES


def _searched_and_fetched(orders: int) -> float:
    """How many it takes where any of them may be fetched by number instead."""

    def fetched(rest: int) -> float:
        return max(rest - _ORDERS_AT_ONCE, 0) / _ORDERS

    return min(
        max(_searched(page * _PAGE), fetched(orders - page * _PAGE))
        for page in range(-(-orders // _PAGE) + 1)
    )


async def _import(orders: int, *, are_known: bool = False) -> float:
    """After how many seconds all orders are kept."""
    async with opened(orders) as shop:
        books = _CountedBooks(shop.kept.orders, orders, shop.clock)
        if are_known:
            await _tell_of_orders(shop, orders)

        async def poll() -> bool:
            return await shop.poll(books)

        again: datetime | None = None

        async def read() -> bool:
            nonlocal again
            again = await read_known(
                shop.account,
                amazon=shop.amazon,
                wanted_orders=shop.kept.wanted_orders,
                readings=shop.kept.readings,
                books=books,
                clock=shop.clock,
                random=middling,
            )
            return again is not None and again <= shop.clock.now()

        async def next_round() -> datetime | None:
            return again

        def done() -> bool:
            return books.complete

        workers = Worker(shop.clock, poll), Worker(shop.clock, read, next_round)
        await asyncio.gather(*(one.work(done) for one in workers))
        return (books.complete_at - BEGIN).total_seconds()


async def _tell_of_orders(shop: Shop, orders: int) -> None:
    """Have each order wanted since it was updated, as if we had been told of it then."""
    for first in range(0, orders, _PAGE):
        numbers = [number(index) for index in range(first, min(first + _PAGE, orders))]
        wanted_at = updated_at(first, orders)
        await shop.kept.wanted_orders.want(shop.account.id, numbers, wanted_at)


class _CountedBooks:
    """Notes when so many orders are kept."""

    def __init__(self, books: Books, orders: int, clock: TurnedClock) -> None:
        self._books = books
        self._orders = orders
        self._clock = clock
        self._kept: set[str] = set()
        self.complete = False
        self.complete_at: datetime = BEGIN

    async def take_in(self, account_id: str, numbers: Sequence[str], decide: Decide) -> bool:
        """See `Books`."""
        written = await self._books.take_in(account_id, numbers, decide)
        self._kept.update(numbers)
        if not self.complete and len(self._kept) == self._orders:
            self.complete, self.complete_at = True, self._clock.now()
        return written

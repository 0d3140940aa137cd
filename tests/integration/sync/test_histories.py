"""Whatever Amazon does and whenever we are killed: every order, once, its changes in sequence."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from amazon_endpoint.errors import (
    AmazonUnavailable,
    EndpointError,
    PageRepeated,
    PageTokenRefused,
    Throttled,
)
from amazon_endpoint.orders import Order
from amazon_endpoint.storage import Storage
from amazon_endpoint.sync.reading import ReadingKind
from tests.integration.sync.accounts import ACCOUNT, KEY, Polled, changed
from tests.turned_clock import NOON, TurnedClock
from tests.unit.hub.examples import order

HOUR = timedelta(hours=1)
# Without what would make up for a gap: no overlap, and no sweep.
WITHOUT_A_NET = changed(lag=timedelta(), created_at=NOON + timedelta(days=365))
PRICES = {"charges": order().charges, "currency": "USD"}
PENDING: dict[str, Any] = {"status": "Pending", "charges": None, "currency": None}
STATUSES = ("Unshipped", "PartiallyShipped", "Shipped", "Canceled")
FAULTS: dict[str, type[EndpointError]] = {
    "throttled": Throttled,
    "unavailable": AmazonUnavailable,
    "dead token": PageTokenRefused,
    "same page": PageRepeated,
}


class Killed(Exception):
    """The process was killed."""


class Put(msgspec.Struct, frozen=True):
    """An order is placed or changed; None: it has no prices yet."""

    number: int
    status: str | None


class Pass(msgspec.Struct, frozen=True):
    """Time passes."""

    seconds: int


class Work(msgspec.Struct, frozen=True):
    """Batches are worked off, until the process is killed at the so-manyth place where it can be.

    `faults` are what Amazon answers to the first calls.
    """

    killed_at: int | None
    faults: tuple[str | None, ...]
    wanted: int | None


Event: TypeAlias = Put | Pass | Work

NUMBERS = st.integers(1, 8)
HISTORIES = st.lists(
    st.one_of(
        st.builds(Put, NUMBERS, st.none() | st.sampled_from(STATUSES)),
        st.builds(Put, NUMBERS, st.none() | st.sampled_from(STATUSES)),
        st.builds(Pass, st.sampled_from([1, 30, 300, 3600, 40_000])),
        st.builds(
            Work,
            st.none() | st.integers(0, 25),
            st.lists(st.none() | st.sampled_from(sorted(FAULTS)), max_size=4).map(tuple),
            st.none() | NUMBERS,
        ),
    ),
    max_size=40,
)


class Killer:
    """Kills the process at a place: before a step, inside a transaction, or right after it."""

    def __init__(self) -> None:
        self.left: int | None = None

    def __call__(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise Killed

    def around(self, step: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def killable(*args: Any) -> Any:
            self()
            done = await step(*args)
            self()
            return done

        return killable


class History:
    """An Amazon that changes and a sync that is killed, on one SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = TurnedClock()
        self.kill = Killer()
        self.amazon = Polled(None, self.clock).amazon  # type: ignore[arg-type]
        for number in range(1, 6):
            moment = NOON - number * HOUR
            self.amazon.put(number, placed_at=moment, updated_at=moment)
        self.amazon.search_orders = self.kill.around(  # type: ignore[assignment, method-assign]
            self.amazon.search_orders
        )

    @asynccontextmanager
    async def process(self) -> AsyncIterator[Polled]:
        """A process that may be killed."""
        async with await Storage.open(f"sqlite:///{self.path}") as storage:
            unlocked = await storage.unlock(KEY)
            database = storage._database
            transaction = database._transaction

            def killable(work: Callable[[Connection], Any]) -> Any:
                def inside(connection: Connection) -> Any:
                    self.kill()
                    done = work(connection)
                    self.kill()
                    return done

                self.kill()
                done = transaction(inside)
                self.kill()
                return done

            database._transaction = killable  # type: ignore[method-assign]
            shop = Polled(unlocked, self.clock, WITHOUT_A_NET)
            shop.amazon = self.amazon
            yield shop

    async def go_through(self, events: list[Event]) -> None:
        for one in events:
            match one:
                case Put(number, None):
                    if f"111-0000000-{number:07d}" not in self.amazon.orders:
                        self.amazon.put(number, **PENDING)
                case Put(number, status):
                    self.amazon.put(number, status=status, **PRICES)
                case Pass(seconds):
                    self.clock.advance(seconds)
                case Work():
                    await self.work(one)

    async def work(self, work: Work) -> None:
        self.amazon.failures.extend(FAULTS[one]() if one else None for one in work.faults)
        try:
            async with self.process() as shop:
                self.kill.left = work.killed_at
                if work.wanted is not None:
                    numbers = [f"111-0000000-{work.wanted:07d}"]
                    await shop.storage.wanted_orders.want(ACCOUNT.id, numbers, self.clock.now())
                    await shop.read_known()
                await shop.poll()
        except Killed:
            event("killed")
        self.kill.left = None
        self.amazon.failures.clear()

    async def come_to_rest(self) -> list[tuple[int, str, Order]]:
        """Let everything be done that is left, and take all messages."""
        async with self.process() as shop:
            for _ in range(3):
                await shop.later(2 * HOUR.total_seconds())
            assert await shop.kept_orders() == self.amazon.orders
            aside = {one.number for one in await shop.storage.quarantine.of(ACCOUNT.id)}
            assert aside.isdisjoint(self.amazon.orders)
            reading = await shop.reading(ReadingKind.POLL)
            assert reading.last_error is None
            return await shop.deliver()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with an account."""
    path = tmp_path_factory.mktemp("histories") / "template.db"

    async def prepare() -> None:
        async with await Storage.open(f"sqlite:///{path}") as storage:
            await (await storage.unlock(KEY)).accounts.add(WITHOUT_A_NET)

    asyncio.run(prepare())
    return path


@settings(max_examples=50)
@given(events=HISTORIES)
def test_the_store_is_told_every_order_once_and_its_changes_in_sequence(
    template: Path, events: list[Event]
) -> None:
    path = template.with_name("history.db")
    for leftover in template.parent.glob("history.db*"):
        leftover.unlink()
    shutil.copy(template, path)
    history = History(path)

    async def whole() -> list[tuple[int, str, Order]]:
        await history.go_through(events)
        return await history.come_to_rest()

    told = asyncio.run(whole())

    for number in history.amazon.orders:
        messages = [(kind, one) for _, kind, one in told if one.number == number]
        check(history.amazon.orders[number], messages)


def check(final: Order, messages: list[tuple[str, Order]]) -> None:
    """What a store was told of an order that is `final` at Amazon."""
    kinds = [kind for kind, _ in messages]
    if final.status == "Pending":
        assert kinds == []
        return
    assert kinds[0] == "order:import"
    assert kinds.count("order:import") == 1
    assert kinds.count("order:cancel") <= 1
    moments = [one.updated_at for _, one in messages]
    assert moments == sorted(moments)
    assert timeless(messages[-1][1]) == timeless(final)
    assert ("order:cancel" in kinds) or final.status != "Canceled"


def timeless(one: Order) -> Order:
    return msgspec.structs.replace(one, updated_at=NOON)

"""A seller at the local Amazon, whose time passes only while everybody waits.

Nothing waits for real. Whoever works has all the time he needs; once all wait, both clocks, ours
and the local Amazon's, are turned to the moment that comes next.
"""

import asyncio
import heapq
import logging
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

import structlog
from starlette.types import ASGIApp, Message, Scope

from amazon_endpoint.amazon.amazon_time import AmazonTime
from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.generation import Shared
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.port import PacedAmazon
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.amazon.spapi.generation import GENERATION
from amazon_endpoint.outbound import Answer, Outbound
from amazon_endpoint.sandbox.app import create_app, sandbox_of
from amazon_endpoint.sandbox.clock import write_time
from amazon_endpoint.sandbox.generator import made_up_orders
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.orders import Json
from amazon_endpoint.sandbox.state import Sandbox
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.stores.port import Destination
from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.intake import Books
from amazon_endpoint.sync.polling import poll_once
from amazon_endpoint.sync.reading import ReadingKind

BEGIN = datetime(2026, 11, 2, 6, tzinfo=UTC)
_SPAN = timedelta(days=20)
_MARKETPLACE = "ATVPDKIKX0DER"
_KEY = "azFrMWsxazFrMWsxazFrMWsxazFrMWsxazFrMWsxazE="
_URL = "http://amazon.test"
_CREDENTIALS = SellingPartnerCredentials(
    client_id="application", client_secret="secret", refresh_token="Atzr|one"
)
_MINUTE = timedelta(minutes=1)


class TurnedClock:
    """Stands still while anybody works, and goes on to the next moment that somebody waits for."""

    def __init__(self, turned: Callable[[datetime], None]) -> None:
        self._now = BEGIN
        self._turned = turned
        self._at_work = 0
        self._waiting: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._sequence = count()

    def now(self) -> datetime:
        """The present moment."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        await self.until(self._now + timedelta(seconds=seconds))

    async def until(self, moment: datetime) -> None:
        """Wait for this moment."""
        if moment > self._now:
            await self.come(moment)

    def come(self, moment: datetime) -> "asyncio.Future[None]":
        """What comes with this moment, or before it once somebody calls `interrupt`.

        Amazon's clock knows no less than a millisecond, so it is the first one that begins then.
        """
        beyond = timedelta(microseconds=-moment.microsecond % 1000)
        come: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (moment + beyond, next(self._sequence), come))
        self._leave()
        return come

    def interrupt(self, come: "asyncio.Future[None]") -> None:
        """Let come now what was waited for."""
        if not come.done():
            self._at_work += 1
            come.set_result(None)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Whoever works or waits here: the clock stands still until he waits or is done."""
        self._at_work += 1
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        self._at_work -= 1
        while self._at_work == 0 and self._waiting:
            moment, _, come = heapq.heappop(self._waiting)
            if not come.done():
                self._now = moment
                self._turned(moment)
                self.interrupt(come)


def middling() -> float:
    """Jitter: a wait is three quarters of the longest."""
    return 0.5


class _ToLocalAmazon(Outbound):
    """Calls the local Amazon, which is in this process. A call takes no time."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(may_be_private=lambda _host, _port: False)
        self._app = app

    async def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str],
        content: bytes | None = None,
        enough: int | None = None,
    ) -> Answer:
        """See `Outbound`."""
        del enough
        address = urlsplit(url)
        query = urlencode(params) if params else address.query
        asked = {"host": address.netloc, "content-length": str(len(content or b""))} | {**headers}
        told: list[Message] = []

        async def body() -> Message:
            return {"type": "http.request", "body": content or b"", "more_body": False}

        async def tell(message: Message) -> None:
            told.append(message)

        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": address.scheme,
            "path": unquote(address.path),
            "raw_path": address.path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in asked.items()],
            "server": (address.hostname, address.port),
            "client": ("127.0.0.1", 1),
        }
        await self._app(scope, body, tell)
        start, *parts = told
        return Answer(
            start["status"],
            {name.decode(): value.decode() for name, value in start["headers"]},
            b"".join(part.get("body", b"") for part in parts),
        )


class Shop:
    """The seller: what Amazon has, what is kept of it, and who works for him."""

    def __init__(
        self,
        clock: TurnedClock,
        sandbox: Sandbox,
        storage: Storage,
        kept: SyncStorage,
        amazon: PacedAmazon,
        account: SyncAccount,
    ) -> None:
        self.clock = clock
        self.sandbox = sandbox
        self.storage = storage
        self.kept = kept
        self.amazon = amazon
        self.account = account

    async def poll(self, books: Books | None = None) -> bool:
        """Read the next page, if one is due, and keep it in the seller's own books or in these."""
        return await poll_once(
            self.account,
            amazon=self.amazon,
            readings=self.kept.readings,
            books=books or self.kept.orders,
            clock=self.clock,
            random=middling,
        )

    async def is_caught_up(self) -> bool:
        """Whether the polls have come to the present."""
        poll = (await self.kept.readings.of(self.account.id)).get(ReadingKind.POLL)
        return poll is not None and poll.upper_bound > self.clock.now() - 5 * _MINUTE


class Worker:
    """Does one kind of what is due as the engine does: when it is woken, and each minute."""

    def __init__(
        self,
        clock: TurnedClock,
        batch: Callable[[], Awaitable[bool]],
        next_due: Callable[[], Awaitable[datetime | None]] | None = None,
    ) -> None:
        """`next_due` tells the moment for which an alarm is set."""
        self._clock = clock
        self._batch = batch
        self._next_due = next_due
        self._woken = False
        self._rest: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Have it look now."""
        self._woken = True
        if self._rest is not None:
            self._clock.interrupt(self._rest)

    async def work(self, done: Callable[[], bool]) -> None:
        """Work until it is done."""
        with self._clock.at_work():
            while not done():
                self._woken = False
                while await self._batch():
                    pass
                if self._woken:
                    continue
                look = self._clock.now() + _MINUTE
                due = await self._next_due() if self._next_due is not None else None
                if due is not None and due > self._clock.now():
                    look = min(look, due)
                self._rest = self._clock.come(look)
                await self._rest
                self._rest = None


@contextmanager
def _unlogged() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.reset_defaults()


def _spare_the_disk(storage: Storage) -> None:
    """Have nothing wait for the disk: on a turned clock that takes no time, but our own."""
    engine = storage._database._engine  # noqa: SLF001 - its one connection stays open
    connection = engine.raw_connection()
    connection.cursor().execute("PRAGMA synchronous = OFF")
    connection.close()


@asynccontextmanager
async def opened(orders: int, processing: timedelta = timedelta()) -> AsyncIterator[Shop]:
    """A seller with so many orders to ship. Amazon needs `processing` for a feed."""
    options = SandboxOptions(
        orders=0,
        now=BEGIN,
        speed=1e-12,
        progress_seconds=processing.total_seconds(),
        queue_seconds=0,
    )
    app = create_app(options)
    sandbox = sandbox_of(app)
    sandbox.book.fill(_orders(orders))
    clock = TurnedClock(sandbox.clock.set)
    hosts = AllowedHosts(["amazon.test"])
    outbound = _ToLocalAmazon(app)
    account = _account()
    with _unlogged(), tempfile.TemporaryDirectory() as folder:
        async with await Storage.open(str(Path(folder) / "benchmark.db")) as storage:
            _spare_the_disk(storage)
            kept = await storage.unlock(_KEY)
            await kept.accounts.add(account)
            shared = Shared(
                outbound=outbound,
                quotas=storage.quotas,
                clock=clock,
                amazon_time=AmazonTime(outbound, clock),
                hosts=hosts,
            )
            connections = GENERATION.open(shared)
            amazon = connections.connect(_CREDENTIALS, GENERATION.base_urls(account.account, hosts))
            yield Shop(clock, sandbox, storage, kept, amazon, account)
            await connections.aclose()
            await outbound.aclose()


def number(index: int) -> str:
    """The number of the order at this place, the one updated longest ago being the first."""
    return f"111-{index:07d}-{index * 7919 % 10**7:07d}"


def updated_at(index: int, orders: int) -> datetime:
    """When this one of so many orders was updated."""
    return BEGIN - _SPAN + (_SPAN - timedelta(hours=1)) * index / orders


def _orders(orders: int) -> Iterator[Json]:
    """Orders to be shipped, all of one pattern, evenly over the last days."""
    patterns = made_up_orders(SandboxOptions(orders=1, marketplaces=(_MARKETPLACE,)), BEGIN)
    pattern = next(patterns)
    for index in range(orders):
        moment = write_time(updated_at(index, orders))
        yield pattern | {
            "orderId": number(index),
            "createdTime": moment,
            "lastUpdatedTime": moment,
        }


def _account() -> SyncAccount:
    return SyncAccount(
        id="shop",
        account=Account(
            credentials=_CREDENTIALS,
            seller_id="A1SELLER",
            marketplace_ids=(_MARKETPLACE,),
            services_host=_URL,
            token_host=_URL,
        ),
        destination=Destination(kind="webhook", url="https://shop.example", secrets=("whsec_one",)),
        start=BEGIN - _SPAN - timedelta(days=1),
        created_at=BEGIN,
    )

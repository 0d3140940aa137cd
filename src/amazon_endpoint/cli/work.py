"""Work: all that is done for the accounts, put together over one storage and one engine."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.port import PacedAmazon
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.outbound import Outbound
from amazon_endpoint.settings import Settings
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.stores import connect as stores
from amazon_endpoint.sync import delivery, erasure, known_orders, outbox, polling, shipping
from amazon_endpoint.sync.accounts import AccountUnknown, SyncAccount, connectable
from amazon_endpoint.sync.alarms import Alarms
from amazon_endpoint.sync.clock_watch import ClockWatch
from amazon_endpoint.sync.confirming import confirm_waiting
from amazon_endpoint.sync.engine import Engine, FindDue, Kind, Pace
from amazon_endpoint.sync.following import follow_sent
from amazon_endpoint.sync.kept_orders import KeptOrders
from amazon_endpoint.sync.two_clocks import TwoClocks
from amazon_endpoint.web.counting import CountedBooks, CountedReadings, CountedStore
from amazon_endpoint.web.metrics import Metrics

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def at_work(
    given: Settings,
    storage: Storage,
    connector: Connector,
    *,
    worker: str,
    clock: Clock,
    pace: Pace | None = None,
    metrics: Metrics | None = None,
) -> AsyncIterator[Engine]:
    """Do all that is due for the accounts for as long as the block lasts.

    `worker` is what logs call this process; what it does is counted in `metrics`. At the end the
    batches under way are finished.

    Raises:
        StorageUnusable: the engine's tables can't be opened, or another process is at work on
            this SQLite file.
        KeyUnusable: what is kept sealed can't be opened.
    """
    kept = await storage.unlock(given.key)
    hosts = AllowedHosts(given.allowed_hosts)
    # Apart from Amazon's: a store that hangs takes no turn from a poll.
    outbound = Outbound(may_be_private=hosts.listed)
    work = _Work(given, storage, kept, connector, outbound, hosts, clock, metrics or Metrics())
    engine = Engine(
        database=given.database,
        worker=worker,
        workers=storage.workers,
        work=work.batch,
        clock=clock,
        pace=pace,
    )
    work.wake = engine.wake
    for find_due in work.finders():
        engine.every_minute(find_due)
    try:
        await engine.launch()
        try:
            yield engine
        finally:
            await engine.stop()
    finally:
        await work.alarms.aclose()
        await outbound.aclose()


class _Work:
    """Does one batch of one kind for one account."""

    def __init__(
        self,
        given: Settings,
        storage: Storage,
        kept: SyncStorage,
        connector: Connector,
        outbound: Outbound,
        hosts: AllowedHosts,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._given = given
        self._storage = storage
        self._kept = kept
        self._connector = connector
        self._outbound = outbound
        self._hosts = hosts
        self._clock = clock
        self._metrics = metrics
        self._erase_after = timedelta(days=given.erase_after_days)
        self._known_orders = KeptOrders(kept.orders)
        self._two_clocks = TwoClocks(clock)
        self.wake: Callable[[Kind, str], None] = lambda _kind, _account_id: None
        self.alarms = Alarms[Kind](clock, self._ring)

    def finders(self) -> tuple[FindDue, ...]:
        """What finds the accounts that have something due."""
        kept, now = self._kept, self._clock.now
        return (
            ClockWatch(kept.schedule, self._clock),
            lambda: polling.find_due(kept.readings, now()),
            lambda: known_orders.find_due(kept.wanted_orders, now()),
            lambda: outbox.find_due(kept.outbox, now()),
            lambda: shipping.find_due(kept.shipments, now()),
            lambda: erasure.find_due(kept.buyers_data, erase_after=self._erase_after, now=now()),
        )

    async def batch(self, kind: Kind, account_id: str) -> bool:
        """Work off one batch; True: more is due now."""
        try:
            account = await self._kept.accounts.get(account_id)
        except AccountUnknown:
            return False
        try:
            return await self._worked_off(kind, account)
        except InvalidInput as unusable:
            # What was fit when the account was added, like a host that is allowed no more.
            _log.error(
                "account_unusable",
                kind=kind,
                account=account_id,
                field=unusable.field,
                reason=unusable.message,
            )
            return False

    async def _worked_off(self, kind: Kind, account: SyncAccount) -> bool:
        match kind:
            case "poll":
                more = await self._poll(account)
            case "read":
                more = await self._read(account)
            case "deliver":
                return await self._deliver(account)
            case "confirm":
                more = await self._confirm(account)
                await self._set_alarms(account.id)
            case "follow":
                more = await self._follow(account)
                await self._set_alarms(account.id)
            case "tidy":
                return await self._tidy(account)
        if await self._kept.outbox.due(account.id, self._clock.now(), 1):
            self.wake("deliver", account.id)
        return more

    def _ring(self, kind: Kind, account_id: str) -> None:
        self.wake(kind, account_id)

    async def _set_alarms(self, account_id: str) -> None:
        """Send the next shipments, and look at the next feed, when it is time to."""
        due = await self._kept.shipments.next_due(account_id)
        self.alarms.set("confirm", account_id, due.to_send)
        self.alarms.set("follow", account_id, due.to_look)

    def _is_now(self, kind: Kind, account: SyncAccount, again: datetime | None) -> bool:
        """Whether there is more to do right now; if it is later, that is when."""
        self.alarms.set(kind, account.id, again)
        return again is not None and again <= self._clock.now()

    def _connected(self, account: SyncAccount) -> PacedAmazon:
        return self._connector.connect(connectable(account, self._clock.now()))

    async def _poll(self, account: SyncAccount) -> bool:
        return await polling.poll_once(
            account,
            amazon=self._connected(account),
            readings=CountedReadings(self._kept.readings, self._metrics),
            books=CountedBooks(self._kept.orders, self._metrics),
            clock=self._clock,
            random=random.random,
        )

    async def _read(self, account: SyncAccount) -> bool:
        again = await known_orders.read_known(
            account,
            amazon=self._connected(account),
            wanted_orders=self._kept.wanted_orders,
            readings=self._kept.readings,
            books=self._kept.orders,
            clock=self._clock,
            random=random.random,
        )
        return self._is_now("read", account, again)

    async def _deliver(self, account: SyncAccount) -> bool:
        store = stores.connect(
            account.destination,
            outbound=self._outbound,
            clock=self._clock,
            allowed=self._hosts.listed,
        )
        again = await delivery.deliver_due(
            account,
            store=CountedStore(store, self._metrics),
            outbox=self._kept.outbox,
            clock=self._clock,
            random=random.random,
        )
        return self._is_now("deliver", account, again)

    async def _confirm(self, account: SyncAccount) -> bool:
        return await confirm_waiting(
            account,
            amazon=self._connected(account),
            shipments=self._kept.shipments,
            confirmations=self._storage.confirmations,
            known_orders=self._known_orders,
            allow_cancellation_requested=self._given.allow_cancellation_requested,
            clock=self._clock,
            random=random.random,
        )

    async def _follow(self, account: SyncAccount) -> bool:
        return await follow_sent(
            account,
            amazon=self._connected(account),
            shipments=self._kept.shipments,
            confirmations=self._storage.confirmations,
            known_orders=self._known_orders,
            clock=self._clock,
            random=random.random,
        )

    async def _tidy(self, account: SyncAccount) -> bool:
        connector, own = self._connector, account.account
        now = await self._two_clocks.now(account.id, lambda: connector.amazon_now(own))
        if now is None:
            return False
        return await erasure.tidy_once(
            account.id,
            buyers_data=self._kept.buyers_data,
            erase_after=self._erase_after,
            now=now,
        )

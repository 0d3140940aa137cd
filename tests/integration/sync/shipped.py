"""Shipments of an account, with what sends and follows them."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from amazon_endpoint.orders import Order
from amazon_endpoint.services.confirmations import Confirmations
from amazon_endpoint.shipments import Shipment
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.shipment_tables import shipments as rows
from amazon_endpoint.storage.shipment_tables import sync_feeds
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.stores.messages import ShipmentMessage, read_shipment
from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.confirming import confirm_waiting
from amazon_endpoint.sync.following import follow_sent
from amazon_endpoint.sync.shipping import KeptShipment, SentFeed, Shipments, ShipmentState
from tests.integration.sync.accounts import ACCOUNT, middling
from tests.turned_clock import TurnedClock


class HandedOrders:
    """Orders that are kept as Amazon has them, if the test puts any here."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}

    async def current(
        self, account: SyncAccount, numbers: Collection[str], *, since: datetime
    ) -> dict[str, Order]:
        del account, since
        return {number: self.orders[number] for number in numbers if number in self.orders}


class Shipped:
    """An account whose store sends shipments."""

    def __init__(
        self,
        storage: Storage,
        kept: SyncStorage,
        amazon: Any,
        clock: TurnedClock,
        account: SyncAccount = ACCOUNT,
    ) -> None:
        self.storage = storage
        self.kept = kept
        self.amazon = amazon
        self.clock = clock
        self.account = account
        self.known_orders = HandedOrders()
        self.confirmations: Confirmations = storage.confirmations
        self.shipments: Shipments = kept.shipments
        self._run = storage._database.run

    async def receive(self, *shipments: Shipment) -> list[KeptShipment]:
        return [
            await self.shipments.receive(one, account_id=self.account.id, now=self.clock.now())
            for one in shipments
        ]

    async def send(self) -> None:
        """Send what is due, until there is nothing more to do right now."""
        while await confirm_waiting(
            self.account,
            amazon=self.amazon,
            shipments=self.shipments,
            confirmations=self.confirmations,
            known_orders=self.known_orders,
            allow_cancellation_requested=False,
            clock=self.clock,
            random=middling,
        ):
            pass

    async def follow(self) -> None:
        while await follow_sent(
            self.account,
            amazon=self.amazon,
            shipments=self.shipments,
            confirmations=self.confirmations,
            known_orders=self.known_orders,
            clock=self.clock,
            random=middling,
        ):
            pass

    async def later(self, seconds: float) -> None:
        """Let time pass, and do what is due then."""
        self.clock.advance(seconds)
        await self.send()
        await self.follow()

    async def next_due(self) -> datetime | None:
        """When there is something to do next."""
        moments = [
            await self._scalar(select(func.min(column)))
            for column in (rows.c.next_attempt_at, sync_feeds.c.next_look_at)
        ]
        return min((one for one in moments if one is not None), default=None)

    async def finish(self) -> None:
        """Do all that is due, whenever it is due, until every shipment has come to its end."""
        for _ in range(60):
            if all(one.ended_at for one in await self.all()):
                return
            due = await self.next_due()
            assert due is not None, "forgotten"
            await self.later(max((due - self.clock.now()).total_seconds(), 0))
        raise AssertionError("no end")

    async def all(self) -> list[KeptShipment]:
        def ids(connection: Connection) -> Sequence[str]:
            query = select(rows.c.id).order_by(rows.c.number, rows.c.received_at)
            return connection.scalars(query).all()

        return [await self.kept.shipments.get(self.account.id, one) for one in await self._run(ids)]

    async def states(self) -> dict[str, ShipmentState]:
        return {one.number: one.state for one in await self.all()}

    async def feeds(self) -> list[SentFeed]:
        def work(connection: Connection) -> list[SentFeed]:
            found = connection.execute(select(sync_feeds).order_by(sync_feeds.c.feed_id))
            return [SentFeed(**row._asdict()) for row in found]

        return await self._run(work)

    async def told(self) -> list[tuple[str, ShipmentMessage]]:
        """The messages to the store, taken out of the outbox in their sequence."""
        found = []
        box = self.kept.outbox
        while due := await box.due(self.account.id, self.clock.now(), 20):
            for message in due:
                found.append((str(message.kind), read_shipment(box.open(message))))
                assert await box.delivered([message], self.clock.now())
        return found

    async def _scalar(self, query: Any) -> Any:
        def work(connection: Connection) -> Any:
            return connection.scalar(query)

        return await self._run(work)


class Killed(BaseException):
    """The process is gone."""


class Mortal:
    """Passes calls on; after each that changes something, `survive` may raise."""

    def __init__(self, target: Any, survive: Callable[[str], None]) -> None:
        self._target = target
        self._survive = survive

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        if name not in _EFFECTS:
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            result: Any = await _awaited(method, args, kwargs)
            self._survive(name)
            return result

        return call


_EFFECTS = {
    "prepare_feed",
    "submit_feed",
    "confirm_shipment",
    "add",
    "begin",
    "replace",
    "replace_all",
    "move",
    "keep_feed",
}


async def _awaited(
    method: Callable[..., Awaitable[Any]], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    return await method(*args, **kwargs)

"""An account to be polled, and a sync that polls it."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.orders import AMAZON, MERCHANT, Order
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.stores.messages import read_order
from amazon_endpoint.stores.port import Destination
from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.changes import KnownOrder
from amazon_endpoint.sync.known_orders import read_known
from amazon_endpoint.sync.polling import poll_once
from amazon_endpoint.sync.reading import Reading, ReadingKind
from tests.integration.sync.listed_amazon import ListedAmazon
from tests.turned_clock import NOON, TurnedClock

KEY = "azFrMWsxazFrMWsxazFrMWsxazFrMWsxazFrMWsxazE="
POLL_EVERY, LAG = timedelta(minutes=5), timedelta(minutes=10)
ACCOUNT = SyncAccount(
    id="shop-us",
    account=Account(
        credentials=SellingPartnerCredentials(
            client_id="application", client_secret="secret", refresh_token="Atzr|one"
        ),
        seller_id="A1SELLER",
        marketplace_ids=("ATVPDKIKX0DER",),
    ),
    destination=Destination(kind="webhook", url="https://shop.example", secrets=("whsec_one",)),
    start=NOON - timedelta(days=1),
    created_at=NOON,
    poll_every=POLL_EVERY,
    lag=LAG,
    fulfilled_by=(MERCHANT, AMAZON),
)


def middling() -> float:
    """Jitter for tests: a wait is three quarters of the longest."""
    return 0.5


async def find_order(
    storage: SyncStorage, number: str, account_id: str = ACCOUNT.id
) -> KnownOrder | None:
    """The order as it is kept."""

    def work(connection: Connection) -> KnownOrder | None:
        return storage.orders._known(connection, account_id, [number]).get(number)

    return await storage._database.run(work)


class Polled:
    """An account with an Amazon of its own, and what is kept of it."""

    def __init__(
        self, storage: SyncStorage, clock: TurnedClock, account: SyncAccount = ACCOUNT
    ) -> None:
        self.storage = storage
        self.clock = clock
        self.account = account
        self.amazon = ListedAmazon(clock)

    async def poll_once(self) -> bool:
        return await poll_once(
            self.account,
            amazon=self.amazon,  # type: ignore[arg-type]
            readings=self.storage.readings,
            books=self.storage.orders,
            clock=self.clock,
            random=middling,
        )

    async def poll(self) -> None:
        """Poll until there is nothing more to do right now."""
        while await self.poll_once():
            pass

    async def read_known(self) -> datetime | None:
        """Read by number until there is nothing more to do right now; when there will be."""
        while True:
            again = await read_known(
                self.account,
                amazon=self.amazon,  # type: ignore[arg-type]
                wanted_orders=self.storage.wanted_orders,
                readings=self.storage.readings,
                books=self.storage.orders,
                clock=self.clock,
                random=middling,
            )
            if again is None or again > self.clock.now():
                return again

    async def later(self, seconds: float = POLL_EVERY.total_seconds()) -> None:
        """Let time pass, and poll."""
        self.clock.advance(seconds)
        await self.poll()

    async def reading(self, kind: ReadingKind = ReadingKind.POLL) -> Reading:
        return (await self.storage.readings.of(self.account.id))[kind]

    async def kept(self, number: int) -> KnownOrder | None:
        return await find_order(self.storage, f"111-0000000-{number:07d}")

    async def kept_orders(self) -> dict[str, Order]:
        """Of the orders that Amazon has, those that are kept."""
        found = [await find_order(self.storage, number) for number in self.amazon.orders]
        return {one.number: one.order for one in found if one and one.order}

    async def deliver(self) -> list[tuple[int, str, Order]]:
        """Take all that is due out of the outbox, in its sequence."""
        outbox, told = self.storage.outbox, []
        while due := await outbox.due(self.account.id, self.clock.now(), 3):
            for message in due:
                told.append(
                    (
                        int(message.order_number[-7:]),
                        str(message.kind),
                        read_order(outbox.open(message)).order,
                    )
                )
                assert await outbox.delivered([message], self.clock.now())
        return told

    async def messages(self) -> list[tuple[int, str]]:
        """What is due in the outbox, taken out: order numbers and kinds."""
        return [(number, kind) for number, kind, _ in await self.deliver()]


def changed(**changes: Any) -> SyncAccount:
    return msgspec.structs.replace(ACCOUNT, **changes)

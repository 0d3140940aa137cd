"""A store that takes messages, and what an account delivers to it."""

import asyncio
import json
from collections import deque
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from amazon_endpoint.outbound import Outbound
from amazon_endpoint.storage.order_tables import outbox as outbox_table
from amazon_endpoint.stores.connect import connect
from amazon_endpoint.stores.port import Destination
from amazon_endpoint.sync.delivery import deliver_due
from amazon_endpoint.sync.outbox import Undelivered, find_due
from tests.integration.spapi.scripted_amazon import Asked, Reply, ScriptedAmazon
from tests.integration.sync.accounts import ACCOUNT, Polled, changed, middling
from tests.unit.stores.examples import SECRET


class Shopkeeper(ScriptedAmazon):
    """Takes all messages, but what it was told to answer about an order, or to all."""

    def __init__(self) -> None:
        super().__init__()
        self.always: Reply | None = None
        self.at_once = 0
        self.most_at_once = 0
        self.four_at_once = asyncio.Event()
        self._instead: dict[int, deque[Reply]] = {}

    def will_say(self, number: int, *replies: Reply) -> None:
        """Of this order, to the next messages."""
        self._instead[number] = deque(replies)

    @property
    def told(self) -> list[tuple[int, str]]:
        """The order numbers and kinds of all messages that came, repeats too."""
        return [(_about(one), json.loads(one.body)["message"]) for one in self.asked]

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.asked]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if self.at_once == 4:
            self.four_at_once.set()
        await super()._serve(reader, writer)
        self.at_once -= 1

    def _reply(self, asked: Asked) -> Reply:
        if self.always is not None:
            return self.always
        instead = self._instead.get(_about(asked))
        return instead.popleft() if instead else Reply(204, b"")


def _about(asked: Asked) -> int:
    return int(json.loads(asked.body, parse_float=str)["payload"]["order"]["number"][-7:])


class Delivering:
    """An account with orders, and its store."""

    def __init__(self, shop: Polled, store: Shopkeeper, outbound: Outbound) -> None:
        self.shop = shop
        self.store = store
        self.outbound = outbound
        self.outbox = shop.storage.outbox
        self.goes_to(store.url)

    def goes_to(self, url: str, *, kind: Any = "webhook", secret: str = SECRET) -> None:
        self.account = changed(destination=Destination(kind=kind, url=url, secrets=(secret,)))

    async def place(self, *numbers: int, **changes: Any) -> None:
        """Place orders or change them, and read them."""
        for number in numbers:
            self.shop.amazon.put(number, **changes)
        await self.shop.later()

    async def batch(self) -> datetime | None:
        return await deliver_due(
            self.account,
            store=connect(
                self.account.destination,
                outbound=self.outbound,
                clock=self.shop.clock,
                allowed=lambda _host, _port: True,
            ),
            outbox=self.outbox,
            clock=self.shop.clock,
            random=middling,
        )

    async def deliver(self) -> None:
        """Deliver until there is nothing more to do right now."""
        while self.is_now(await self.batch()):
            pass

    def is_now(self, due: datetime | None) -> bool:
        """Whether there is more to do right now."""
        return due is not None and due <= self.shop.clock.now()

    async def later(self, seconds: float) -> None:
        """Let time pass. What is due is searched for each minute, and less often in long times."""
        pause = max(60, seconds / 300)
        while seconds > 0:
            self.shop.clock.advance(min(seconds, pause))
            seconds -= pause
            if await find_due(self.outbox, self.shop.clock.now()):
                await self.deliver()

    async def lacking(self) -> dict[int, Undelivered]:
        """What the store lacks, by the order's number."""
        return {int(one.order_number[-7:]): one for one in await self.outbox.lacking(ACCOUNT.id)}

    async def overwrite(self, number: int, sealed: bytes) -> None:
        """Put something else in the place of a message's body."""

        def work(connection: Connection) -> None:
            this = outbox_table.c.order_number == f"111-0000000-{number:07d}"
            connection.execute(update(outbox_table).where(this).values(body=sealed))

        await self.shop.storage._database.run(work)

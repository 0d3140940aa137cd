"""No buyer and no secret shows anywhere, whatever way they take through the house."""

import asyncio
import logging
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
import structlog
from sqlalchemy import Connection, select

from amazon_endpoint import logs
from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.cli.work import at_work
from amazon_endpoint.settings import Settings
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.encryption import Keyring
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.storage.sync_tables import accounts, sealed_columns
from amazon_endpoint.stores.port import Destination
from amazon_endpoint.sync.erasure import LONGEST, find_due
from amazon_endpoint.web.app import create_app
from amazon_endpoint.web.metrics import Metrics
from amazon_endpoint.web.shipments import Wake
from tests.integration.endpoint.hub import Hub
from tests.integration.endpoint_v6.hubs import Cangaroo
from tests.integration.sync.accounts import ACCOUNT, KEY, find_order
from tests.integration.sync.engines import QUICK
from tests.integration.sync.gossip import (
    READABLE,
    UNKNOWN,
    UNREADABLE,
    GossipingAmazon,
    GossipingStore,
)
from tests.turned_clock import ShiftedClock

SIGNING = b64encode(b"a canary's secret of many bytes.").decode()
TOKEN = "canary-token-of-the-endpoint"
CREDENTIALS = SellingPartnerCredentials(
    client_id="application", client_secret="canary-secret", refresh_token="Atzr|canary-refresh"
)
WORDS = (b"canary", SIGNING.lower().encode())
SHIPMENT: dict[str, Any] = {
    "number": "H1",
    "order_number": READABLE,
    "tracking": "1Z-CANARY",
    "shipping_method": "UPS Ground",
    "shipped_at": "2026-10-22T08:00:00Z",
    "items": [{"sku": "MUG-1", "quantity": 1}],
}


class World:
    """An endpoint and a worker in one, with an Amazon and a store that gossip."""

    def __init__(self, folder: Path, amazon: GossipingAmazon, store: GossipingStore) -> None:
        self.folder = folder
        self.amazon = amazon
        self.store = store
        self.clock = ShiftedClock()
        self.lines = StringIO()
        self.settings = Settings(
            token=TOKEN,
            key=KEY,
            allowed_hosts=tuple(one.url.removeprefix("http://") for one in (amazon, store)),
            database=str(folder / "endpoint.db"),
        )
        self.account = msgspec.structs.replace(
            ACCOUNT,
            account=Account(
                credentials=CREDENTIALS,
                seller_id="A1SELLER",
                marketplace_ids=("ATVPDKIKX0DER",),
                services_host=amazon.url,
                token_host=amazon.url,
            ),
            destination=Destination(
                kind="webhook", url=f"{store.url}/canary-hook", secrets=(f"whsec_{SIGNING}",)
            ),
            start=self.clock.now() - timedelta(days=1),
            created_at=self.clock.now(),
        )
        self.parameters = {
            "amazon.client_id": CREDENTIALS.client_id,
            "amazon.client_secret": CREDENTIALS.client_secret,
            "amazon.refresh_token": CREDENTIALS.refresh_token,
            "amazon.seller_id": "A1OTHERSELLER",
            "amazon.marketplace_id": "ATVPDKIKX0DER",
            "amazon.services_host": amazon.url,
            "amazon.token_host": amazon.url,
        }

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[httpx2.AsyncClient]:
        metrics = Metrics()

        @asynccontextmanager
        async def beside(storage: Storage, connector: Connector) -> AsyncIterator[Wake]:
            async with at_work(
                self.settings,
                storage,
                connector,
                worker="tested",
                clock=self.clock,
                pace=QUICK,
                metrics=metrics,
            ) as engine:
                yield engine.wake

        app = create_app(self.settings, clock=self.clock, beside=beside, metrics=metrics)
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=app),
                base_url="http://endpoint.test",
                headers={"X-Hub-Token": TOKEN},
                timeout=180,
            ) as client,
        ):
            yield client

    async def eventually(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Let time pass quickly until it holds. The bound is there for a test that fails."""
        async with asyncio.timeout(120):
            while not await holds():
                self.clock.advance(60)
                await asyncio.sleep(0.1)

    def shown(self) -> dict[str, bytes]:
        """What lies open: the databases' files, and the logs."""
        files = [one for one in self.folder.iterdir() if one.name.startswith("endpoint.db")]
        assert {"endpoint.db", "endpoint.db.engine"} <= {one.name for one in files}
        return {one.name: one.read_bytes() for one in files} | {
            "logs": self.lines.getvalue().encode()
        }


def canaries(shown: dict[str, bytes]) -> dict[str, list[bytes]]:
    """Where a word is found, with what stands around it."""
    found: dict[str, list[bytes]] = {}
    for name, content in shown.items():
        lowered = content.lower()
        for word in WORDS:
            at = lowered.find(word)
            if at >= 0:
                found.setdefault(name, []).append(content[max(at - 200, 0) : at + 200])
    return found


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with GossipingAmazon() as amazon, GossipingStore(500, 410) as store:
        world = World(tmp_path, amazon, store)
        before = list(logging.getLogger().handlers), logging.getLogger().level
        logs.configure("debug", "json", world.lines)
        yield world
        structlog.reset_defaults()
        logging.getLogger().handlers[:], level = before
        logging.getLogger().setLevel(level)


async def hubs_ask(world: World, client: httpx2.AsyncClient) -> None:
    """Ask for all that hubs of both formats can ask for."""
    old = Hub(client, world.parameters)
    await old.poll(last_updated_after="2026-10-01T00:00:00Z")
    for number in (READABLE, UNREADABLE, UNKNOWN):
        await old.ask("amazon:import:by_number", {"amazon_order_id": number})
    await old.confirm(SHIPMENT)
    await old.feed("7001")
    newer = Cangaroo(client, world.parameters, world.clock)
    for path, content in (
        ("/get_orders", {"last_poll": 1}),
        ("/get_order_by_number", {"order": {"id": UNREADABLE}}),
        ("/add_shipment", {"shipment": SHIPMENT | {"id": "H9", "order_id": READABLE}}),
    ):
        answer = await newer.post(path, newer.body(content), {"X-Hub-Token": TOKEN})
        assert answer.status_code in {200, 500}, answer.text


async def all_that_is_sealed(database: Storage) -> list[bytes]:
    """Everything that the key opens, but the accounts' own secrets."""
    keyring = Keyring([b64decode(KEY)])

    def work(connection: Connection) -> list[bytes]:
        opened = []
        for table, column in sealed_columns():
            key = table.primary_key.columns
            if table is accounts:
                continue
            for *identity, sealed in connection.execute(select(*key, column)):
                if sealed is not None:
                    place = column.info.get("place", table.name)
                    row = "/".join(map(str, identity))
                    opened.append(keyring.open(sealed, table=place, row=row))
        return opened

    return await database._database.run(work)


async def test_nothing_shows_on_any_way(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async with await Storage.open(world.settings.database) as storage:
        kept = await storage.unlock(KEY)
        await kept.accounts.add(world.account)
        async with world.at_work() as client:
            # Orders come in, and the store says 500, then that it is gone.
            await world.eventually(lambda: _stopped(kept))
            await hubs_ask(world, client)
            untracked = SHIPMENT | {"number": "H2", "tracking": ""}
            for shipment in (SHIPMENT, untracked):
                path = f"/v1/accounts/{ACCOUNT.id}/shipments"
                answer = await client.post(path, json={"shipment": shipment})
                assert answer.status_code == 202, answer.text
            await kept.outbox.redeliver(ACCOUNT.id, world.clock.now())
            await world.eventually(lambda: _all_told(world, kept))
            metrics = (await client.get("/metrics")).content

            # It is all there, for who has the key, and in the store.
            assert "canary" in str(await all_that_is_sealed(storage)).lower()
            assert any(b"Canary Nameson" in one.body for one in world.store.asked)
            refusals = [one.body for one in world.store.asked if b"shipment:refused" in one.body]
            assert len(refusals) == 2
            assert all(b"Canary" in one for one in refusals)
            (aside,) = await kept.quarantine.of(ACCOUNT.id)
            assert aside.number == UNREADABLE

            asked = "\n".join(f"{one.path}?{one.params}" for one in world.amazon.asked)
            headers = "\n".join(str(one.headers) for one in world.store.asked)
            lines = world.lines.getvalue()
            assert '"level": "debug"' in lines
            assert "delivery_failed" in lines
            assert canaries(world.shown()) == {}
            assert canaries({"metrics": metrics, "urls": asked.encode()}) == {}
            assert canaries({"headers": headers.encode(), "unmasked": caplog.text.encode()}) == {}

            # Its time is over, and the order changes once more.
            world.clock.advance(LONGEST.total_seconds())
            await world.eventually(lambda: _tidied(world, kept))
            world.amazon.status, world.amazon.updated = "SHIPPED", "2026-10-22T08:00:00Z"
            await world.eventually(lambda: _shipped(kept))
            told = len(world.store.asked)
            world.clock.advance(600)
            await asyncio.sleep(1)

            assert canaries({"sealed": b"\n".join(await all_that_is_sealed(storage))}) == {}
            assert len(world.store.asked) == told
    assert canaries(world.shown()) == {}


async def _stopped(kept: SyncStorage) -> bool:
    return (await kept.outbox.standing(ACCOUNT.id)).stopped_at is not None


async def _all_told(world: World, kept: SyncStorage) -> bool:
    refused = world.store.told.count("shipment:refused") == 2
    return refused and await kept.outbox.undelivered(ACCOUNT.id) == 0


async def _tidied(world: World, kept: SyncStorage) -> bool:
    due = await find_due(kept.buyers_data, erase_after=LONGEST, now=world.clock.now())
    order = await find_order(kept, READABLE)
    return order is not None and order.erased_at is not None and not due


async def _shipped(kept: SyncStorage) -> bool:
    order = await find_order(kept, READABLE)
    return order is not None and order.status == "Shipped"

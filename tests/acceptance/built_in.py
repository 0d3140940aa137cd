"""The built-in hub as `up` runs it, in the test's own process: with a clock that can be turned.

The real commands look at the same database meanwhile.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from datetime import timedelta
from typing import Any

import httpx2
from structlog.testing import capture_logs

from amazon_endpoint import settings
from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.cli.work import at_work
from amazon_endpoint.sandbox.clock import write_time
from amazon_endpoint.sandbox.testing import RunningSandbox
from amazon_endpoint.storage import Storage
from amazon_endpoint.stores.port import Destination
from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.engine import Pace
from amazon_endpoint.web.app import create_app
from amazon_endpoint.web.shipments import Wake
from tests.acceptance.conftest import Command
from tests.chaos.orders import MARKETPLACE, Order, ordered_units, plain_orders
from tests.integration.spapi.scripted_amazon import Asked, Reply, ScriptedAmazon
from tests.turned_clock import ShiftedClock

# The engine's minute, in which an hour of the turned clock may pass, is a tenth of a second.
_PACE = Pace(minute=0.1, beat=0.1, silent=100, look=0.05, batches=1000)

SIGNING_SECRET = f"whsec_{b64encode(bytes(32)).decode()}"


class TakingStore(ScriptedAmazon):
    """A store that answers as it was told to, and takes what it answers with 204."""

    def __init__(self) -> None:
        super().__init__()
        self.says = Reply(204, b"")
        self.taken: list[dict[str, Any]] = []

    def _reply(self, asked: Asked) -> Reply:
        if self.says.status == 204:
            self.taken.append(json.loads(asked.body))
        return self.says

    async def close(self) -> None:
        """Answer nobody."""
        self._server.close()
        await self._server.wait_closed()

    async def come_back(self) -> None:
        """Answer where it answered before."""
        port = int(self.url.rpartition(":")[2])
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    def told(self, order: Order) -> list[str]:
        """The kinds of the messages that it took about this order."""
        return [one["message"] for one in self.taken if _number(one) == order["orderId"]]


def _number(message: dict[str, Any]) -> str:
    payload: dict[str, Any] = message["payload"]
    number: str = (
        payload["order"]["number"] if "order" in payload else payload["shipment"]["order_number"]
    )
    return number


class BuiltInHub:
    """One account at the local Amazon, its store, and who works for both."""

    def __init__(self, command: Command, amazon: RunningSandbox, store: TakingStore) -> None:
        self.amazon = amazon
        self.store = store
        self.clock = ShiftedClock()
        self.lines: list[Any] = []
        self._command = command
        self.database = command.settings["AMAZON_ENDPOINT_DATABASE"]
        # One order more than any test places.
        self._orders = plain_orders(4, seed=1, now=amazon.now())
        store_host = store.url.removeprefix("http://")
        hosts = f"{command.settings['AMAZON_ENDPOINT_ALLOWED_HOSTS']},{store_host}"
        command.settings |= {
            "AMAZON_ENDPOINT_ALLOWED_HOSTS": hosts,
            "AMAZON_ENDPOINT_MARKETPLACE_ID": MARKETPLACE,
            "AMAZON_ENDPOINT_DESTINATION_SECRET": SIGNING_SECRET,
        }

    def begin_ago(self, seconds: float) -> None:
        """Let it all begin some time ago: commands have the system's clock."""
        self.clock.advance(-seconds)
        self.amazon.advance(-seconds)

    async def command(self, *arguments: str, code: int = 0, **given: str) -> str:
        """What a command writes; it ends with this exit code."""
        done = await asyncio.to_thread(self._command, *arguments, **given)
        told = done.stdout + done.stderr
        assert done.returncode == code, told
        return told

    async def status(self, *, code: int = 1) -> str:
        """What `status` finds and advises."""
        told = json.loads(await self.command("status", "--json", code=code))
        return " ".join(f"{one['what']} {one['next_step']}" for one in told["findings"])

    async def add_account(self, *, to: str | None = None, kind: Any = "webhook") -> None:
        """Add the account `shop`, without the command."""
        given, now = self._command.settings, self.clock.now()
        secret = SIGNING_SECRET if kind == "webhook" else "a-token"
        account = SyncAccount(
            id="shop",
            account=Account(
                credentials=SellingPartnerCredentials(
                    client_id=given["AMAZON_ENDPOINT_CLIENT_ID"],
                    client_secret=given["AMAZON_ENDPOINT_CLIENT_SECRET"],
                    refresh_token=given["AMAZON_ENDPOINT_REFRESH_TOKEN"],
                ),
                seller_id=given["AMAZON_ENDPOINT_SELLER_ID"],
                marketplace_ids=(MARKETPLACE,),
                services_host=self.amazon.url,
                token_host=self.amazon.url,
            ),
            destination=Destination(kind=kind, url=to or self.store.url, secrets=(secret,)),
            start=now - timedelta(hours=3),
            created_at=now,
            poll_every=timedelta(minutes=1),
        )
        async with await Storage.open(self.database) as storage:
            await (await storage.unlock(None)).accounts.add(account)

    @asynccontextmanager
    async def at_work(self, **given: str) -> AsyncIterator[None]:
        """Serve and work, as `up` does with these settings, for as long as the block lasts."""
        more = {f"AMAZON_ENDPOINT_{name.upper()}": value for name, value in given.items()}
        loaded = settings.load({**self._command.settings, **more})

        @asynccontextmanager
        async def beside(storage: Storage, connector: Connector) -> AsyncIterator[Wake]:
            async with at_work(
                loaded, storage, connector, worker="tested", clock=self.clock, pace=_PACE
            ) as engine:
                yield engine.wake

        app = create_app(loaded, clock=self.clock, beside=beside)
        with capture_logs() as lines:
            self.lines = lines
            async with (
                app.router.lifespan_context(app),
                httpx2.AsyncClient(
                    transport=httpx2.ASGITransport(app=app), base_url="http://endpoint.test"
                ) as self.client,
            ):
                yield

    def place(self) -> Order:
        """An order comes to Amazon."""
        order = self._orders.pop()
        order["createdTime"] = write_time(self.amazon.now())
        self.update(order)
        return order

    def update(self, order: Order) -> None:
        """Amazon updates the order, as it is now."""
        order["lastUpdatedTime"] = write_time(self.amazon.now())
        self.amazon.add_orders(deepcopy(order))

    def later(self, seconds: float) -> None:
        """Let time pass, for Amazon too."""
        self.clock.advance(seconds)
        self.amazon.advance(seconds)

    async def post(self, shipment: Any, account: str = "shop") -> httpx2.Response:
        """Post a shipment as a store does, or whatever bytes are given."""
        body = shipment if isinstance(shipment, bytes) else json.dumps({"shipment": shipment})
        return await self.client.post(f"/v1/accounts/{account}/shipments", content=body)

    async def shipment(self, shipment_id: str) -> dict[str, Any]:
        """What is told of a shipment."""
        told: dict[str, Any] = (
            await self.client.get(f"/v1/accounts/shop/shipments/{shipment_id}")
        ).json()
        return told

    def logged(self, event: str) -> list[dict[str, Any]]:
        """What was logged under this name."""
        return [one for one in self.lines if one["event"] == event]

    async def logs(self, event: str, times: int = 1) -> str:
        """The line of this name, once it was logged so often; time passes meanwhile."""

        def enough() -> bool:
            return len(self.logged(event)) >= times

        await self.passing(enough)
        return json.dumps(self.logged(event)[-1])

    async def fails(self, times: int) -> str:
        """The line that tells that a poll failed so often in a row."""
        await self.passing(
            lambda: any(one["attempts"] == times for one in self.logged("page_failed"))
        )
        return json.dumps(self.logged("page_failed")[-1])

    async def passing(self, holds: Callable[[], bool]) -> None:
        """Let time pass until it holds, a minute at a time as long as nothing happens."""
        async with asyncio.timeout(60):
            while not holds():
                self.later(60)
                for _ in range(15):
                    if not holds():
                        await asyncio.sleep(0.02)

    async def imported(self, order: Order) -> None:
        """The order comes to the store, once."""
        await self.passing(lambda: bool(self.store.told(order)))
        assert self.store.told(order) == ["order:import"]


def of(order: Order, **changes: Any) -> dict[str, Any]:
    """A shipment of all that was ordered."""
    return {
        "number": "H1",
        "order_number": order["orderId"],
        "tracking": "1Z999AA10000000001",
        "shipping_method": "UPS Ground",
        "items": [
            {"sku": sku, "quantity": quantity}
            for sku, quantity in ordered_units(order, "sellerSku").items()
        ],
    } | changes

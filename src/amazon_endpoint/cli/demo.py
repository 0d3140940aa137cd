"""`demo`: the whole loop on the local Amazon, through the real HTTP endpoint and to a store."""

import asyncio
import re
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from decimal import Decimal
from pathlib import Path
from subprocess import Popen
from typing import Any

import click
import httpx2
import msgspec

from amazon_endpoint import settings
from amazon_endpoint.cli.child import OURS, child
from amazon_endpoint.cli.demo_hub import DemoFailed, Hub, Store, add_account
from amazon_endpoint.cli.endpoint import Endpoint, account_parameters, message, open_endpoint
from amazon_endpoint.cli.order_table import ImportedOrder, Item, imported, order_table
from amazon_endpoint.cli.orders import read_on
from amazon_endpoint.cli.output import show
from amazon_endpoint.cli.poll_state import CURSOR, PollState
from amazon_endpoint.cli.reply import Reply
from amazon_endpoint.cli.sandbox import MARKETPLACES, environment
from amazon_endpoint.cli.waiting import working
from amazon_endpoint.clock import Clock, SystemClock
from amazon_endpoint.errors import Later
from amazon_endpoint.hub.v5.message import Service
from amazon_endpoint.money import ZERO
from amazon_endpoint.settings import Settings

_FOLDER = Path(".state")
_ROWS = 15

# Pages short enough to see several, and within the quota that Amazon publishes.
_LOCAL_AMAZON = ("--page-cap", "20", "--queue-seconds", "0.5", "--progress-seconds", "0.5")
_ADDRESS = re.compile(r"listens on (http://\S+) ")

# Before any order that the local Amazon makes up.
_SINCE = "2000-01-01T00:00:00Z"

# In seconds. Feeds take one.
_PAUSE, _TRIES = 0.1, 300


@click.command()
@click.option("--once", is_flag=True, help="End afterwards instead of leaving all running.")
@click.option(
    "--store",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="The example store: examples/receiver.py.",
)
def command(once: bool, store: Path) -> None:
    """Show the whole loop on the local Amazon: orders in, shipments confirmed.

    Starts a local Amazon, an example store and the endpoint, reads all orders as a hub does,
    confirms two shipments and follows what becomes of them. Then it sees all orders come to the
    store, and a shipment of the store's confirmed. Every step is checked. All three run on until
    Ctrl-C. Everything is kept in .state.
    """
    _FOLDER.mkdir(exist_ok=True)
    for left in _FOLDER.glob("demo.db*"):
        left.unlink()
    with ExitStack() as children:
        demo = _Demo(children, store, SystemClock())
        asyncio.run(demo.run())
        if not once:
            demo.tell_how_to_go_on()
            with suppress(KeyboardInterrupt):
                asyncio.run(demo.until_one_ends())


def _environment(amazon: str, store: str) -> dict[str, str]:
    given = environment(amazon)
    hosts = (given["AMAZON_ENDPOINT_ALLOWED_HOSTS"], store.removeprefix("http://"))
    return given | {
        "AMAZON_ENDPOINT_TOKEN": secrets.token_hex(16),
        "AMAZON_ENDPOINT_DATABASE": str(_FOLDER / "demo.db"),
        "AMAZON_ENDPOINT_ALLOWED_HOSTS": ",".join(hosts),
    }


def _account_of_the_store(given: Mapping[str, str], secret: str) -> dict[str, str]:
    # Another seller, who has a quota of its own.
    return {**given} | {
        "AMAZON_ENDPOINT_REFRESH_TOKEN": "local-seller-of-the-store",
        "AMAZON_ENDPOINT_SELLER_ID": "LOCALSTORE",
        "AMAZON_ENDPOINT_DESTINATION_SECRET": secret,
    }


class _Demo:
    """The steps, each checked. What it starts ends with `children`."""

    def __init__(self, children: ExitStack, store: Path, clock: Clock) -> None:
        self._children = children
        self._store_file = store
        self._store = Store(_FOLDER / "demo.db.store")
        self._clock = clock
        self._running: dict[Path, Popen[bytes]] = {}
        self._settings = Settings()
        self._amazon = self._endpoint = self._store_url = ""

    async def run(self) -> None:
        """Do it all.

        Raises:
            EndpointError: a step did not end as it should.
        """
        with working("Starting the local Amazon, the store and the endpoint"):
            self._amazon = await self._listening({}, 8001, "sandbox", *_LOCAL_AMAZON)
            secret = f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"
            store = [str(self._store_file), "0", str(_FOLDER / "demo.db.store")]
            self._store_url = await self._started("store", store, {"WEBHOOK_SECRET": secret})
            given = _environment(self._amazon, self._store_url)
            self._settings = settings.load(given)
            # Before there is anybody at work, who would look for new accounts in a minute.
            add_account(_account_of_the_store(given, secret), self._store_url, _SINCE)
            self._endpoint = await self._listening(given, 8000, "up")
        async with (
            httpx2.AsyncClient(
                base_url=self._endpoint,
                headers={"X-Hub-Token": self._settings.token or ""},
                trust_env=False,
            ) as client,
            open_endpoint(self._settings, self._clock, via=self._endpoint) as endpoint,
        ):
            healthy = await client.get("/health")
            _expect(healthy.status_code == 200, "The endpoint is not healthy.")
            _done(f"The local Amazon runs at {self._amazon}")
            _done(f"The endpoint runs at {self._endpoint}")
            orders = await self._show_orders(endpoint, client)
            hub = Hub(client, self._store, self._clock)
            held = {
                order["orderId"]
                for order in await self._merchants_orders(client)
                if "proceeds" in order
            }
            await hub.bring(held)
            _done(f"{len(held)} orders of any status came to the store by themselves, each once.")
            await self._show_shipments(endpoint, hub, orders)

    async def _listening(
        self, given: Mapping[str, str], port: int, name: str, *options: str
    ) -> str:
        """Where a command of ours listens that was started: at this port, if it is free."""
        try:
            arguments = [*OURS, name, *options, "--port"]
            return await self._started(name, [*arguments, str(port)], given)
        except DemoFailed:
            return await self._started(name, [*arguments, "0"], given)

    async def _started(self, name: str, arguments: Sequence[str], given: Mapping[str, str]) -> str:
        """Where a server says that it listens."""
        log = _FOLDER / f"{name}.log"
        process = self._children.enter_context(child(arguments, given, log))
        for _ in range(_TRIES):
            if address := _ADDRESS.search(log.read_text()):
                self._running[log] = process
                return address[1]
            if process.poll() is not None:
                break
            await self._clock.sleep(_PAUSE)
        raise _ended(log)

    async def _show_orders(
        self, endpoint: Endpoint, client: httpx2.AsyncClient
    ) -> list[ImportedOrder]:
        messages = await self._import(endpoint)
        orders = [imported(one) for one in messages]
        show(order_table(messages[:_ROWS]))
        if len(orders) > _ROWS:
            click.echo(f"… and {len(orders) - _ROWS} more")
        pages, held = await self._held(client)
        _expect(
            {order.number for order in orders} == held and len(orders) == len(held),
            f"{len(orders)} orders came, the local Amazon holds {len(held)}.",
        )
        _done(f"{len(orders)} orders in {pages} pages, as many as it holds: {_sums(orders)}.")

        return orders

    async def _show_shipments(
        self, endpoint: Endpoint, hub: Hub, orders: Sequence[ImportedOrder]
    ) -> None:
        part, whole, third, *_ = _to_be_shipped(orders)
        first, *_ = part.line_items
        one_unit = (Item(sku=first.sku, quantity=1),)
        await self._ship(endpoint, part, one_unit, "PartiallyShipped")
        await self._ship(endpoint, whole, whole.line_items, "Shipped")
        await hub.ship(third)
        _done(f"The store shipped order {third.number}. Amazon confirmed, and the store was told.")

    async def _import(self, endpoint: Endpoint) -> list[msgspec.Raw]:
        messages: list[msgspec.Raw] = []
        state = PollState(None)
        state.begin(_SINCE)
        await read_on(
            endpoint,
            state,
            {},
            lambda reply: messages.extend(reply.messages),
            self._clock,
            waits=False,
        )
        return messages

    async def _ship(
        self, endpoint: Endpoint, order: ImportedOrder, items: Sequence[Item], status: str
    ) -> None:
        """Confirm a shipment, follow its feed, and see that the order has this status then."""
        shipment = {
            "number": f"H{order.number[-7:]}",
            "order_number": order.number,
            "tracking": f"1Z999AA1{order.number[-7:]}",
            "shipping_method": "UPS Ground",
            "items": items,
        }
        with working(f"Confirming a shipment of order {order.number}"):
            reply = await endpoint.ask(Service.SHIPMENT_CONFIRM, {"shipment": shipment}, {})
            reply.check()
            _expect(len(reply.messages) == 1, "The confirmation has no feed.")
            payload = msgspec.json.decode(reply.messages[0])["payload"]
            result = await self._followed(endpoint, payload)
            found = await endpoint.ask(
                Service.IMPORT_BY_NUMBER, {"amazon_order_id": order.number}, {}
            )
            found.check()
        told = " ".join(one.description for one in result.notifications)
        _expect(all(one.level == "info" for one in result.notifications), told)
        shown = imported(found.messages[0]).status
        _expect(shown == status, f"Order {order.number} is {shown} and should be {status}.")
        units = ", ".join(f"{item.quantity} × {item.sku}" for item in items)
        _done(f"Shipped {units} of order {order.number}. {told}. The order is {shown} now.")

    async def _followed(self, endpoint: Endpoint, payload: Mapping[str, str]) -> Reply:
        for _ in range(_TRIES):
            try:
                reply = await endpoint.ask(Service.FEED_STATUS, payload, {})
            except Later:
                # The local Amazon is quicker than the delay that a hub is asked for.
                await self._clock.sleep(_PAUSE)
            else:
                reply.check()
                return reply
        raise DemoFailed(f"Feed {payload['feed_id']} does not come to an end.")

    async def _held(self, client: httpx2.AsyncClient) -> tuple[int, set[str]]:
        """How many pages were asked of the local Amazon, and what they should have brought."""
        state = (await client.get(f"{self._amazon}/_sandbox/state")).json()
        return state["calls"]["searchOrders"], {
            order["orderId"]
            for order in await self._merchants_orders(client)
            if order["fulfillment"]["fulfillmentStatus"] in {"UNSHIPPED", "PARTIALLY_SHIPPED"}
        }

    async def _merchants_orders(self, client: httpx2.AsyncClient) -> list[dict[str, Any]]:
        orders = (await client.get(f"{self._amazon}/_sandbox/orders")).json()["orders"]
        return [
            order
            for order in orders
            if order["salesChannel"].get("marketplaceId") in MARKETPLACES.split(",")
            and order["fulfillment"]["fulfilledBy"] == "MERCHANT"
        ]

    def tell_how_to_go_on(self) -> None:
        """Say how to use what runs."""
        poll = _FOLDER / "get_orders.json"
        account = account_parameters(self._settings)
        poll.write_bytes(message(Service.ORDER_POLL, {}, {**account, CURSOR: _SINCE}))
        token = self._settings.token
        click.echo(
            f"\nThe local Amazon   {self._amazon}\n"
            f"The endpoint       {self._endpoint}\n"
            f"The store          {self._store_url}, its orders in {_FOLDER / 'demo.db.store'}\n"
            f"Its token          {token}\n"
            f"In a browser       {self._endpoint}/docs (any user name, the token as password)\n\n"
            f"  curl -H 'X-Hub-Token: {token}' {self._endpoint}/auth -i\n"
            f"  curl -H 'X-Hub-Token: {token}' -d @{poll} {self._endpoint}/get_orders\n\n"
            "All three run until Ctrl-C."
        )

    async def until_one_ends(self) -> None:
        """Wait for what should not happen."""
        while True:
            for log, process in self._running.items():
                if process.poll() is not None:
                    raise _ended(log)
            await self._clock.sleep(_PAUSE)


def _to_be_shipped(orders: Sequence[ImportedOrder]) -> list[ImportedOrder]:
    """Those of several units, of which nothing is shipped yet."""
    several = [
        order
        for order in orders
        if order.status == "Unshipped" and sum(item.quantity for item in order.line_items) > 1
    ]
    _expect(len(several) > 2, "There are no three orders with several units to ship.")
    return several


def _sums(orders: Sequence[ImportedOrder]) -> str:
    sums: dict[str, Decimal] = {}
    for order in orders:
        sums[order.currency] = sums.get(order.currency, ZERO) + order.totals.order
    return ", ".join(f"{total:,f} {currency}" for currency, total in sums.items())


def _done(what: str) -> None:
    click.echo(f"{click.style('✓', fg='green')} {what}")


def _expect(true: bool, otherwise: str) -> None:
    if not true:
        raise DemoFailed(otherwise)


def _ended(log: Path) -> DemoFailed:
    return DemoFailed(f"`{log.stem}` does not run: {log.read_text().strip()}")

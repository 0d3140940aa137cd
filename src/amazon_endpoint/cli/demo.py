"""`demo`: the whole loop on the local Amazon, through the real HTTP endpoint."""

import asyncio
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from decimal import Decimal
from pathlib import Path
from subprocess import Popen

import click
import httpx2
import msgspec

from amazon_endpoint import settings
from amazon_endpoint.cli.child import child
from amazon_endpoint.cli.endpoint import Endpoint, account_parameters, message, open_endpoint
from amazon_endpoint.cli.order_table import ImportedOrder, Item, imported, order_table
from amazon_endpoint.cli.orders import read_on
from amazon_endpoint.cli.output import show
from amazon_endpoint.cli.poll_state import CURSOR, PollState
from amazon_endpoint.cli.reply import Reply
from amazon_endpoint.cli.sandbox import MARKETPLACES, environment
from amazon_endpoint.cli.waiting import working
from amazon_endpoint.clock import Clock, SystemClock
from amazon_endpoint.errors import EndpointError, Later
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


class DemoFailed(EndpointError):
    """The demonstration did not go as it should."""


@click.command()
@click.option("--once", is_flag=True, help="End afterwards instead of leaving both running.")
def command(once: bool) -> None:
    """Show the whole loop on the local Amazon: orders in, shipments confirmed.

    Starts a local Amazon and the endpoint, reads all orders through it, confirms two shipments,
    follows what becomes of them and checks every step. Both then run until Ctrl-C. Everything is
    kept in .state.
    """
    _FOLDER.mkdir(exist_ok=True)
    with ExitStack() as children:
        demo = _Demo(children, SystemClock())
        asyncio.run(demo.run())
        if not once:
            demo.tell_how_to_go_on()
            with suppress(KeyboardInterrupt):
                asyncio.run(demo.until_one_ends())


def _environment(amazon: str) -> dict[str, str]:
    # A new seller each time: quota and confirmations of the last time are kept.
    seller = secrets.token_hex(4)
    return environment(amazon) | {
        "AMAZON_ENDPOINT_TOKEN": secrets.token_hex(16),
        "AMAZON_ENDPOINT_DATABASE": str(_FOLDER / "endpoint.db"),
        "AMAZON_ENDPOINT_REFRESH_TOKEN": f"local-seller-{seller}",
        "AMAZON_ENDPOINT_SELLER_ID": f"LOCAL{seller.upper()}",
    }


class _Demo:
    """The steps, each checked. What it starts ends with `children`."""

    def __init__(self, children: ExitStack, clock: Clock) -> None:
        self._children = children
        self._clock = clock
        self._running: dict[Path, Popen[bytes]] = {}
        self._settings = Settings()
        self._amazon = self._endpoint = ""

    async def run(self) -> None:
        """Do it all.

        Raises:
            EndpointError: a step did not end as it should.
        """
        with working("Starting the local Amazon and the endpoint"):
            self._amazon = await self._started({}, 8001, "sandbox", *_LOCAL_AMAZON)
            given = _environment(self._amazon)
            self._settings = settings.load(given)
            self._endpoint = await self._started(given, 8000, "serve")
        async with (
            httpx2.AsyncClient(trust_env=False) as client,
            open_endpoint(self._settings, self._clock, via=self._endpoint) as endpoint,
        ):
            healthy = await client.get(f"{self._endpoint}/health")
            _expect(healthy.status_code == 200, "The endpoint is not healthy.")
            _done(f"The local Amazon runs at {self._amazon}")
            _done(f"The endpoint runs at {self._endpoint}")
            await self._show(endpoint, client)

    async def _started(self, given: Mapping[str, str], port: int, name: str, *options: str) -> str:
        """Where a command of ours listens that was started: at this port, if it is free."""
        log = _FOLDER / f"{name}.log"
        for wish in (port, 0):
            arguments = [name, "--port", str(wish), *options]
            process = self._children.enter_context(child(arguments, given, log))
            for _ in range(_TRIES):
                if address := _ADDRESS.search(log.read_text()):
                    self._running[log] = process
                    return address[1]
                if process.poll() is not None:
                    break
                await self._clock.sleep(_PAUSE)
        raise _ended(log)

    async def _show(self, endpoint: Endpoint, client: httpx2.AsyncClient) -> None:
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

        part, whole = _chosen(orders)
        first, *_ = part.line_items
        one_unit = (Item(sku=first.sku, quantity=1),)
        await self._ship(endpoint, part, one_unit, "PartiallyShipped")
        await self._ship(endpoint, whole, whole.line_items, "Shipped")

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
        orders = (await client.get(f"{self._amazon}/_sandbox/orders")).json()["orders"]
        return state["calls"]["searchOrders"], {
            order["orderId"]
            for order in orders
            if order["salesChannel"].get("marketplaceId") in MARKETPLACES.split(",")
            and order["fulfillment"]["fulfilledBy"] == "MERCHANT"
            and order["fulfillment"]["fulfillmentStatus"] in {"UNSHIPPED", "PARTIALLY_SHIPPED"}
        }

    def tell_how_to_go_on(self) -> None:
        """Say how to use what runs."""
        poll = _FOLDER / "get_orders.json"
        account = account_parameters(self._settings)
        poll.write_bytes(message(Service.ORDER_POLL, {}, {**account, CURSOR: _SINCE}))
        token = self._settings.token
        click.echo(
            f"\nThe local Amazon   {self._amazon}\n"
            f"The endpoint       {self._endpoint}\n"
            f"Its token          {token}\n"
            f"In a browser       {self._endpoint}/docs (any user name, the token as password)\n\n"
            f"  curl -H 'X-Hub-Token: {token}' {self._endpoint}/auth -i\n"
            f"  curl -H 'X-Hub-Token: {token}' -d @{poll} {self._endpoint}/get_orders\n\n"
            "Both run until Ctrl-C."
        )

    async def until_one_ends(self) -> None:
        """Wait for what should not happen."""
        while True:
            for log, process in self._running.items():
                if process.poll() is not None:
                    raise _ended(log)
            await self._clock.sleep(_PAUSE)


def _chosen(orders: Sequence[ImportedOrder]) -> tuple[ImportedOrder, ImportedOrder]:
    """An order to ship in part, and one to ship as a whole."""
    several = [
        order
        for order in orders
        if order.status == "Unshipped" and sum(item.quantity for item in order.line_items) > 1
    ]
    _expect(len(several) > 1, "There are no two orders with several units to ship.")
    return several[0], several[1]


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

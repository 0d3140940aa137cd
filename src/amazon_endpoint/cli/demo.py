"""`demo`: the whole loop on the local Amazon, through the real HTTP endpoint."""

import asyncio
import secrets
from collections import Counter
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
from amazon_endpoint.cli.child import child
from amazon_endpoint.cli.endpoint import Endpoint, account_parameters, message, open_endpoint
from amazon_endpoint.cli.listening import free_port
from amazon_endpoint.cli.order_table import ImportedOrder, Item, imported, order_table
from amazon_endpoint.cli.orders import read_on
from amazon_endpoint.cli.output import show
from amazon_endpoint.cli.poll_state import CURSOR, PollState
from amazon_endpoint.cli.reply import Reply
from amazon_endpoint.cli.sandbox import environment
from amazon_endpoint.cli.waiting import working
from amazon_endpoint.clock import Clock, SystemClock
from amazon_endpoint.errors import EndpointError, Later
from amazon_endpoint.hub.v5.message import Service
from amazon_endpoint.settings import Settings

_FOLDER = Path(".state")
_ROWS = 15

# Short enough to see orders come in pages, and within the quota that Amazon publishes.
_PAGE_CAP = 20

# Before any order that the local Amazon makes up.
_SINCE = "2000-01-01T00:00:00Z"

_TRIES, _SECONDS_BETWEEN = 300, 0.1


class DemoFailed(EndpointError):
    """The demonstration did not go as it should."""


class _Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything runs, and the account that it runs for."""

    amazon: str
    endpoint: str
    environment: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        return settings.load(self.environment)


@click.command()
@click.option("--once", is_flag=True, help="End afterwards instead of leaving both running.")
def command(once: bool) -> None:
    """Show the whole loop on the local Amazon: orders in, shipments confirmed.

    Starts a local Amazon and the endpoint, reads all orders through it, confirms two shipments,
    follows what becomes of them and checks every step. Both then run until Ctrl-C. Everything is
    kept in .state.
    """
    _FOLDER.mkdir(exist_ok=True)
    stage = _stage()
    with ExitStack() as children:
        running = {
            name: children.enter_context(child(arguments, stage.environment, _log(name)))
            for name, arguments in _commands(stage).items()
        }
        asyncio.run(_Demo(stage, running, SystemClock()).run())
        if not once:
            _tell_how_to_go_on(stage)
            with suppress(KeyboardInterrupt):
                asyncio.run(_until_one_ends(running, SystemClock()))


def _stage() -> _Stage:
    amazon = f"http://127.0.0.1:{free_port(8001)}"
    endpoint = f"http://127.0.0.1:{free_port(8000)}"
    # A new seller each time: quota and confirmations of the last time are kept.
    seller = secrets.token_hex(4)
    given = {
        "AMAZON_ENDPOINT_TOKEN": secrets.token_hex(16),
        "AMAZON_ENDPOINT_DATABASE": str(_FOLDER / "endpoint.db"),
        "AMAZON_ENDPOINT_REFRESH_TOKEN": f"local-seller-{seller}",
        "AMAZON_ENDPOINT_SELLER_ID": f"LOCAL{seller.upper()}",
    }
    return _Stage(amazon=amazon, endpoint=endpoint, environment=environment(amazon) | given)


def _commands(stage: _Stage) -> dict[str, list[str]]:
    return {
        "sandbox": [
            *("sandbox", "--port", stage.amazon.rpartition(":")[2]),
            *("--page-cap", str(_PAGE_CAP), "--queue-seconds", "0.5", "--progress-seconds", "0.5"),
        ],
        "serve": ["serve", "--port", stage.endpoint.rpartition(":")[2]],
    }


def _log(name: str) -> Path:
    return _FOLDER / f"{name}.log"


class _Demo:
    """The steps, each checked."""

    def __init__(self, stage: _Stage, running: Mapping[str, Popen[bytes]], clock: Clock) -> None:
        self._stage = stage
        self._running = running
        self._clock = clock

    async def run(self) -> None:
        """Do it all.

        Raises:
            EndpointError: a step did not end as it should.
        """
        async with httpx2.AsyncClient(trust_env=False) as client:
            with working("Starting the local Amazon and the endpoint"):
                await self._answers(client, f"{self._stage.amazon}/_sandbox/state")
                await self._answers(client, f"{self._stage.endpoint}/health")
            _done(f"The local Amazon runs at {self._stage.amazon}")
            _done(f"The endpoint runs at {self._stage.endpoint}")
            async with open_endpoint(
                self._stage.settings, self._clock, via=self._stage.endpoint
            ) as endpoint:
                await self._show(endpoint, client)

    async def _answers(self, client: httpx2.AsyncClient, url: str) -> None:
        for _ in range(_TRIES):
            with suppress(httpx2.TransportError):
                if (await client.get(url)).status_code == 200:
                    return
            for name, process in self._running.items():
                if process.poll() is not None:
                    raise DemoFailed(f"`{name}` ended: {_log(name).read_text().strip()}")
            await self._clock.sleep(_SECONDS_BETWEEN)
        raise DemoFailed(f"{url} does not answer.")

    async def _show(self, endpoint: Endpoint, client: httpx2.AsyncClient) -> None:
        messages = await self._import(endpoint)
        orders = [imported(one) for one in messages]
        show(order_table(messages[:_ROWS]))
        if len(orders) > _ROWS:
            click.echo(f"… and {len(orders) - _ROWS} more")
        state, held = await _held(client, self._stage)
        _expect(
            {order.number for order in orders} == held and len(orders) == len(held),
            f"{len(orders)} orders came, the local Amazon holds {len(held)}.",
        )
        pages = state["calls"]["searchOrders"]
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
                await self._clock.sleep(_SECONDS_BETWEEN)
            else:
                reply.check()
                return reply
        raise DemoFailed(f"Feed {payload['feed_id']} does not come to an end.")


async def _held(client: httpx2.AsyncClient, stage: _Stage) -> tuple[dict[str, Any], set[str]]:
    """The local Amazon's state, and the numbers of the orders that a poll has to bring."""
    state = (await client.get(f"{stage.amazon}/_sandbox/state")).json()
    orders = (await client.get(f"{stage.amazon}/_sandbox/orders")).json()["orders"]
    marketplaces = stage.environment["AMAZON_ENDPOINT_MARKETPLACE_ID"].split(",")
    return state, {
        order["orderId"]
        for order in orders
        if order["salesChannel"].get("marketplaceId") in marketplaces
        and order["fulfillment"]["fulfilledBy"] == "MERCHANT"
        and order["fulfillment"]["fulfillmentStatus"] in {"UNSHIPPED", "PARTIALLY_SHIPPED"}
    }


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
    sums: Counter[str] = Counter()
    for order in orders:
        sums[order.currency] += order.totals.order  # type: ignore[assignment]
    return ", ".join(f"{Decimal(total):,f} {currency}" for currency, total in sums.items())


def _done(what: str) -> None:
    click.echo(f"{click.style('✓', fg='green')} {what}")


def _expect(true: bool, otherwise: str) -> None:
    if not true:
        raise DemoFailed(otherwise)


def _tell_how_to_go_on(stage: _Stage) -> None:
    account = account_parameters(stage.settings)
    poll = _FOLDER / "get_orders.json"
    poll.write_bytes(message(Service.ORDER_POLL, {}, {**account, CURSOR: _SINCE}))
    token = stage.settings.token
    click.echo(
        f"\nThe local Amazon   {stage.amazon}\n"
        f"The endpoint       {stage.endpoint}\n"
        f"Its token          {token}\n"
        f"In a browser       {stage.endpoint}/docs (any user name, the token as password)\n\n"
        f"  curl -H 'X-Hub-Token: {token}' {stage.endpoint}/auth -i\n"
        f"  curl -H 'X-Hub-Token: {token}' -d @{poll} {stage.endpoint}/get_orders\n\n"
        "Both run until Ctrl-C."
    )


async def _until_one_ends(running: Mapping[str, Popen[bytes]], clock: Clock) -> None:
    while all(process.poll() is None for process in running.values()):
        await clock.sleep(_SECONDS_BETWEEN)
    for name, process in running.items():
        if process.poll() is not None:
            raise DemoFailed(f"`{name}` ended: {_log(name).read_text().strip()}")

"""Calls: how often Amazon is asked until orders are there with items, buyer, address and prices."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode
from urllib.request import urlopen

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.port import OrderQuery
from amazon_endpoint.amazon.quota import Bucket, QuotaKey, Rate, full
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.clock import SystemClock
from amazon_endpoint.orders import Order
from amazon_endpoint.sandbox.generator import made_up_orders
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.orders import Json
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from benchmarks import peers
from benchmarks.rows import Row, Size

_PAGE = 100
_MARKETPLACE = "ATVPDKIKX0DER"


class _Parts(NamedTuple):
    """An order's number and items, and whether it has a buyer, an address and charges."""

    number: str
    items: int
    buyer: bool
    address: bool
    charges: bool


def calls(size: Size) -> Iterator[Row]:
    """Nothing varies: one sample."""
    orders = 10_000 if size is Size.FULL else 2 * _PAGE
    options = SandboxOptions(port=0, orders=orders, marketplaces=(_MARKETPLACE,), quotas=False)
    with run_in_thread(options) as amazon:
        read = asyncio.run(_read(amazon))
        made = sum(amazon.state()["calls"].values()) - amazon.calls("token")
        remarks = _by_peer(amazon, orders)
    if read != {_made_up(one) for one in made_up_orders(options, datetime.now(UTC))}:
        raise RuntimeError("Not every order was read with all that Amazon has of it.")
    yield Row(
        name="calls per 1,000 orders",
        ours=(made * 1000 / orders,),
        theirs=(1000 / _PAGE,),
        unit="calls",
        against="pages of 100 orders, the most that Amazon gives",
        at_most=1,
        remarks=remarks,
    )


async def _read(amazon: RunningSandbox) -> set[_Parts]:
    """The orders of a window, through the product's own port."""
    hosts = AllowedHosts([amazon.host])
    connector = Connector(quotas=_Unlimited(), clock=SystemClock(), hosts=hosts)
    account = Account(
        credentials=SellingPartnerCredentials(
            client_id="application", client_secret="secret", refresh_token="Atzr|seller"
        ),
        seller_id="SELLER",
        marketplace_ids=(_MARKETPLACE,),
        services_host=amazon.url,
        token_host=amazon.url,
    )
    try:
        port = connector.connect(account)
        until = await port.latest_upper_bound()
        query = OrderQuery(
            after=until - timedelta(days=60), before=until, marketplace_ids=(_MARKETPLACE,)
        )
        page = await port.search_orders(query, None)
        orders = list(page.orders)
        while page.next_token:
            page = await port.search_orders(query, page.next_token)
            orders += page.orders
        return {_as_read(order) for order in orders}
    finally:
        await connector.aclose()


def _as_read(order: Order) -> _Parts:
    return _Parts(
        order.number,
        len(order.items),
        bool(order.buyer_name or order.buyer_email),
        order.shipping_address is not None,
        order.charges is not None,
    )


def _made_up(order: Json) -> _Parts:
    return _Parts(
        order["orderId"],
        len(order["orderItems"]),
        "buyer" in order,
        "recipient" in order,
        "proceeds" in order,
    )


class _Unlimited:
    """Quotas without limit: counted is what is called, not when."""

    async def take(self, *_: object) -> datetime | None:
        return None

    async def due(self, *_: object) -> datetime | None:
        return None

    async def bucket(self, _key: QuotaKey, plan: Rate, now: datetime) -> Bucket:
        return full(plan, now)

    async def learn(self, *_: object, **__: object) -> None:
        return None


def _by_peer(amazon: RunningSandbox, orders: int) -> str:
    """What the same orders take the best-known client."""
    if missing := peers.unavailable():
        return f"python-amazon-sp-api's calls were not counted: {missing}."
    grant = {"client_id": "peer", "client_secret": "secret", "refresh_token": "Atzr|seller"}
    asked = urlencode({"grant_type": "refresh_token", **grant}).encode()
    with urlopen(f"{amazon.url}/auth/o2/token", asked) as answer:
        token = json.load(answer)["access_token"]
    before = amazon.calls("searchOrders")
    with peers.run("caller.py", amazon.url, token) as process:
        told, _ = process.communicate(timeout=60)
    if told.split() != [str(orders)]:
        raise RuntimeError("python-amazon-sp-api did not read the orders.")
    made = amazon.calls("searchOrders") - before
    return (
        f"python-amazon-sp-api makes {made * 1000 / orders:g} as well, where it is told to use "
        "version 2026-01-01."
    )

"""Calls: how often Amazon is asked until orders are there with items, buyer, address and prices."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.port import OrderQuery
from amazon_endpoint.amazon.quota import Bucket, QuotaKey, Rate, full
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.clock import SystemClock
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from benchmarks import peers
from benchmarks.rows import Row, Size

_PAGE = 100
_MARKETPLACE = "ATVPDKIKX0DER"


def calls(size: Size) -> Iterator[Row]:
    """Nothing varies: one sample."""
    orders = 10_000 if size is Size.FULL else 2 * _PAGE
    options = SandboxOptions(port=0, orders=orders, marketplaces=(_MARKETPLACE,), quotas=False)
    with run_in_thread(options) as amazon:
        read = asyncio.run(_read(amazon))
        made = sum(amazon.state()["calls"].values()) - amazon.calls("token")
    if read != orders:
        raise RuntimeError(f"{read} of {orders} orders were read.")
    yield Row(
        name="calls per 1,000 orders",
        ours=(made * 1000 / orders,),
        theirs=(1000 / _PAGE,),
        unit="calls",
        against="pages of 100 orders, the most that Amazon gives",
        at_most=1,
        remarks=_as_documented(),
    )


async def _read(amazon: RunningSandbox) -> int:
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
        return len({order.number for order in orders if order.items})
    finally:
        await connector.aclose()


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


def _as_documented() -> str:
    """What the way comes to that a peer documents, counted by a server that it runs against."""
    if missing := peers.unavailable():
        return f"python-amazon-sp-api's own way was not counted: {missing}."
    orders = 3 * _PAGE
    with _counting(orders) as (url, asked), peers.run("caller.py", url) as process:
        told, _ = process.communicate(timeout=60)
    if told.split() != [str(orders)]:
        raise RuntimeError("python-amazon-sp-api did not read the orders.")
    return (
        f"{len(asked) * 1000 / orders:,.0f} calls by python-amazon-sp-api as it documents, counted "
        "by a server of ours that it ran against: getOrders of version 0, and of each order "
        "getOrderItems, getOrderBuyerInfo and getOrderAddress."
    )


@contextmanager
def _counting(orders: int) -> Iterator[tuple[str, list[str]]]:
    """A server that speaks so much of Orders v0, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked.append(url.path)
            payload: dict[str, object] = {"AmazonOrderId": "-", "OrderItems": []}
            if url.path == "/orders/v0/orders":
                first = int(parse_qs(url.query).get("NextToken", ["0"])[0])
                after = min(first + _PAGE, orders)
                payload = {"Orders": [{"AmazonOrderId": f"{n}"} for n in range(first, after)]}
                payload |= {"NextToken": str(after)} if after < orders else {}
            body = json.dumps({"payload": payload}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()

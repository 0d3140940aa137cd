"""From Amazon to a store, durably: many accounts, polled and delivered, against posting alone.

``python -m benchmarks.durable sqlite|postgresql [accounts]``
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import msgspec

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.port import OrderQuery
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.clock import SystemClock
from amazon_endpoint.outbound import Outbound
from amazon_endpoint.storage import Storage
from amazon_endpoint.stores.messages import order_message
from amazon_endpoint.stores.port import Delivered, Delivery, Destination, MessageKind
from amazon_endpoint.stores.webhook import WebhookStore
from amazon_endpoint.sync.accounts import SyncAccount
from tests.chaos.orders import plain_orders
from tests.postgresql import running_postgresql

_MARKETPLACE = "ATVPDKIKX0DER"
_KEY = b64encode(bytes(32)).decode()
_SECRET = f"whsec_{b64encode(bytes(32)).decode()}"
_ORDERS_EACH = 100
_AT_ONCE = 32
_PLAIN = 3000


class Durable(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to; `ratio` is to posting alone. `repeated` messages came more than once."""

    orders: int
    orders_per_second: float
    plain_per_second: float
    ratio: float
    peak_megabytes: tuple[float, ...]
    repeated: int


def measure(database: str, folder: Path, *, workers: int, accounts: int) -> Durable:
    """Bring 100 orders of each account from a local Amazon to a store that answers at once."""
    scenario = folder / "scenario.json"
    placed = datetime.now(UTC) - timedelta(days=1)
    scenario.write_text(json.dumps({"orders": plain_orders(_ORDERS_EACH, 1, placed)}))
    with ExitStack() as stack:
        amazon = stack.enter_context(
            _server(
                *("-m", "amazon_endpoint", "sandbox", "--port", "0", "--no-quotas"),
                *("--scenario", str(scenario)),
            )
        )
        store = stack.enter_context(_server("-m", "benchmarks.store"))
        plain = asyncio.run(_prepare(database, accounts, amazon, store))
        before = _taken(store)
        began = time.perf_counter()
        processes = [
            stack.enter_context(_worker(number, database, folder, amazon, store))
            for number in range(workers)
        ]
        expected = accounts * _ORDERS_EACH
        while (after := _taken(store))["messages"] - before["messages"] < expected:
            if any(process.poll() is not None for process in processes):
                raise RuntimeError(f"A worker ended by itself: see {folder}.")
            time.sleep(0.1)
        seconds = time.perf_counter() - began
        return Durable(
            orders=expected,
            orders_per_second=expected / seconds,
            plain_per_second=plain,
            ratio=expected / seconds / plain,
            peak_megabytes=tuple(map(_peak_megabytes, processes)),
            repeated=after["arrivals"] - before["arrivals"] - expected,
        )


async def _prepare(database: str, accounts: int, amazon: str, store: str) -> float:
    """Add the accounts, and measure posting alone: the same messages, the same client."""
    clock = SystemClock()
    hosts = AllowedHosts([amazon.removeprefix("http://"), store.removeprefix("http://")])
    async with await Storage.open(database) as storage:
        kept = await storage.unlock(_KEY)
        for number in range(accounts):
            await kept.accounts.add(_account(number, amazon, store))
        connector = Connector(quotas=storage.quotas, clock=clock, hosts=hosts)
        try:
            first = connector.connect(_account(0, amazon, store).account)
            until = await first.latest_upper_bound()
            query = OrderQuery(
                after=until - timedelta(days=90), before=until, marketplace_ids=(_MARKETPLACE,)
            )
            page = await first.search_orders(query, None)
        finally:
            await connector.aclose()
    bodies = [
        order_message(MessageKind.ORDER_IMPORT, one, shipping_methods={}) for one in page.orders
    ]
    outbound = Outbound(may_be_private=hosts.listed)
    try:
        webhook = WebhookStore(store, [_SECRET], outbound=outbound, clock=clock)
        return await _post_plainly(webhook, bodies)
    finally:
        await outbound.aclose()


async def _post_plainly(webhook: WebhookStore, bodies: Sequence[bytes]) -> float:
    """Messages per second, where nothing is kept."""
    numbers = iter(range(_PLAIN))

    async def post() -> None:
        for number in numbers:
            delivery = Delivery(
                webhook_id=f"plain_{number}",
                kind=MessageKind.ORDER_IMPORT,
                account_id="plain",
                order_number="111-1111111-1111111",
                body=bodies[number % len(bodies)],
            )
            if await webhook.deliver(delivery) != Delivered():
                raise RuntimeError("The store did not take a message.")

    began = time.perf_counter()
    await asyncio.gather(*(post() for _ in range(_AT_ONCE)))
    return _PLAIN / (time.perf_counter() - began)


def _account(number: int, amazon: str, store: str) -> SyncAccount:
    now = datetime.now(UTC)
    return SyncAccount(
        id=f"shop-{number}",
        account=Account(
            credentials=SellingPartnerCredentials(
                client_id="application", client_secret="secret", refresh_token=f"Atzr|{number}"
            ),
            seller_id=f"SELLER{number}",
            marketplace_ids=(_MARKETPLACE,),
            services_host=amazon,
            token_host=amazon,
        ),
        destination=Destination(kind="webhook", url=store, secrets=(_SECRET,)),
        start=now - timedelta(days=90),
        created_at=now,
    )


@contextmanager
def _server(*arguments: str) -> Iterator[str]:
    """Where a server listens that runs for as long as the block lasts."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        yield next(word for word in line.split() if word.startswith("http://"))
    finally:
        process.kill()
        process.wait()


@contextmanager
def _worker(
    number: int, database: str, folder: Path, amazon: str, store: str
) -> Iterator[subprocess.Popen[bytes]]:
    hosts = ",".join(one.removeprefix("http://") for one in (amazon, store))
    given = {
        "DATABASE": database,
        "KEY": _KEY,
        "ALLOWED_HOSTS": hosts,
        "LOG_LEVEL": "warning",
    }
    with (folder / f"worker-{number}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "amazon_endpoint", "worker", "--name", f"worker-{number}"],
            env={**os.environ, **{f"AMAZON_ENDPOINT_{name}": one for name, one in given.items()}},
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _taken(store: str) -> dict[str, int]:
    with urlopen(store) as answer:
        taken: dict[str, int] = json.load(answer)
    return taken


def _peak_megabytes(process: subprocess.Popen[bytes]) -> float:
    """The largest resident memory that the process ever had (Linux)."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(one for one in status.splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    kind, accounts = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        if kind == "sqlite":
            database, workers = f"sqlite:///{folder}/endpoint.db", 1
        else:
            server = stack.enter_context(running_postgresql())
            database, workers = stack.enter_context(server.database()), 2
        told = measure(database, Path(folder), workers=workers, accounts=accounts)
        print(json.dumps({"database": kind, "workers": workers, **msgspec.to_builtins(told)}))


if __name__ == "__main__":
    main()

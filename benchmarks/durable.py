"""From Amazon to a store, durably: many accounts, polled and delivered, against posting alone.

``python -m benchmarks.durable sqlite|postgresql [accounts [orders of each]]``
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
from secrets import token_hex
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


def measure(database: str, folder: Path, *, workers: int, accounts: int, orders: int) -> Durable:
    """Bring so many orders of each account from a local Amazon to a store that answers at once."""
    scenario = folder / "scenario.json"
    placed = datetime.now(UTC) - timedelta(days=1)
    scenario.write_text(json.dumps({"orders": plain_orders(orders, 1, placed)}))
    with ExitStack() as stack:
        amazon = stack.enter_context(
            _server(
                *("-m", "amazon_endpoint", "sandbox", "--port", "0", "--no-quotas"),
                *("--scenario", str(scenario)),
            )
        )
        store = stack.enter_context(_server("-m", "benchmarks.store"))
        bodies = asyncio.run(_prepare(database, accounts, amazon, store))
        before_it = asyncio.run(_post_plainly(store, bodies))
        before = _taken(store)
        began = time.perf_counter()
        processes = [
            stack.enter_context(_worker(number, database, folder, amazon, store))
            for number in range(workers)
        ]
        expected = accounts * orders
        while (after := _taken(store))["messages"] - before["messages"] < expected:
            if any(process.poll() is not None for process in processes):
                raise RuntimeError(f"A worker ended by itself: see {folder}.")
            time.sleep(0.1)
        seconds = time.perf_counter() - began
        peaks = tuple(map(_peak_megabytes, processes))
        for process in processes:
            process.kill()
        # The machine may have changed its mind meanwhile.
        plain = (before_it + asyncio.run(_post_plainly(store, bodies))) / 2
        return Durable(
            orders=expected,
            orders_per_second=expected / seconds,
            plain_per_second=plain,
            ratio=expected / seconds / plain,
            peak_megabytes=peaks,
            repeated=after["arrivals"] - before["arrivals"] - expected,
        )


async def _prepare(database: str, accounts: int, amazon: str, store: str) -> list[bytes]:
    """Add the accounts; the messages that each will send."""
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
    return [
        order_message(MessageKind.ORDER_IMPORT, one, shipping_methods={}) for one in page.orders
    ]


async def _post_plainly(store: str, bodies: Sequence[bytes]) -> float:
    """Messages per second, the same by the same client, where nothing is kept."""
    hosts = AllowedHosts([store.removeprefix("http://")])
    outbound = Outbound(may_be_private=hosts.listed)
    webhook = WebhookStore(store, [_SECRET], outbound=outbound, clock=SystemClock())
    numbers = iter(range(_PLAIN))

    async def post() -> None:
        for number in numbers:
            delivery = Delivery(
                webhook_id=f"plain_{token_hex(8)}",
                kind=MessageKind.ORDER_IMPORT,
                account_id="plain",
                order_number="111-1111111-1111111",
                body=bodies[number % len(bodies)],
            )
            if await webhook.deliver(delivery) != Delivered():
                raise RuntimeError("The store did not take a message.")

    began = time.perf_counter()
    try:
        await asyncio.gather(*(post() for _ in range(_AT_ONCE)))
    finally:
        await outbound.aclose()
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
        "LOG_LEVEL": os.environ.get("LEVEL", "warning"),
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
    kind = sys.argv[1]
    accounts = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    orders = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        if kind == "sqlite":
            database, workers = f"sqlite:///{folder}/endpoint.db", 1
        else:
            server = stack.enter_context(running_postgresql())
            database, workers = stack.enter_context(server.database()), 2
        told = measure(database, Path(folder), workers=workers, accounts=accounts, orders=orders)
        print(
            json.dumps(
                {
                    "database": kind,
                    "workers": workers,
                    "accounts": accounts,
                    **msgspec.to_builtins(told),
                }
            )
        )


if __name__ == "__main__":
    main()

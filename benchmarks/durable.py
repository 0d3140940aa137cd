"""From Amazon to a store, durably: many accounts, polled and delivered, against posting alone.

Every message comes from a local Amazon, is stored with its order, and is posted to a store that
answers at once; the floor is the same messages posted by the same client, out of as many processes
as there are workers, with nothing kept. Amazon, the store and the database run on the same machine:
what they take is taken from us. Workers have started before, and the time runs from the moment at
which they are told of the accounts to the last message.
"""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from secrets import token_hex
from statistics import median
from typing import Literal
from urllib.request import urlopen

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
from amazon_endpoint.sync.standing import Standing
from benchmarks.processor import processor_seconds
from benchmarks.rows import SAMPLES, Row, Size
from tests.chaos.orders import plain_orders
from tests.postgresql import running_postgresql

DatabaseKind = Literal["sqlite", "postgresql"]

_WORKERS: dict[DatabaseKind, int] = {"sqlite": 1, "postgresql": 2}
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

_MARKETPLACE = "ATVPDKIKX0DER"
_KEY = b64encode(bytes(32)).decode()
_SECRET = f"whsec_{b64encode(bytes(32)).decode()}"

_AT_ONCE = 32
_LONGEST = 600


def durable(size: Size) -> Iterator[Row]:
    """The rows of both databases: messages per second."""
    accounts, orders, samples = (30, 100, SAMPLES) if size is Size.FULL else (2, 10, 1)
    for kind, workers in _WORKERS.items():
        ours, plain, busy = [], [], []
        with running(kind, orders) as line, _posting(workers) as processes:
            for number in range(samples):
                # Each begins every other time: the machine may change its mind meanwhile.
                if number % 2:
                    plain.append(line.post_plainly(accounts * orders, processes))
                before = line.processor_seconds()
                took = line.bring(accounts)
                ours.append(accounts * orders / took)
                busy.append((line.processor_seconds() - before) / workers / took)
                if not number % 2:
                    plain.append(line.post_plainly(accounts * orders, processes))
        yield Row(
            name=f"durable delivery, {_NAMES[kind]}",
            ours=tuple(ours),
            theirs=tuple(plain),
            unit="messages/s",
            against="posted with nothing kept",
            at_least=0.5,
            remarks=f"{accounts * orders:,} messages a sample, of {accounts} accounts; {workers} "
            f"worker{'' if workers == 1 else 's'}, and as many processes that post. A worker is at "
            f"work for {median(busy):.0%} of the time, and waits for the rest of it",
        )


class Line:
    """From a local Amazon through workers to a store. `running` gives one."""

    def __init__(
        self,
        database: str,
        amazon: str,
        store: str,
        orders: int,
        workers: Sequence[subprocess.Popen[str]],
        arrived: Callable[[], int],
        *,
        gone: bool,
    ) -> None:
        self._database = database
        self._amazon = amazon
        self._store = store
        self._orders = orders
        self._workers = workers
        self._arrived = arrived
        self._gone = gone
        self._accounts = 0
        self._bodies = asyncio.run(self._read_messages())

    def bring(self, accounts: int) -> float:
        """Seconds until all orders of so many new accounts have arrived."""
        first, self._accounts = self._accounts, self._accounts + accounts
        names = asyncio.run(self._add(range(first, self._accounts)))
        expected = self._arrived() + accounts * self._orders
        began = time.perf_counter()
        _tell(self._workers[0], " ".join(names))
        while self._arrived() < expected:
            if any(one.poll() is not None for one in self._workers):
                raise RuntimeError("A worker ended by itself.")
            if time.perf_counter() - began > _LONGEST:
                raise RuntimeError("The orders don't arrive.")
            time.sleep(0.02)
        return time.perf_counter() - began

    def post_plainly(self, messages: int, processes: Sequence[Executor]) -> float:
        """Messages per second, the same by the same client, where nothing is kept."""
        share = messages // len(processes)
        posting = [one.submit(_post, self._store, self._bodies, share) for one in processes]
        spans = [one.result() for one in posting]
        took = max(ended for _, ended in spans) - min(began for began, _ in spans)
        return share * len(processes) / took

    def cost(self, accounts: int) -> float:
        """Milliseconds of the workers' processor time until an order has arrived, where all of so
        many new accounts do (Linux)."""
        before = self.processor_seconds()
        self.bring(accounts)
        return (self.processor_seconds() - before) / (accounts * self._orders) * 1000

    def peak_megabytes(self) -> float:
        """The largest resident memory that a worker ever had (Linux)."""
        return max(map(_peak_megabytes, self._workers))

    def processor_seconds(self) -> float:
        """What the workers have used so far of the processor's time (Linux)."""
        return sum(processor_seconds(one.pid) for one in self._workers)

    async def _add(self, numbers: range) -> list[str]:
        async with await Storage.open(self._database) as storage:
            kept = await storage.unlock(_KEY)
            fresh = [_account(number, self._amazon, self._store) for number in numbers]
            for one in fresh:
                await kept.accounts.add(one)
                if self._gone:
                    stopped = Standing(account_id=one.id, stopped_at=one.created_at, reason="Gone.")
                    await kept.outbox.keep_standing(stopped)
            return [one.id for one in fresh]

    async def _read_messages(self) -> Sequence[bytes]:
        """The messages that every account will send, a hundred at most."""
        hosts = AllowedHosts([self._amazon.removeprefix("http://")])
        async with await Storage.open(self._database) as storage:
            connector = Connector(quotas=storage.quotas, clock=SystemClock(), hosts=hosts)
            try:
                amazon = connector.connect(_account(0, self._amazon, self._store).account)
                until = await amazon.latest_upper_bound()
                query = OrderQuery(
                    after=until - timedelta(days=90), before=until, marketplace_ids=(_MARKETPLACE,)
                )
                page = await amazon.search_orders(query, None)
            finally:
                await connector.aclose()
        return [
            order_message(MessageKind.ORDER_IMPORT, one, shipping_methods={}) for one in page.orders
        ]


@contextmanager
def _posting(number: int) -> Iterator[Sequence[Executor]]:
    """So many processes that have started."""
    with ExitStack() as stack:
        context = get_context("spawn")
        processes = [
            stack.enter_context(ProcessPoolExecutor(1, mp_context=context)) for _ in range(number)
        ]
        for one in processes:
            one.submit(_post, "http://127.0.0.1", (), 0).result()
        yield processes


def _post(store: str, bodies: Sequence[bytes], messages: int) -> tuple[float, float]:
    """Post so many, and tell when that began and ended, by a clock of all processes (Linux)."""
    return asyncio.run(_post_plainly(store, bodies, messages))


async def _post_plainly(store: str, bodies: Sequence[bytes], messages: int) -> tuple[float, float]:
    hosts = AllowedHosts([store.removeprefix("http://")])
    outbound = Outbound(may_be_private=hosts.listed)
    webhook = WebhookStore(store, [_SECRET], outbound=outbound, clock=SystemClock())
    numbers = iter(range(messages))

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

    began = time.monotonic()
    try:
        await asyncio.gather(*(post() for _ in range(_AT_ONCE)))
    finally:
        await outbound.aclose()
    return began, time.monotonic()


@contextmanager
def running(kind: DatabaseKind, orders: int, *, gone: bool = False) -> Iterator[Line]:
    """A line whose accounts have so many orders each.

    They arrive at the store, or where that has long been `gone`, so that nothing is sent to it, in
    SQLite's database.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        scenario = folder / "scenario.json"
        placed = datetime.now(UTC) - timedelta(days=1)
        scenario.write_text(json.dumps({"orders": plain_orders(orders, 1, placed)}))
        amazon = stack.enter_context(
            _server(
                *("-m", "amazon_endpoint", "sandbox", "--port", "0", "--no-quotas"),
                *("--scenario", str(scenario)),
            )
        )
        store = stack.enter_context(_server("-m", "benchmarks.store"))
        if kind == "sqlite":
            database = f"sqlite:///{folder}/endpoint.db"
        else:
            server = stack.enter_context(running_postgresql())
            database = stack.enter_context(server.database())
        workers = [
            stack.enter_context(_worker(f"worker-{number}", database, folder, amazon, store))
            for number in range(_WORKERS[kind])
        ]
        arrived = partial(_kept, folder / "endpoint.db") if gone else partial(_taken, store)
        yield Line(database, amazon, store, orders, workers, arrived, gone=gone)


def _taken(store: str) -> int:
    with urlopen(store) as answer:
        return int(json.load(answer)["messages"])


def _kept(file: Path) -> int:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        (count,) = database.execute("SELECT count(*) FROM orders").fetchone()
        return int(count)


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
        process.stdout.close()


@contextmanager
def _worker(
    name: str, database: str, folder: Path, amazon: str, store: str
) -> Iterator[subprocess.Popen[str]]:
    """A worker that has started, for as long as the block lasts."""
    given = {
        "DATABASE": database,
        "KEY": _KEY,
        "ALLOWED_HOSTS": ",".join(one.removeprefix("http://") for one in (amazon, store)),
        "LOG_LEVEL": "warning",
    }
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", name],
            env={**os.environ, **{f"AMAZON_ENDPOINT_{name}": one for name, one in given.items()}},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if not process.stdout.readline():
            raise RuntimeError((folder / f"{name}.log").read_text())
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _tell(worker: subprocess.Popen[str], line: str) -> None:
    assert worker.stdin is not None
    worker.stdin.write(f"{line}\n")
    worker.stdin.flush()


def _peak_megabytes(process: subprocess.Popen[str]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(one for one in status.splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) / 1024

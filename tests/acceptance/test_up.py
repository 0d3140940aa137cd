"""`amazon-endpoint up` and `worker`: orders come to the store, and shipments go to Amazon."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from amazon_endpoint.cli.sandbox import environment
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.sync.engine import Pace
from tests.acceptance.built_in import SIGNING_SECRET, BuiltInHub, TakingStore, of
from tests.acceptance.conftest import Command, address
from tests.postgresql import running_postgresql

RECEIVER = Path(__file__).parents[2] / "examples" / "receiver.py"
KEY = b64encode(bytes(range(32))).decode()
SINCE = "2000-01-01T00:00:00Z"

# For tests that fail.
PATIENCE = 120.0


class Store:
    """The example store, and what it keeps."""

    def __init__(self, url: str, database: Path) -> None:
        self.url = url
        self._database = database

    def messages(self, kind: str) -> Counter[str]:
        """How many messages of this kind came about each order or shipment, repeats left out."""
        with closing(sqlite3.connect(self._database)) as database:
            rows = database.execute("SELECT number FROM messages WHERE message = ?", (kind,))
            return Counter(number for (number,) in rows)


@contextmanager
def running_store(folder: Path) -> Iterator[Store]:
    database = folder / "orders.db"
    with subprocess.Popen(
        [sys.executable, RECEIVER, "0", database],
        env={"WEBHOOK_SECRET": SIGNING_SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:
        try:
            yield Store(address(process), database)
        finally:
            process.kill()


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """A local Amazon with several pages of orders, of which none is shipped by another test."""
    options = SandboxOptions(orders=60, page_cap=10, queue_seconds=0, progress_seconds=0)
    with run_in_thread(options) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with running_store(tmp_path) as running:
        yield running


def shop(command: Command, *stores: Store) -> Command:
    """The command with these stores allowed, whose messages are signed."""
    hosts = [command.settings["AMAZON_ENDPOINT_ALLOWED_HOSTS"]]
    hosts += [one.url.removeprefix("http://") for one in stores]
    command.settings |= {
        "AMAZON_ENDPOINT_ALLOWED_HOSTS": ",".join(hosts),
        "AMAZON_ENDPOINT_DESTINATION_SECRET": SIGNING_SECRET,
        "AMAZON_ENDPOINT_LOG_FORMAT": "json",
    }
    return command


def add(command: Command, account: str, store: Store) -> None:
    line = ("accounts", "add", account, "--to", store.url, "--since", SINCE)
    # Another seller for each, with quotas of its own.
    seller = {"refresh_token": f"{command.folder.name}-{account}", "seller_id": account.upper()}
    assert command(*line, **seller).returncode == 0


def awaited(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def to_come(sandbox: RunningSandbox) -> set[str]:
    """The orders that a store is told of: the merchant's own, with prices."""
    marketplaces = environment(sandbox.url)["AMAZON_ENDPOINT_MARKETPLACE_ID"].split(",")
    return {
        order["orderId"]
        for order in sandbox.orders()
        if order["salesChannel"].get("marketplaceId") in marketplaces
        and order["fulfillment"]["fulfilledBy"] == "MERCHANT"
        and "proceeds" in order
    }


def to_ship(sandbox: RunningSandbox) -> dict[str, Any]:
    """A shipment of an order that the merchant can ship."""
    coming = to_come(sandbox)
    return next(
        of(order)
        for order in sandbox.orders()
        if order["orderId"] in coming
        and order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
        and "FBM_SHIP_PLUS" not in order.get("programs", [])
        and not any("cancellation" in item for item in order["orderItems"])
        and all("sellerSku" in item["product"] for item in order["orderItems"])
        and all(item["quantityOrdered"] for item in order["orderItems"])
    )


def log_of(command: Command) -> list[dict[str, Any]]:
    """The lines of the log, which is all JSON."""
    lines = (command.folder / "stderr").read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def assert_each_came_once(store: Store, coming: set[str]) -> None:
    imports = store.messages("order:import")
    assert imports.keys() == coming
    assert set(imports.values()) == {1}


def stop(*processes: subprocess.Popen[str]) -> None:
    """As systemd and container engines do; each ends well."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        assert process.wait(30) == 0


def test_orders_come_and_a_shipment_is_confirmed(
    command: Command, sandbox: RunningSandbox, store: Store
) -> None:
    up = shop(command, store)
    add(up, "shop", store)
    coming, shipment = to_come(sandbox), to_ship(sandbox)
    with up.running("up", "--port", "0") as process:
        url = address(process)
        awaited(lambda: store.messages("order:import").keys() >= coming)
        answer = httpx2.post(f"{url}/v1/accounts/shop/shipments", json={"shipment": shipment})
        assert answer.status_code == 202
        awaited(lambda: bool(store.messages("shipment:confirmed")))
        shown = httpx2.get(f"{url}/v1/accounts/shop/shipments/{answer.json()['id']}").json()
        status = up("status", "--json")
        stop(process)

    assert shown["state"] == "confirmed"
    assert status.returncode == 0, status.stdout
    assert_each_came_once(store, coming)
    log = log_of(up)
    assert {one["order"] for one in log if one["event"] == "delivered"} == coming
    pages = [one for one in log if one["event"] == "page_read"]
    assert {(one["account"], one["reading"], one["level"]) for one in pages} == {
        ("shop", "poll", "info")
    }
    (confirmed,) = [one for one in log if one["event"] == "shipment_confirmed"]
    assert (confirmed["account"], confirmed["order"]) == ("shop", shipment["order_number"])
    assert not [one for one in log if one["level"] in {"warning", "error"}]
    assert "Traceback" not in (up.folder / "stderr").read_text()


def test_who_is_stopped_in_the_middle_leaves_nothing_half_done(
    command: Command, sandbox: RunningSandbox, store: Store
) -> None:
    up = shop(command, store)
    add(up, "shop", store)
    coming = to_come(sandbox)
    with up.running("up", "--port", "0") as process:
        awaited(lambda: bool(store.messages("order:import")))
        stop(process)
    assert not [one for one in log_of(up) if one["level"] in {"warning", "error"}]
    assert "Traceback" not in (up.folder / "stderr").read_text()
    assert {one["attempts"] for one in json.loads(up("deliveries", "list", "--json").stdout)} <= {0}

    with up.running("up", "--port", "0") as process:
        awaited(lambda: store.messages("order:import").keys() >= coming)
        # What is still to come after the imports are cancellations.
        awaited(lambda: json.loads(up("deliveries", "list", "--json").stdout) == [])
        stop(process)
    assert_each_came_once(store, coming)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with running_postgresql() as server, server.database() as url:
        yield url


def test_workers_share_a_postgresql_database(
    sandbox: RunningSandbox, postgresql: str, tmp_path: Path
) -> None:
    given = environment(sandbox.url) | {
        "AMAZON_ENDPOINT_DATABASE": postgresql,
        "AMAZON_ENDPOINT_KEY": KEY,
    }
    coming = to_come(sandbox)
    with ExitStack() as stack:
        commands = {}
        for name in ("first", "second", "up"):
            (tmp_path / name).mkdir()
            commands[name] = Command(given, tmp_path / name)
        stores = {name: stack.enter_context(running_store(tmp_path / name)) for name in commands}
        for command in commands.values():
            shop(command, *stores.values())
        for name in commands:
            add(commands["up"], name, stores[name])
        workers = [
            stack.enter_context(commands[name].running("worker", "--name", name))
            for name in ("first", "second")
        ]
        up = stack.enter_context(commands["up"].running("up", "--port", "0"))
        url = address(up)
        for store in stores.values():
            awaited(lambda: store.messages("order:import").keys() >= coming)  # noqa: B023
        body = {"shipment": to_ship(sandbox) | {"number": "H2"}}
        assert httpx2.post(f"{url}/v1/accounts/up/shipments", json=body).status_code == 202
        awaited(lambda: bool(stores["up"].messages("shipment:confirmed")))
        status = commands["up"]("status", "--json")
        stop(*workers, up)
        told = json.loads(status.stdout)
        for store in stores.values():
            assert_each_came_once(store, coming)

    assert status.returncode == 0, status.stdout
    assert {one.rpartition("-")[0] for one in told["status"]["workers"]} >= {"first", "second"}
    for command in commands.values():
        assert not [one for one in log_of(command) if one["level"] in {"warning", "error"}]
        assert "Traceback" not in (command.folder / "stderr").read_text()


async def test_an_account_that_is_added_meanwhile_is_found(tmp_path: Path) -> None:
    with run_in_thread(SandboxOptions(orders=0)) as amazon:
        async with TakingStore() as store:
            hub = BuiltInHub(Command(environment(amazon.url), tmp_path), amazon, store)
            async with hub.at_work():
                order = hub.place()
                await hub.command("accounts", "add", "late", "--to", store.url, "--since", SINCE)
                await hub.imported(order)
    assert {one["account"] for one in hub.logged("page_read")} == {"late"}


def test_what_is_new_is_looked_for_each_minute() -> None:
    assert Pace().minute == 60

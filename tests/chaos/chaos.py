"""Everything fails, again and again; in the end the store holds what Amazon holds.

The local Amazon takes orders and changes them, a store takes messages and fails, shipments are
posted, and whatever does the work is killed at random moments. Time runs fast, so that Amazon's
published quotas and our own waits stay as they are.
"""

import json
import os
import random
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from msgspec import Struct

from amazon_endpoint.sandbox.clock import write_time
from amazon_endpoint.sandbox.generator import made_up_orders
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import run_in_thread
from tests.chaos.store import failing_store
from tests.integration.sync.engines import delete_engine_tables

SPEED = 60.0
_MARKETPLACE = "ATVPDKIKX0DER"
_KEY = b64encode(bytes(range(32))).decode()
_TOKEN = "chaos-" + "0" * 26
_ACCOUNTS = ("first", "second")
_PREFIX = "AMAZON_ENDPOINT_"

_ABOUT_ORDERS = ("order:import", "order:update", "order:cancel")
_ENDS = ("shipment:confirmed", "shipment:refused")

# In seconds, for a run that fails.
_PATIENCE = 120

# What happens to calls while there is trouble. Each passes by itself.
_FAULTS = (
    *(("searchOrders", fault) for fault in ("html503", "empty200", "drop", "cut_body", "throttle")),
    *(("searchOrders", fault) for fault in ("dead_token", "internal500", "bad_order", "slow")),
    *(("getOrder", fault) for fault in ("html503", "drop")),
    *(("createFeed", fault) for fault in ("lost_answer", "drop", "html503")),
    *(("confirmShipment", fault) for fault in ("lost_answer", "drop", "html503")),
    *(("getFeed", "html503"), ("downloadDocument", "cut_body"), ("uploadDocument", "drop")),
    *(("*", "expired_token"), ("token", "html503")),
)


class Figures(Struct, kw_only=True):
    """What was survived."""

    orders: int = 0
    changes: int = 0
    shipments: int = 0
    kills: int = 0
    kills_between_sending_and_keeping: int = 0
    restarts_of_the_database: int = 0
    full_disks: int = 0
    faults: int = 0
    failures_of_the_store: int = 0
    messages: int = 0
    duplicates: int = 0
    lost: int = 0

    def __str__(self) -> str:
        return ", ".join(
            f"{name.replace('_', ' ')} {getattr(self, name)}" for name in self.__struct_fields__
        )


class Place(Struct, frozen=True, kw_only=True):
    """Where the work is done: a database, by how many processes, and how it is restarted."""

    database: str
    workers: int
    restart: Callable[[], None] | None = None


class Chaos:
    """One run on one database."""

    def __init__(
        self, place: Place, folder: Path, *, seconds: float, orders: int, seed: int
    ) -> None:
        self.figures = Figures()
        self._place = place
        self._folder = folder
        self._seconds = seconds
        self._rng = random.Random(seed)
        self._seed = seed
        self._start = datetime.now(UTC)
        self._coming = self._made_up(orders)
        self._changing: dict[str, dict[str, Any]] = {}
        self._revisions: Counter[str] = Counter()
        self._cancelled: set[str] = set()
        self._to_ship: dict[str, dict[str, Any]] = {}
        self._shipped: dict[str, str] = {}
        self._processes: dict[int, tuple[subprocess.Popen[bytes], int]] = {}

    def run(self) -> Figures:
        """Let it all happen, and see that nothing is lost.

        Raises:
            AssertionError: something is; the message says what.
        """
        options = SandboxOptions(
            orders=0, page_cap=9, queue_seconds=20, progress_seconds=60, speed=SPEED
        )
        with ExitStack() as stack:
            self._amazon = stack.enter_context(run_in_thread(options))
            self._stores = [
                stack.enter_context(failing_store(_secret(name), self._seed + index))
                for index, name in enumerate(_ACCOUNTS)
            ]
            stack.callback(self._kill_all)
            self._add_accounts()
            self._spawn_all()
            half = len(self._coming) // 2
            self._trouble(until=half)
            self._peace()
            self._kill_all()
            delete_engine_tables(self._place.database)
            self._spawn_all()
            while self._coming:
                self._order_comes()
            self._ship_all()
            self._peace()
            self._count()
        return self.figures

    # What happens at Amazon

    def _made_up(self, number: int) -> list[dict[str, Any]]:
        """Orders that any merchant ships, in the sequence in which they will come."""
        options = SandboxOptions(orders=4 * number, seed=self._seed, marketplaces=(_MARKETPLACE,))
        plain = [one for one in made_up_orders(options, self._start) if _is_plain(one)]
        assert len(plain) >= number
        return plain[:number]

    def _order_comes(self) -> None:
        order = self._coming.pop()
        number = order["orderId"]
        order["createdTime"] = write_time(self._amazon.now())
        match self._rng.randrange(3):
            case 0:
                self._to_ship[number] = order
                self._put(order)
            case 1:
                self._changing[number] = order
                self._put(order)
            case _:
                # Its price comes with its first change.
                self._changing[number] = order
                self._put(_pending(order))
        self.figures.orders += 1

    def _order_changes(self, number: str) -> None:
        order = self._changing[number]
        self._revisions[number] += 1
        order["recipient"]["deliveryAddress"]["addressLine2"] = f"Rev {self._revisions[number]}"
        if self._revisions[number] > 1 and self._rng.random() < 0.1:
            order["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
            self._cancelled.add(number)
            del self._changing[number]
        self._put(order)
        self.figures.changes += 1

    def _put(self, order: dict[str, Any]) -> None:
        order["lastUpdatedTime"] = write_time(self._amazon.now())
        self._amazon.add_orders(order)

    # What the store does

    def _ship(self, number: str) -> None:
        """Post a shipment until it is taken, as a store would."""
        quantities: Counter[str] = Counter()
        for item in self._to_ship[number]["orderItems"]:
            quantities[item["product"]["sellerSku"]] += item["quantityOrdered"]
        shipment = {
            "number": f"H{number[-7:]}",
            "order_number": number,
            "tracking": "" if self._rng.random() < 0.2 else f"1Z999AA1{number[-7:]}",
            "shipping_method": "UPS Ground",
            "items": [{"sku": sku, "quantity": n} for sku, n in quantities.items()],
        }
        _, port = self._rng.choice(list(self._processes.values()))
        try:
            answer = httpx2.post(
                f"http://127.0.0.1:{port}/v1/accounts/{_ACCOUNTS[0]}/shipments",
                headers={"X-Hub-Token": _TOKEN},
                json={"shipment": shipment},
                timeout=5,
            )
        except httpx2.HTTPError:
            return
        if answer.status_code == 202:
            self._shipped[number] = answer.json()["id"]
            del self._to_ship[number]
            self.figures.shipments += 1

    def _ship_all(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while self._to_ship:
            assert time.monotonic() < deadline, f"not taken: {sorted(self._to_ship)}"
            for number in list(self._to_ship):
                self._ship(number)

    # What goes wrong

    def _trouble(self, *, until: int) -> None:
        """Everything at once, until so many orders are still to come and the time is over."""
        began = time.monotonic()
        further = len(self._coming) - until
        for store in self._stores:
            store.failing = 0.3
        restarts = [0.3, 0.7] if self._place.restart else []
        full = [] if self._place.restart else [0.4]
        while (share := (time.monotonic() - began) / self._seconds) < 1:
            while self._coming and len(self._coming) > until + further * (1 - share):
                self._order_comes()
            self._something()
            if restarts and share > restarts[0]:
                restarts.pop(0)
                self._restart_the_database()
            if full and share > full[0]:
                full.pop(0)
                self._fill_the_disk()
            time.sleep(self._rng.uniform(0.02, 0.1))
        while len(self._coming) > until:
            self._order_comes()
        self._amazon.clear_faults()
        for store in self._stores:
            store.failing = 0

    def _something(self) -> None:
        dice = self._rng.random()
        if dice < 0.4 and self._changing:
            self._order_changes(self._rng.choice(sorted(self._changing)))
        elif dice < 0.7 and self._to_ship:
            self._ship(self._rng.choice(sorted(self._to_ship)))
        elif dice < 0.85:
            operation, fault = self._rng.choice(_FAULTS)
            self._amazon.fault(operation, fault, seconds=0.3)
            self.figures.faults += 1
        elif dice < 0.88:
            self._kill_while_sending()
        elif dice < 0.91:
            number = self._rng.choice(sorted(self._processes))
            self._kill(number)
            self._spawn(number)

    def _kill_while_sending(self) -> None:
        """Kill all when Amazon has done what it was asked for and has not answered yet."""
        operation = self._rng.choice(["createFeed", "confirmShipment"])
        before = self._amazon.calls(operation)
        self._amazon.fault(operation, "late_answer", seconds=1)
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            if self._to_ship:
                self._ship(self._rng.choice(sorted(self._to_ship)))
            if self._amazon.calls(operation) > before:
                self._kill_all()
                self.figures.kills_between_sending_and_keeping += 1
                self._spawn_all()
                return

    def _restart_the_database(self) -> None:
        assert self._place.restart is not None
        self._place.restart()
        self.figures.restarts_of_the_database += 1

    def _fill_the_disk(self) -> None:
        """Let no file grow any more, as on a full disk, until the process is replaced."""
        files = Path(self._place.database.removeprefix("sqlite:///")).parent.glob("*.db*")
        largest = max(file.stat().st_size for file in files)
        self._kill(0)
        self._spawn(0, largest + 16 * 1024)
        for _ in range(20):
            self._something_comes()
            time.sleep(0.1)
        self._kill(0)
        self._spawn(0)
        self.figures.full_disks += 1

    def _something_comes(self) -> None:
        if self._changing:
            self._order_changes(self._rng.choice(sorted(self._changing)))
        if self._to_ship:
            self._ship(self._rng.choice(sorted(self._to_ship)))

    # Processes

    def _environment(self, account: str = _ACCOUNTS[0]) -> dict[str, str]:
        index = _ACCOUNTS.index(account)
        hosts = [self._amazon.host, *(f"127.0.0.1:{one.server_port}" for one in self._stores)]
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)},
            f"{_PREFIX}DATABASE": self._place.database,
            f"{_PREFIX}KEY": _KEY,
            f"{_PREFIX}TOKEN": _TOKEN,
            f"{_PREFIX}ALLOWED_HOSTS": ",".join(hosts),
            f"{_PREFIX}SERVICES_HOST": self._amazon.url,
            f"{_PREFIX}TOKEN_HOST": self._amazon.url,
            f"{_PREFIX}CLIENT_ID": "application",
            f"{_PREFIX}CLIENT_SECRET": "secret",
            f"{_PREFIX}REFRESH_TOKEN": f"Atzr|{account}",
            f"{_PREFIX}SELLER_ID": f"SELLER{index}",
            f"{_PREFIX}MARKETPLACE_ID": _MARKETPLACE,
            f"{_PREFIX}DESTINATION_SECRET": _secret(account),
        }

    def _add_accounts(self) -> None:
        since = write_time(self._start - timedelta(hours=1))
        for account, store in zip(_ACCOUNTS, self._stores, strict=True):
            line = [sys.executable, "-m", "amazon_endpoint", "accounts", "add", account]
            subprocess.run(
                [*line, "--to", store.url, "--every", "1", "--since", since],
                env=self._environment(account),
                check=True,
                stdout=subprocess.DEVNULL,
            )

    def _spawn_all(self) -> None:
        for number in range(self._place.workers):
            self._spawn(number)

    def _spawn(self, number: int, *largest: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        arguments = [self._start.isoformat(), SPEED, port, f"worker-{number}", *largest]
        with (self._folder / f"worker-{number}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.worker", *map(str, arguments)],
                env=self._environment(),
                stdout=log,
                stderr=log,
            )
        self._processes[number] = process, port

    def _kill(self, number: int) -> None:
        process, _ = self._processes.pop(number)
        process.kill()
        process.wait()
        self.figures.kills += 1

    def _kill_all(self) -> None:
        for number in list(self._processes):
            self._kill(number)

    # What must hold

    def _peace(self) -> None:
        """Wait until all that has happened has come through."""
        self._ship_all()
        deadline = time.monotonic() + _PATIENCE
        while missing := self._missing():
            assert time.monotonic() < deadline, "\n".join(missing)
            time.sleep(0.5)
            for number, (process, _) in list(self._processes.items()):
                assert process.poll() is None, f"worker {number} ended by itself"

    def _missing(self) -> list[str]:
        """What the stores and Amazon don't show yet."""
        missing = []
        orders = {one["orderId"]: one for one in self._amazon.orders()}
        for account, store in zip(_ACCOUNTS, self._stores, strict=True):
            last = {
                one.about["number"]: one.about for one in store.taken if one.kind in _ABOUT_ORDERS
            }
            for number, order in orders.items():
                told = last.get(number)
                if _is_priced(order) and (told is None or _differs(told, order)):
                    missing.append(f"{account}: order {number} is {told and told['status']}")
        ends = {one.about["number"]: one for one in self._stores[0].taken if one.kind in _ENDS}
        missing += [
            f"shipment of {number} has no end"
            for number in self._shipped
            if f"H{number[-7:]}" not in ends
        ]
        return missing

    def _count(self) -> None:
        """See that nothing was told twice, out of sequence, or without being so."""
        orders = {one["orderId"] for one in self._amazon.orders() if _is_priced(one)}
        for store in self._stores:
            assert store.unsigned == 0
            imports = Counter(
                one.about["number"] for one in store.taken if one.kind == "order:import"
            )
            assert imports == Counter(orders), imports - Counter(orders)
            revisions: dict[str, list[int]] = defaultdict(list)
            for one in store.taken:
                if one.kind in _ABOUT_ORDERS:
                    revisions[one.about["number"]].append(_revision(one.about))
            out_of_sequence = {n: told for n, told in revisions.items() if told != sorted(told)}
            assert not out_of_sequence, out_of_sequence
            cancelled = {one.about["number"] for one in store.taken if one.kind == "order:cancel"}
            assert cancelled == self._cancelled
            self.figures.messages += len(store.taken)
            self.figures.duplicates += store.repeated
            self.figures.failures_of_the_store += store.failed
        self._count_shipments()
        parked = self._parked()
        assert not parked, parked

    def _count_shipments(self) -> None:
        """Each was accepted by Amazon once, and its end was told once."""
        ends = [one for one in self._stores[0].taken if one.kind in _ENDS]
        refused = [one.about for one in ends if one.kind == "shipment:refused"]
        assert not refused, refused
        told = Counter(one.about["order_number"] for one in ends)
        assert told == Counter(self._shipped.keys()), told
        confirmations = self._amazon.state()["confirmations"]
        assert confirmations.keys() == self._shipped.keys()
        for number, accepted in confirmations.items():
            units = Counter[str]()
            for one in accepted:
                assert not one["edit"], f"order {number} was confirmed twice"
                units[one["orderItemId"]] += one["quantity"]
            ordered = self._amazon.order(number)["orderItems"]
            assert units == {one["orderItemId"]: one["quantityOrdered"] for one in ordered}, number

    def _parked(self) -> list[str]:
        """What nobody works on any more although it never arrived."""
        line = [sys.executable, "-m", "amazon_endpoint", "deliveries", "list", "--json"]
        listed = subprocess.run(line, env=self._environment(), check=True, capture_output=True)
        return [str(one) for one in json.loads(listed.stdout)]


def _is_plain(order: dict[str, Any]) -> bool:
    return (
        order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
        and order["fulfillment"]["fulfilledBy"] == "MERCHANT"
        and _is_priced(order)
        and "recipient" in order
        and "FBM_SHIP_PLUS" not in order.get("programs", [])
        and not any("cancellation" in item for item in order["orderItems"])
        and all("sellerSku" in item["product"] for item in order["orderItems"])
        and all(item["quantityOrdered"] for item in order["orderItems"])
    )


def _is_priced(order: dict[str, Any]) -> bool:
    return "proceeds" in order


def _pending(order: dict[str, Any]) -> dict[str, Any]:
    """The order as Amazon shows it before it is paid."""
    pending = deepcopy(order)
    for block in ("proceeds", "recipient", "buyer"):
        pending.pop(block, None)
    for item in pending["orderItems"]:
        item.pop("proceeds", None)
        item["product"].pop("price", None)
    pending["fulfillment"]["fulfillmentStatus"] = "PENDING"
    return pending


def _differs(told: dict[str, Any], order: dict[str, Any]) -> bool:
    """Whether a store's order is not as Amazon has it."""
    status: str = order["fulfillment"]["fulfillmentStatus"].replace("_", "").casefold()
    second_line: str = order["recipient"]["deliveryAddress"].get("addressLine2", "")
    shown = told["status"].casefold().replace("canceled", "cancelled")
    return (shown, told["shipping_address"].get("address2") or "") != (status, second_line)


def _revision(told: dict[str, Any]) -> int:
    marked = (told["shipping_address"].get("address2") or "").removeprefix("Rev ")
    return int(marked) if marked.isdecimal() else 0


def _secret(account: str) -> str:
    return "whsec_" + b64encode(account.ljust(32).encode()).decode()

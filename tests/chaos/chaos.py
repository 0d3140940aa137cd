"""Everything fails, again and again; in the end the store holds what Amazon holds.

The local Amazon takes orders and changes them, a store takes messages and fails, shipments are
posted, and whatever does the work is killed at random moments. Time runs fast, so that Amazon's
published quotas and our own waits stay as they are.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
from msgspec import Struct

from amazon_endpoint.sandbox.clock import write_time
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import run_in_thread
from tests.chaos.orders import Order, ordered_units, pending, plain_orders, revise
from tests.chaos.processes import TOKEN, Place, Processes, secret_of
from tests.chaos.proof import check_orders, check_shipments, missing
from tests.chaos.store import failing_store
from tests.integration.sync.engines import delete_engine_tables

_SPEED = 60.0

# In seconds, for a run that fails.
_PATIENCE = 120

_FEW_KILOBYTES = 16 * 1024

# What happens to calls while there is trouble, by operation.
_FAULTS = {
    "searchOrders": (
        *("html503", "empty200", "drop", "cut_body", "throttle", "dead_token", "internal500"),
        *("bad_order", "slow", "deny_personal_data"),
    ),
    "getOrder": ("html503", "drop"),
    "createFeed": ("lost_answer", "drop", "html503"),
    "confirmShipment": ("lost_answer", "drop", "html503"),
    "getFeed": ("html503",),
    "downloadDocument": ("cut_body",),
    "uploadDocument": ("drop",),
    "token": ("html503",),
    "*": ("expired_token",),
}


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


class Chaos:
    """One run on one database."""

    accounts: tuple[str, ...] = ("first", "second")
    # Few, so that there are always further pages.
    page_cap = 9

    def __init__(
        self, place: Place, folder: Path, *, seconds: float, orders: int, seed: int
    ) -> None:
        self.figures = Figures()
        self._place = place
        self._folder = folder
        self._seconds = seconds
        self._seed = seed
        self._rng = random.Random(seed)
        self._start = datetime.now(UTC)
        self._coming = plain_orders(orders, seed, self._start)
        self._changing: dict[str, Order] = {}
        self._revisions: Counter[str] = Counter()
        self._cancelled: set[str] = set()
        self._to_ship: dict[str, Order] = {}
        self._shipped: set[str] = set()

    def run(self) -> Figures:
        """Let it all happen, and see that nothing is lost.

        Raises:
            AssertionError: something is; the message says what.
        """
        with self._everything_started():
            self._trouble(until=len(self._coming) // 4)
            self._peace()
            self._processes.kill_all()
            delete_engine_tables(self._place.database)
            self._processes.spawn_all()
            while self._coming:
                self._order_comes()
            self._peace()
            self._check()
        return self.figures

    @contextmanager
    def _everything_started(self) -> Iterator[None]:
        options = SandboxOptions(
            orders=0,
            page_cap=self.page_cap,
            queue_seconds=20,
            progress_seconds=60,
            speed=_SPEED,
        )
        with ExitStack() as stack:
            self._amazon = stack.enter_context(run_in_thread(options))
            self._stores = {
                name: stack.enter_context(failing_store(secret_of(name), self._seed + index))
                for index, name in enumerate(self.accounts)
            }
            self._processes = Processes(
                self._place,
                self._folder,
                self._amazon,
                self._stores,
                start=self._start,
                speed=_SPEED,
            )
            stack.callback(self._processes.kill_all)
            self._processes.add_accounts()
            self._processes.spawn_all()
            yield

    # What happens at Amazon

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
                # It gets its prices with its first change.
                self._changing[number] = order
                self._put(pending(order))
        self.figures.orders += 1

    def _order_changes(self, number: str) -> None:
        order = self._changing[number]
        self._revisions[number] += 1
        revise(order, self._revisions[number])
        if self._revisions[number] > 1 and self._rng.random() < 0.1:
            order["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
            self._cancelled.add(number)
            del self._changing[number]
        self._put(order)
        self.figures.changes += 1

    def _put(self, order: Order) -> None:
        order["lastUpdatedTime"] = write_time(self._amazon.now())
        self._amazon.add_orders(order)

    # What the store does

    def _ship(self, number: str) -> None:
        """Post a shipment, which is posted once more where it was not taken."""
        shipment = {
            "number": f"H{number[-7:]}",
            "order_number": number,
            # Without one it goes by feed.
            "tracking": f"1Z999AA1{number[-7:]}" if int(number[-1]) % 3 else "",
            "shipping_method": "UPS Ground",
            "items": [
                {"sku": sku, "quantity": quantity}
                for sku, quantity in ordered_units(self._to_ship[number], "sellerSku").items()
            ],
        }
        url = self._processes.url(self._rng.choice(self._processes.numbers))
        try:
            answer = httpx2.post(
                f"{url}/v1/accounts/{self.accounts[0]}/shipments",
                headers={"X-Hub-Token": TOKEN},
                json={"shipment": shipment},
                timeout=5,
            )
        except httpx2.HTTPError:
            return
        if answer.status_code == 202:
            del self._to_ship[number]
            self._shipped.add(number)
            self.figures.shipments += 1

    # What goes wrong

    def _trouble(self, *, until: int) -> None:
        """Everything at once, until so many orders are still to come and the time is over."""
        began, further = time.monotonic(), len(self._coming) - until
        for store in self._stores.values():
            store.failing = 0.3
        blows = [
            (0.15, self._kill_all),
            (0.3, self._break_the_database),
            (0.5, self._kill_all),
            (0.7, self._break_the_database),
        ]
        while (share := (time.monotonic() - began) / self._seconds) < 1:
            while self._coming and len(self._coming) > until + further * (1 - share):
                self._order_comes()
            if blows and share > blows[0][0]:
                _, blow = blows.pop(0)
                blow()
            self._something()
            time.sleep(self._rng.uniform(0.02, 0.1))
        for _, blow in blows:
            blow()
        while len(self._coming) > until:
            self._order_comes()
        self._amazon.clear_faults()
        for store in self._stores.values():
            store.failing = 0

    def _something(self) -> None:
        dice = self._rng.random()
        if dice < 0.7:
            self._something_comes()
        elif dice < 0.9:
            self._amazon_fails()
        elif dice < 0.95:
            self._kill_while_sending()
        else:
            number = self._rng.choice(self._processes.numbers)
            self._processes.kill(number)
            self._processes.spawn(number)

    def _amazon_fails(self) -> None:
        operation = self._rng.choice(list(_FAULTS))
        fault = self._rng.choice(_FAULTS[operation])
        self._amazon.fault(operation, fault, seconds=0.3)
        self.figures.faults += 1

    def _something_comes(self) -> None:
        if self._changing and self._rng.random() < 0.5:
            self._order_changes(self._rng.choice(list(self._changing)))
        elif self._to_ship:
            self._ship(self._rng.choice(list(self._to_ship)))

    def _kill_all(self) -> None:
        self._processes.kill_all()
        self._processes.spawn_all()

    def _kill_while_sending(self) -> None:
        """Kill all when Amazon has done what it was asked for, and has not answered yet."""
        operation = self._rng.choice(["createFeed", "confirmShipment"])
        before = self._amazon.calls(operation)
        self._amazon.fault(operation, "late_answer", seconds=1)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            self._something_comes()
            if self._amazon.calls(operation) > before:
                self._kill_all()
                self.figures.kills_between_sending_and_keeping += 1
                return

    def _break_the_database(self) -> None:
        if self._place.restart is not None:
            self._place.restart()
            self.figures.restarts_of_the_database += 1
            return
        self._processes.kill(0)
        folder = Path(self._place.database.removeprefix("sqlite:///")).parent
        largest = max(file.stat().st_size for file in folder.glob("*.db*"))
        self._processes.spawn(0, largest + _FEW_KILOBYTES)
        for _ in range(20):
            self._something_comes()
            time.sleep(0.1)
        self._processes.kill(0)
        self._processes.spawn(0)
        self.figures.full_disks += 1

    # What must hold

    def _peace(self) -> None:
        """Wait until all that has happened has come through."""
        deadline = time.monotonic() + _PATIENCE
        while self._to_ship:
            assert time.monotonic() < deadline, f"not taken: {sorted(self._to_ship)}"
            for number in list(self._to_ship):
                self._ship(number)
        while lacking := missing(self._amazon, self._stores, self._shipped):
            assert time.monotonic() < deadline, "\n".join(lacking)
            assert not (ended := self._processes.ended()), ended
            time.sleep(0.5)

    def _check(self) -> None:
        check_orders(self._amazon, self._stores, self._cancelled)
        check_shipments(self._amazon, self._stores[self.accounts[0]], self._shipped)
        assert self._processes.undelivered() == []
        figures, stores = self.figures, self._stores.values()
        figures.kills = self._processes.kills
        figures.lost = len(missing(self._amazon, self._stores, self._shipped))
        figures.messages = sum(len(store.taken) for store in stores)
        figures.duplicates = sum(store.repeated for store in stores)
        figures.failures_of_the_store = sum(store.failed for store in stores)

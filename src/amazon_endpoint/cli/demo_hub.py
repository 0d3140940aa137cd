"""The second half of the demonstration: the hub that is built in, and an example store."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from amazon_endpoint.cli.child import OURS, surroundings
from amazon_endpoint.cli.order_table import ImportedOrder
from amazon_endpoint.cli.waiting import working
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import EndpointError

ACCOUNT = "demo"

# In seconds.
_PAUSE, _TRIES = 0.1, 900


class DemoFailed(EndpointError):
    """The demonstration did not go as it should."""


class Store:
    """The example store's database, as its owner sees it."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def orders(self) -> set[str]:
        """The numbers of the orders that it keeps."""
        return {number for (number,) in self._ask("SELECT number FROM orders")}

    def told(self, kind: str) -> list[str]:
        """What the messages of this kind were about, one by one."""
        question = "SELECT number FROM messages WHERE message = ?"
        return [number for (number,) in self._ask(question, kind)]

    def _ask(self, question: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._database)) as database:
            return database.execute(question, values).fetchall()


def add_account(given: Mapping[str, str], store_url: str, since: str) -> None:
    """Add the account whose orders go to the store, with the credentials in `given`.

    Raises:
        DemoFailed: it could not be added.
    """
    line = [*OURS, "accounts", "add", ACCOUNT, "--to", store_url, "--since", since]
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, *line],
        env=surroundings(given),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise DemoFailed(done.stderr.strip())


class Hub:
    """What comes to the store by itself, and goes back to Amazon. `client` calls our endpoint."""

    def __init__(self, client: httpx2.AsyncClient, store: Store, clock: Clock) -> None:
        self._client = client
        self._store = store
        self._clock = clock

    async def bring(self, held: set[str]) -> None:
        """Wait until the store has the orders that Amazon holds, each imported once.

        Raises:
            DemoFailed: it lacks some in the end, or got some twice.
        """
        with working("Bringing the orders to the store"):
            await self._until(
                lambda: self._store.orders() == held, "The store doesn't get every order."
            )
        if sorted(self._store.told("order:import")) != sorted(held):
            raise DemoFailed("An order was imported twice.")

    async def ship(self, order: ImportedOrder) -> None:
        """Have a shipment of all of the order confirmed, and the store told of it.

        Raises:
            DemoFailed: it is not.
        """
        number = f"S{order.number[-7:]}"
        shipment = {
            "number": number,
            "order_number": order.number,
            "tracking": f"1Z999AA1{order.number[-7:]}",
            "shipping_method": "UPS Ground",
            "items": msgspec.to_builtins(order.line_items),
        }
        with working(f"Confirming a shipment of order {order.number}"):
            path = f"/v1/accounts/{ACCOUNT}/shipments"
            taken = await self._client.post(path, json={"shipment": shipment})
            if taken.status_code != 202:
                raise DemoFailed(f"The shipment was not taken: {taken.text}")
            await self._until(
                lambda: number in self._store.told("shipment:confirmed"),
                "The store was not told that the shipment is confirmed.",
            )
        told = (await self._client.get(f"{path}/{taken.json()['id']}")).json()
        if told["state"] != "confirmed":
            raise DemoFailed(f"The shipment is {told['state']}: {told['reason']}")

    async def _until(self, holds: Callable[[], bool], otherwise: str) -> None:
        for _ in range(_TRIES):
            if holds():
                return
            await self._clock.sleep(_PAUSE)
        raise DemoFailed(otherwise)

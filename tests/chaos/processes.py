"""The processes that do the work, and die of it."""

import json
import os
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

from amazon_endpoint.clock import iso
from amazon_endpoint.sandbox.testing import RunningSandbox
from tests.chaos.orders import MARKETPLACE
from tests.chaos.store import FailingStore

TOKEN = "chaos-" + "0" * 26

_PREFIX = "AMAZON_ENDPOINT_"
_LAST_WORDS = 2_000
_KEY = b64encode(bytes(range(32))).decode()


class Place(Struct, frozen=True, kw_only=True):
    """Where the work is done: a database, by how many processes, and how it is restarted."""

    database: str
    workers: int
    restart: Callable[[], None] | None = None


class Processes:
    """Processes on one database, for the accounts that `stores` are by."""

    def __init__(
        self,
        place: Place,
        folder: Path,
        amazon: RunningSandbox,
        stores: Mapping[str, FailingStore],
        *,
        start: datetime,
        speed: float,
    ) -> None:
        self._place = place
        self._folder = folder
        self._amazon = amazon
        self._stores = stores
        self._start = start
        self._speed = speed
        self._running: dict[int, tuple[subprocess.Popen[bytes], int]] = {}
        self.kills = 0

    @property
    def numbers(self) -> list[int]:
        """Of those that run."""
        return sorted(self._running)

    def url(self, number: int) -> str:
        return f"http://127.0.0.1:{self._running[number][1]}"

    def pid(self, number: int) -> int:
        return self._running[number][0].pid

    def spawn_all(self) -> None:
        for number in range(self._place.workers):
            self.spawn(number)

    def spawn(self, number: int, *largest_file: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        given = [self._start.isoformat(), self._speed, port, f"worker-{number}", *largest_file]
        with self._log(number).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.worker", *map(str, given)],
                env=self._environment(),
                stdout=log,
                stderr=log,
            )
        self._running[number] = process, port

    def kill_all(self) -> None:
        for number in self.numbers:
            self.kill(number)

    def kill(self, number: int) -> None:
        process, _ = self._running.pop(number)
        process.kill()
        process.wait()
        self.kills += 1

    def ended(self) -> list[str]:
        """Those that ended by themselves, which none should: with what code and last words."""
        return [
            f"worker-{number} ended with {code}: {self._log(number).read_text()[-_LAST_WORDS:]}"
            for number, (process, _) in sorted(self._running.items())
            if (code := process.poll()) is not None
        ]

    def _log(self, number: int) -> Path:
        return self._folder / f"worker-{number}.log"

    def add_accounts(self) -> None:
        since = iso(self._start - timedelta(hours=1))
        for name, store in self._stores.items():
            line = ["accounts", "add", name, "--to", store.url, "--every", "1", "--since", since]
            self._command(name, *line)

    def undelivered(self) -> list[Any]:
        """What has not arrived, parked or not."""
        listed: list[Any] = json.loads(self._command("nobody", "deliveries", "list", "--json"))
        return listed

    def _command(self, account: str, *arguments: str) -> bytes:
        line = [sys.executable, "-m", "amazon_endpoint", *arguments]
        return subprocess.run(
            line, env=self._environment(account), check=True, stdout=subprocess.PIPE
        ).stdout

    def _environment(self, account: str = "nobody") -> dict[str, str]:
        ports = [store.server_port for store in self._stores.values()]
        hosts = [self._amazon.host, *(f"127.0.0.1:{port}" for port in ports)]
        ours = {
            "DATABASE": self._place.database,
            "KEY": _KEY,
            "TOKEN": TOKEN,
            "ALLOWED_HOSTS": ",".join(hosts),
            "SERVICES_HOST": self._amazon.url,
            "TOKEN_HOST": self._amazon.url,
            "CLIENT_ID": "application",
            "CLIENT_SECRET": "secret",
            "REFRESH_TOKEN": f"Atzr|{account}",
            "SELLER_ID": account.upper(),
            "MARKETPLACE_ID": MARKETPLACE,
            "DESTINATION_SECRET": secret_of(account),
        }
        others = {name: one for name, one in os.environ.items() if not name.startswith(_PREFIX)}
        return others | {f"{_PREFIX}{name}": value for name, value in ours.items()}


def secret_of(account: str) -> str:
    """What messages to this account's store are signed with."""
    return "whsec_" + b64encode(account.ljust(32).encode()).decode()

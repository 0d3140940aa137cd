"""A store that fails: it answers errors, hangs and hangs up, and writes down what it took."""

import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from msgspec import Struct
from standardwebhooks import Webhook


class Taken(Struct, frozen=True):
    """A message at its first arrival. `about` is its order or shipment."""

    webhook_id: str
    kind: str
    about: dict[str, Any]


class FailingStore(ThreadingHTTPServer):
    """Takes signed messages; of `failing`, a share from 0 to 1, it makes trouble.

    A message may be kept and its answer lost, as happens to real stores.
    """

    daemon_threads = True

    def __init__(self, secret: str, rng: random.Random) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.webhook = Webhook(secret)
        self.rng = rng
        self.failing = 0.0
        self.failed = 0
        self.unsigned = 0
        self.arrivals: dict[str, int] = defaultdict(int)
        self.lock = threading.Lock()
        self._taken: dict[str, Taken] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/webhooks"

    @property
    def taken(self) -> list[Taken]:
        """Each message once, in the sequence of their first arrivals."""
        with self.lock:
            return list(self._taken.values())

    @property
    def repeated(self) -> int:
        """How many arrivals were of messages that had been kept before."""
        with self.lock:
            return sum(self.arrivals.values()) - len(self.arrivals)

    def take(self, message: dict[str, Any]) -> None:
        payload, webhook_id = message["payload"], message["message_id"]
        about = payload.get("order") or payload["shipment"]
        with self.lock:
            self.arrivals[webhook_id] += 1
            self._taken.setdefault(webhook_id, Taken(webhook_id, message["message"], about))

    def trouble(self) -> str | None:
        """What is to go wrong with this call."""
        with self.lock:
            if self.rng.random() >= self.failing:
                return None
            self.failed += 1
            return self.rng.choice(["500", "503", "hang", "hang up", "keep and hang up"])


class _Handler(BaseHTTPRequestHandler):
    server: FailingStore

    def do_POST(self) -> None:
        """Take a message, or make trouble."""
        body = self.rfile.read(int(self.headers["content-length"]))
        if not self._signed(body):
            self.server.unsigned += 1
            return self._answer(401)
        match self.server.trouble():
            case "500":
                return self._answer(500)
            case "503":
                return self._answer(503, {"Retry-After": "1"})
            case "hang":
                time.sleep(1)
                return self._answer(500)
            case "hang up":
                return None
            case trouble:
                self.server.take(json.loads(body))
                return self._answer(204) if trouble is None else None

    def _signed(self, body: bytes) -> bool:
        # Not by the library's own check, which compares the timestamp with the system's clock.
        at = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), UTC)
        expected = self.server.webhook.sign(self.headers["webhook-id"], at, body.decode())
        return expected in self.headers["webhook-signature"].split()

    def _answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@contextmanager
def failing_store(secret: str, seed: int) -> Iterator[FailingStore]:
    """Run a store for as long as the block lasts."""
    with FailingStore(secret, random.Random(seed)) as store:
        thread = threading.Thread(target=store.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield store
        finally:
            store.shutdown()

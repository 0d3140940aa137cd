"""A local Amazon for tests: started on a free port in a thread of its own, stopped afterwards."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import msgspec

from amazon_endpoint.sandbox.app import create_app
from amazon_endpoint.sandbox.clock import write_time
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.server import address, listen, server_for

_FAST = SandboxOptions(port=0, orders=0, queue_seconds=0, progress_seconds=0)


class RunningSandbox:
    """A local Amazon that runs, and the handles that turn it."""

    def __init__(self, options: SandboxOptions = _FAST) -> None:
        options = msgspec.structs.replace(options, port=0)
        self._listener = listen(options)
        #: Where it answers; the token host, the API and the document store are all here.
        self.url = address(self._listener)
        try:
            self._server = server_for(create_app(options))
        except BaseException:
            self._listener.close()
            raise
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the local Amazon did not start")
            time.sleep(0.005)
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._listener.close()

    @property
    def host(self) -> str:
        """The address as `host:port`."""
        return self.url.removeprefix("http://")

    def state(self) -> dict[str, Any]:
        """Return the clock, calls by operation, confirmations by order, feeds and faults."""
        return self._control("GET", "state")

    def calls(self, operation: str) -> int:
        """Return how often an operation was called."""
        count: int = self.state()["calls"].get(operation, 0)
        return count

    def fault(
        self,
        operation: str,
        fault: str,
        *,
        times: int | None = 1,
        after: int = 0,
        seconds: float = 1.0,
    ) -> None:
        """Order a fault for the next calls of an operation; `*` is every operation."""
        wish = {"operation": operation, "fault": fault, "times": times, "after": after}
        self._control("POST", "faults", wish | {"seconds": seconds})

    def clear_faults(self) -> None:
        """Take every fault away."""
        self._control("DELETE", "faults")

    def now(self) -> datetime:
        """Return the sandbox's time."""
        return datetime.fromisoformat(self.state()["now"])

    def set_clock(self, moment: datetime) -> None:
        """Turn the clock to a moment."""
        self._control("POST", "clock", {"now": write_time(moment)})

    def advance(self, seconds: float) -> None:
        """Turn the clock forward."""
        self._control("POST", "clock", {"advance": seconds})

    def orders(self) -> list[dict[str, Any]]:
        """Return every order in full, oldest update first."""
        found: list[dict[str, Any]] = self._control("GET", "orders")["orders"]
        return found

    def order(self, order_id: str) -> dict[str, Any]:
        """Return one order in full."""
        return next(order for order in self.orders() if order["orderId"] == order_id)

    def add_orders(self, *orders: dict[str, Any]) -> None:
        """Add orders in Amazon's format, or replace those with the same ids."""
        self._control("POST", "orders", {"orders": list(orders)})

    def clear_orders(self) -> None:
        """Forget every order."""
        self._control("DELETE", "orders")

    def _control(self, method: str, path: str, wish: object = None) -> dict[str, Any]:
        content = None if wish is None else json.dumps(wish).encode()
        headers = {"Content-Type": "application/json"}
        url = f"{self.url}/_sandbox/{path}"
        request = Request(url, content, headers, method=method)  # noqa: S310 - our own server
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=30) as response:
                told: dict[str, Any] = json.load(response)
        except HTTPError as refusal:
            with refusal:
                raise ValueError(refusal.read().decode()) from None
        return told


@contextmanager
def run_in_thread(options: SandboxOptions = _FAST) -> Iterator[RunningSandbox]:
    """Run a local Amazon for as long as the block lasts; the port is always a free one."""
    with RunningSandbox(options) as running:
        yield running

"""Many sellers: polled at once through one endpoint, against what Amazon's latency alone takes."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import msgspec
import uvloop

from amazon_endpoint.cli.listening import allow_connections
from amazon_endpoint.outbound import CALLS_AT_ONCE
from benchmarks.processor import processor_seconds
from benchmarks.ready_amazon import LATENCY
from benchmarks.rows import Row, Size
from benchmarks.turns import by_turns, samples

# The token, and the page with the orders.
_CALLS = 2

_FIRST = "2026-11-01T00:00:00Z"
_MARKETPLACE = "ATVPDKIKX0DER"

_MOST_OF_IT = 0.8
_PLAIN = "Starlette and httpx2 that fetch token and page, and pass the page on unread"


class _Round(NamedTuple):
    """Seconds until the last answer and until 99 % of them, and of the server's processor."""

    last: float
    p99: float
    processor: float


class _Server(NamedTuple):
    url: str
    process: int


def sellers(size: Size) -> Iterator[Row]:
    """Every round polls other sellers, as if for the first time."""
    number = 1000 if size is Size.FULL else 100
    allow_connections()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        amazon = stack.enter_context(_running("benchmarks.ready_amazon")).url
        settings = {
            "AMAZON_ENDPOINT_DATABASE": str(folder / "endpoint.db"),
            "AMAZON_ENDPOINT_ALLOWED_HOSTS": amazon.removeprefix("http://"),
        }
        ours = stack.enter_context(
            _running("amazon_endpoint", "serve", "--port", "0", environment=settings)
        )
        theirs = stack.enter_context(_running("benchmarks.plain_endpoint", amazon))
        fresh = count()

        def poll(server: _Server) -> _Round:
            messages = [_message(amazon, f"{next(fresh)}") for _ in range(number)]
            return runner.run(_poll_at_once(server, messages))

        poll(ours)
        poll(theirs)
        rounds, plain = by_turns(samples(size), lambda _: poll(ours), lambda _: poll(theirs))
    bound = _CALLS * LATENCY
    turns = max(_CALLS * number / CALLS_AT_ONCE * LATENCY, bound)
    last, p99 = median(one.last for one in rounds), median(one.p99 for one in rounds)
    yield Row(
        name="many sellers",
        ours=tuple(number / one.last for one in rounds),
        theirs=tuple(number / bound for _ in rounds),
        unit="polls/s",
        against="Amazon's latency alone",
        at_least=_MOST_OF_IT,
        remarks=(
            f"{number} sellers polled at once, in one process; the last was answered after "
            f"{last:.2f} s, 99 % after {p99:.2f} s. Amazon's latency alone takes {bound:g} s. The "
            f"endpoint itself makes {CALLS_AT_ONCE} calls at once and lets the others wait, so "
            f"that {_CALLS * number} take {turns:.1f} s at least: the ratio can't be above "
            f"{bound / turns:.1f}."
        ),
    )
    yield Row(
        name="many sellers, against a plain endpoint",
        ours=tuple(number / one.last for one in rounds),
        theirs=tuple(number / one.last for one in plain),
        unit="polls/s",
        against=_PLAIN,
        at_least=_MOST_OF_IT,
        remarks=(
            "What this machine can do, with Amazon and who polls on it: there the last of "
            f"{number} was answered after {median(one.last for one in plain):.2f} s."
        ),
    )
    yield Row(
        name="many sellers, by processor",
        ours=tuple(one.processor / number * 1000 for one in rounds),
        theirs=tuple(one.processor / number * 1000 for one in plain),
        unit="ms of processor a poll",
        against=_PLAIN,
        at_most=1.25,
        remarks="The target is our own choice: a poll may take a quarter more.",
    )


def _message(amazon: str, seller: str) -> bytes:
    given = {
        "client_id": "application",
        "client_secret": "secret",
        "refresh_token": f"Atzr|{seller}",
        "seller_id": f"SELLER{seller}",
        "marketplace_id": _MARKETPLACE,
        "last_updated_after": _FIRST,
        "services_host": amazon,
        "token_host": amazon,
    }
    parameters = [{"name": f"amazon.{name}", "value": value} for name, value in given.items()]
    return msgspec.json.encode(
        {
            "message": "amazon:order:poll",
            "message_id": seller,
            "payload": {"parameters": parameters},
        }
    )


async def _poll_at_once(server: _Server, messages: list[bytes]) -> _Round:
    place, loop = urlsplit(server.url), asyncio.get_running_loop()
    done: list[float] = []

    async def poll(message: bytes) -> None:
        _, call = await loop.create_connection(
            lambda: _Call(message), str(place.hostname), place.port or 80
        )
        answer = await call.answer
        if not answer.startswith(b"HTTP/1.1 200") or b"order" not in answer:
            raise RuntimeError(f"The endpoint answered {answer[:300]!r}.")
        done.append(time.perf_counter() - began)

    before, began = processor_seconds(server.process), time.perf_counter()
    await asyncio.gather(*map(poll, messages))
    spent = processor_seconds(server.process) - before
    return _Round(done[-1], quantiles(done, n=100)[98], spent)


class _Call(asyncio.Protocol):
    """One message over a connection of its own, as hubs send them."""

    def __init__(self, message: bytes) -> None:
        head = (
            "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
            f"content-length: {len(message)}\r\n\r\n"
        )
        self._request = head.encode() + message
        self._received = b""
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.answer.done():
            self.answer.set_result(self._received)


@contextmanager
def _running(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[_Server]:
    """A server that runs for as long as the block lasts."""
    with subprocess.Popen(
        [sys.executable, "-m", *arguments],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            words = process.stdout.readline().split()
            yield _Server(next(one for one in words if one.startswith("http://")), process.pid)
        finally:
            process.kill()

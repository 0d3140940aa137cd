"""HTTP/1.1 over one connection: a request out, its answer in, as often as both sides keep it up.

What comes is read by llhttp, as uvicorn reads what hubs send. A general client takes twenty times
as long for a call, and one process has to poll a thousand sellers (docs/performance.md).
"""

import asyncio
import re
import select
import zlib
from collections.abc import Mapping
from typing import cast

import httptools
import msgspec

MAX_BODY = 64 * 1024 * 1024

# For an answer to begin, and for the whole of it.
_BEGINNING_SECONDS = 30
_WHOLE_SECONDS = 60

_CLOSED = "the connection was closed"

_LONGEST_HEAD = 128 * 1024
_TARGET = re.compile(r"/[!-~]*")
_VALUES = re.compile(r"[\t -~\x80-\xff]*")
_GZIP = 16 + zlib.MAX_WBITS
_LENGTHS = {"content-length", "transfer-encoding"}


class Unsendable(Exception):
    """A request can't be written as it is."""


class Broken(Exception):
    """No whole answer came."""


class Answer(msgspec.Struct, frozen=True):
    """A whole answer. `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.body)} bytes)"


def write_request(
    method: str, target: str, host: str, headers: Mapping[str, str], content: bytes | None
) -> bytes:
    """A request as it is sent. Answers may come compressed, unless `headers` say otherwise.

    Raises:
        Unsendable: the target or a header's value has characters that have no place there.
    """
    if not _TARGET.fullmatch(target):
        raise Unsendable("the address makes no sense")
    if not _VALUES.fullmatch("".join(headers.values())):
        raise Unsendable("a header can't be written")
    sent = {"host": host, "accept": "*/*", "accept-encoding": "gzip", **headers}
    if content is not None or method in {"POST", "PUT"}:
        sent["content-length"] = str(len(content or b""))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {sent[name]}" for name in sent), "", ""]
    return "\r\n".join(lines).encode("latin-1") + (content or b"")


class Connection(asyncio.Protocol):
    """An open connection. It answers one request after the other, while `is_usable`."""

    def __init__(self) -> None:
        self._reading: _Reading | None = None
        self._keeps = True
        self._expiry: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        if self._reading is None:
            self.close()  # nothing was asked
        else:
            self._reading.feed(data)

    def connection_lost(self, _error: Exception | None) -> None:
        """Called by the event loop."""
        self._keeps = False
        if self._reading is not None:
            self._reading.end()

    async def ask(self, request: bytes, enough: int | None) -> Answer:
        """Send a request and read its answer, or with `enough` its beginning, as it comes.

        Raises:
            Broken: no whole answer came, or not in time, or one that is too long.
        """
        if not self._keeps:
            raise Broken(_CLOSED)
        self._reading = reading = _Reading(enough)
        self._transport.write(request)
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(now + _BEGINNING_SECONDS) as patience:
                await reading.begun
                patience.reschedule(now + _WHOLE_SECONDS)
                await reading.done
        except TimeoutError:
            reading.give_up()
        finally:
            self._reading = None
            self._keeps = self._keeps and reading.keeps and not self._transport.is_closing()
            if not self._keeps or self._transport.get_write_buffer_size():
                self.close()
        return reading.answer()

    def rest(self, seconds: float) -> None:
        """Wait for the next request, but not for ever."""
        self._expiry = asyncio.get_running_loop().call_later(seconds, self.close)

    def wake(self) -> bool:
        """Whether it can take the next request; else it is closed."""
        if self._expiry is not None:
            self._expiry.cancel()
        # What the other side has closed may not have been noticed by the event loop yet.
        if self._keeps and (self._transport.is_closing() or _has_news(self._transport)):
            self.close()
        return self._keeps

    @property
    def is_usable(self) -> bool:
        """Whether both sides have kept it open."""
        return self._keeps

    def close(self) -> None:
        """Close it, whatever is under way."""
        self._keeps = False
        self._transport.abort()


def _has_news(transport: asyncio.Transport) -> bool:
    poll = select.poll()
    poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poll.poll(0))


class _Reading:
    """An answer as it comes. The parser calls what begins with ``on_``.

    `begun` is done with its head, `done` with its end, whatever that is. `keeps` tells whether
    the connection can be used again.
    """

    def __init__(self, enough: int | None) -> None:
        loop = asyncio.get_running_loop()
        self.begun: asyncio.Future[None] = loop.create_future()
        self.done: asyncio.Future[None] = loop.create_future()
        self.keeps = False
        self._enough = enough
        self._parser = httptools.HttpResponseParser(self)
        self._has_head = self._has_ended = False
        self._fed = 0
        self._headers: dict[str, str] = {}
        self._gzip: zlib._Decompress | None = None
        self._body = bytearray()
        self._failure: str | None = None

    def answer(self) -> Answer:
        """What came.

        Raises:
            Broken: it is not whole.
        """
        if self._failure is not None:
            raise Broken(self._failure)
        body = bytes(self._body if self._enough is None else self._body[: self._enough])
        return Answer(self._parser.get_status_code(), self._headers, body)

    def feed(self, data: bytes) -> None:
        """Read on."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("the answer is not HTTP")
        if not self._has_head:
            self._fed += len(data)
            if self._fed > _LONGEST_HEAD:
                self._fail("the answer's head is too long")

    def end(self) -> None:
        """The connection is closed: the end of the answer, unless it was to be longer."""
        told_its_length = not self._headers.keys().isdisjoint(_LENGTHS)
        if self._has_head and (self._enough is not None or not told_its_length):
            self._finish()
        else:
            self._fail(_CLOSED)

    def give_up(self) -> None:
        """There is no more time."""
        if self._has_head and self._enough is not None:
            self._finish()
        else:
            self._fail("it took too long")

    def on_message_begin(self) -> None:
        """An answer begins: it may be one that only announces another."""
        if not self._has_ended:
            self._headers = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is there. Several of a name are one list (RFC 9110)."""
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        """The body begins."""
        if self._is_interim or self._has_ended:
            return
        if self._headers.get("content-encoding", "").lower() == "gzip" and self._enough is None:
            self._gzip = zlib.decompressobj(_GZIP)
        self._has_head = True
        _wake(self.begun)

    def on_body(self, data: bytes) -> None:
        """A part of the body is there."""
        if self._has_ended:
            return
        if self._gzip is not None:
            try:
                data = self._gzip.decompress(data, MAX_BODY + 1 - len(self._body))
            except zlib.error:
                self._fail("the answer can't be decompressed")
                return
        self._body += data
        if self._enough is not None and len(self._body) >= self._enough:
            self._finish()
        elif len(self._body) > MAX_BODY:
            self._fail(f"the answer exceeds {MAX_BODY} bytes")

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if not self._is_interim:
            # After what has ended already, nothing was asked.
            self.keeps = self._parser.should_keep_alive() and not self._has_ended
            self._finish()

    @property
    def _is_interim(self) -> bool:
        return self._parser.get_status_code() < 200

    def _finish(self) -> None:
        self._has_ended = True
        _wake(self.begun)
        _wake(self.done)

    def _fail(self, reason: str) -> None:
        if not self._has_ended:
            self._failure = reason
            self._finish()


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():  # whoever waited may have been cancelled
        future.set_result(None)

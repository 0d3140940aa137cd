"""An Amazon that has its answers ready: ``python -m benchmarks.ready_amazon``.

It gives every seller a token and one page with one order, each `LATENCY` after the question, and
spends next to nothing on it: what is measured is whoever asks.
"""

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import cast

import msgspec
import uvloop

from amazon_endpoint.cli.listening import address, listen
from tests.chaos.orders import plain_orders

LATENCY = 0.1
"""Seconds."""


class _Conversation(asyncio.Protocol):
    """One connection, with one question at a time."""

    def __init__(self, token: bytes, page: bytes) -> None:
        self._token, self._page = token, page
        self._asked = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._asked += data
        head, end, body = self._asked.partition(b"\r\n\r\n")
        if end and len(body) >= _length(head):
            answer = self._token if head.startswith(b"POST /auth/o2/token ") else self._page
            self._asked = b""
            asyncio.get_running_loop().call_later(LATENCY, self._transport.write, answer)


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0] or 0)


def _answer(content: object, now: datetime) -> bytes:
    body = msgspec.json.encode(content)
    head = (
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\ndate: {format_datetime(now, usegmt=True)}\r\n"
        "x-amzn-requestid: 11111111-1111-1111-1111-111111111111\r\n"
        "x-amzn-ratelimit-limit: 0.0056\r\n\r\n"
    )
    return head.encode() + body


async def _serve() -> None:
    now = datetime.now(UTC)
    token = _answer({"access_token": "Atza|ready", "expires_in": 3600}, now)
    page = _answer({"orders": plain_orders(1, 1, now)}, now)
    with listen("127.0.0.1", 0) as listener:
        server = await asyncio.get_running_loop().create_server(
            lambda: _Conversation(token, page), sock=listener, backlog=2048
        )
        print(f"Amazon listens on {address(listener)} .", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())

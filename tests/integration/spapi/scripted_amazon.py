"""An Amazon that answers what a test wrote down, and remembers what it was asked."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Self
from urllib.parse import parse_qsl, urlsplit

import msgspec


class Asked(msgspec.Struct, frozen=True):
    """One request, as it arrived."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Reply(msgspec.Struct, frozen=True):
    """What is answered. A reply that is `lost` closes the connection, one that is `cut` too,
    after half of its body."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = {}
    lost: bool = False
    cut: bool = False


NO_ORDERS = Reply(body=b'{"orders": []}')
LOST = Reply(lost=True)


def refusal(status: int, code: str = "InvalidInput", message: str = "No.", **more: str) -> Reply:
    errors = {"errors": [{"code": code, "message": message, **more}]}
    return Reply(status, msgspec.json.encode(errors))


def token_refusal(status: int, error: str) -> Reply:
    return Reply(status, msgspec.json.encode({"error": error, "error_description": "No."}))


class ScriptedAmazon:
    """Token host, API and document store in one. Without a script tokens are granted, and
    everything else is an empty page of orders."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.granted = 0
        self._token_script: deque[Reply] = deque()
        self._script: deque[Reply] = deque()
        self.arrived = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()

    def will(self, *replies: Reply) -> None:
        self._script.extend(replies)

    def token_host_will(self, *replies: Reply) -> None:
        self._token_script.extend(replies)

    def hold(self) -> None:
        """Answer nothing until `release`."""
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    @property
    def calls(self) -> list[Asked]:
        """What was asked of the API."""
        return [one for one in self.asked if one.path != "/auth/o2/token"]

    @property
    def grants(self) -> list[Asked]:
        """What was asked of the token host."""
        return [one for one in self.asked if one.path == "/auth/o2/token"]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await _read(reader)
        self.asked.append(asked)
        self.arrived.set()
        await self._open.wait()
        reply = self._reply(asked)
        if not reply.lost:
            body = reply.body[: len(reply.body) // 2] if reply.cut else reply.body
            headers = {"content-length": str(len(reply.body)), "connection": "close"}
            lines = [f"{name}: {value}" for name, value in (headers | dict(reply.headers)).items()]
            head = "\r\n".join([f"HTTP/1.1 {reply.status} Said", *lines, "", ""])
            writer.write(head.encode() + body)
        writer.close()
        await writer.wait_closed()

    def _reply(self, asked: Asked) -> Reply:
        if asked.path != "/auth/o2/token":
            return self._script.popleft() if self._script else NO_ORDERS
        if self._token_script:
            return self._token_script.popleft()
        self.granted += 1
        return grant(f"Atza|{self.granted}")


def grant(token: str, expires_in: int = 3600) -> Reply:
    return Reply(body=msgspec.json.encode({"access_token": token, "expires_in": expires_in}))


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    url = urlsplit(target)
    return Asked(method, url.path, dict(parse_qsl(url.query)), headers, body)

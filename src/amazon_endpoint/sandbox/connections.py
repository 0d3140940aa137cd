"""The open connections, so that one can be cut on purpose. HTTP itself offers no way to."""

import asyncio

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol


class Connections:
    """Every open connection by the address it came from."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def add(self, transport: asyncio.Transport) -> None:
        """Remember a connection that was just made."""
        self._open[_peer(transport)] = transport

    def remove(self, transport: asyncio.Transport) -> None:
        """Forget a connection that ended."""
        self._open.pop(_peer(transport), None)

    def close(self, scope: Scope) -> None:
        """Send what is written so far, then end the connection of this request."""
        self._of(scope).close()

    def abort(self, scope: Scope) -> None:
        """End the connection of this request at once."""
        self._of(scope).abort()

    def _of(self, scope: Scope) -> asyncio.Transport:
        client = tuple(scope["client"] or ())
        if client not in self._open:
            raise ConnectionAbortedError("this connection can only be cut by the sandbox's server")
        return self._open[client]


def _peer(transport: asyncio.Transport) -> tuple[str, int]:
    host, port = transport.get_extra_info("peername")[:2]
    return str(host), int(port)


def watching(connections: Connections) -> type[H11Protocol]:
    """Return a protocol for the server that keeps `connections` up to date."""

    class WatchedProtocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            self._watched = transport
            connections.add(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.remove(self._watched)
            super().connection_lost(exc)

    return WatchedProtocol

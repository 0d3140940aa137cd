"""Outbound HTTP: every call to a host that a message or a setting names.

A call goes to the address that was checked, follows no redirect, has a bounded answer and a
bounded duration. Whether a failed call can have had an effect is told by the error's class.
"""

import asyncio
import ipaddress
import logging
import select
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import httpcore2
import httpx2
import msgspec

MAX_BODY = 64 * 1024 * 1024

_TIMEOUT = httpx2.Timeout(connect=5, read=30, write=30, pool=10)
_WHOLE_CALL_SECONDS = 60

# A thousand sellers may be read at the same time. They take turns: Amazon's quotas let them make
# a few calls per second in all, and each call costs the pool a look at every connection.
CALLS_AT_ONCE = 200
_LONGEST_WAIT_FOR_TURN = 10
_LIMITS = httpx2.Limits(
    max_connections=CALLS_AT_ONCE,
    max_keepalive_connections=100,
    # Many servers close what has rested for five seconds. A call that such a one was just given
    # would be lost, and nobody would know whether it came.
    keepalive_expiry=4,
)

_ENDING_IN_IPV4 = [
    ipaddress.IPv6Network(network)
    for network in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")
]

# Not public either, and not known as such to every Python: site-local (RFC 3879), NAT64 of one's
# own (RFC 8215).
_OF_ONES_OWN = [ipaddress.IPv6Network(network) for network in ("fec0::/10", "64:ff9b:1::/48")]

# They log whole URLs, and a document's URL is a key to it.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class NotSent(Exception):
    """The call never left: nothing can have happened."""


class NoAnswer(Exception):
    """The call was sent, but no whole answer came back."""


class Answer(msgspec.Struct, frozen=True):
    """A whole answer. `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.body)} bytes)"


class Outbound:
    """The process's connections to the outside, pooled.

    `may_be_private` tells of a host and port whether it may resolve to an address that is not
    public; all others are connected to at public addresses only.
    """

    def __init__(self, may_be_private: Callable[[str, int], bool]) -> None:
        self._turns = asyncio.Semaphore(CALLS_AT_ONCE)
        self._client = httpx2.AsyncClient(
            transport=_CheckedTransport(may_be_private),
            timeout=_TIMEOUT,
            follow_redirects=False,
            trust_env=False,
        )

    async def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str],
        content: bytes | None = None,
        enough: int | None = None,
    ) -> Answer:
        """Make one call and read its whole answer, whatever its status.

        With `enough` the status is the answer: of the body at most so many bytes are kept, as they
        come and as far as they come.

        Raises:
            NotSent: no connection came about.
            NoAnswer: anything later went wrong, or the answer exceeds `MAX_BODY`.
        """
        try:
            request = self._client.build_request(
                method, url, params=params, headers=headers, content=content
            )
        except httpx2.InvalidURL:
            # Of a document or a page token that Amazon told; it is not quoted, being a key.
            raise NotSent("the address makes no sense") from None
        try:
            async with asyncio.timeout(_LONGEST_WAIT_FOR_TURN):
                await self._turns.acquire()
        except TimeoutError:
            raise NotSent("too many calls are under way") from None
        try:
            async with asyncio.timeout(_WHOLE_CALL_SECONDS):
                return await self._send(request, enough)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise NotSent(_told(error)) from None
        except (httpx2.HTTPError, TimeoutError) as error:
            raise NoAnswer(_told(error)) from None
        finally:
            self._turns.release()

    async def _send(self, request: httpx2.Request, enough: int | None) -> Answer:
        answer = await self._client.send(request, stream=True)
        try:
            body = await (_whole(answer) if enough is None else _beginning(answer, enough))
            return Answer(answer.status_code, dict(answer.headers), body)
        finally:
            await answer.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()


async def _whole(answer: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > MAX_BODY:
            raise NoAnswer(f"the answer exceeds {MAX_BODY} bytes")
    return bytes(body)


async def _beginning(answer: httpx2.Response, enough: int) -> bytes:
    body = bytearray()
    with suppress(httpx2.HTTPError):
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) >= enough:
                break
    return bytes(body[:enough])


class _CheckedTransport(httpx2.AsyncHTTPTransport):
    """The client's own transport over a pool that connects where it has checked."""

    def __init__(self, may_be_private: Callable[[str, int], bool]) -> None:
        context = ssl.create_default_context()
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context,
            max_connections=_LIMITS.max_connections,
            max_keepalive_connections=_LIMITS.max_keepalive_connections,
            keepalive_expiry=_LIMITS.keepalive_expiry,
            network_backend=_CheckedNetwork(may_be_private),
        )


class _CheckedNetwork(httpcore2.AnyIOBackend):
    """Resolves a name once, refuses addresses that are not public, connects to what is left."""

    def __init__(self, may_be_private: Callable[[str, int], bool]) -> None:
        self._may_be_private = may_be_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the client's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first public address of `host` that answers."""
        try:
            host.encode("idna")  # as whoever resolves it will
        except UnicodeError:
            raise httpcore2.ConnectError("the host's name is none") from None
        if self._may_be_private(host, port):
            addresses = [host]
        else:
            addresses = await _public_addresses(host, port)
        failure: Exception = httpcore2.ConnectError(
            f"{host} has no public address; the operator may allow it "
            "(AMAZON_ENDPOINT_ALLOWED_HOSTS)"
        )
        for address in addresses:
            try:
                stream = await super().connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
                return _Stream(stream)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure


class _Stream(httpcore2.AsyncNetworkStream):
    """A connection that can tell at once whether anything came from its other end.

    The pool asks so at each call, of every connection that is idle. Looking for the socket each
    time was a seventh of all that a worker did.
    """

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._socket: socket.socket = stream.get_extra_info("socket")
        self._came = select.poll()
        self._came.register(self._socket, select.POLLIN)

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the client's signature
    ) -> bytes:
        """Read what comes, so much at most."""
        return await self._stream.read(max_bytes, timeout)

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - the client's signature
    ) -> None:
        """Write all of it."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the client's signature
    ) -> httpcore2.AsyncNetworkStream:
        """The same connection, from now on encrypted."""
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """What the pool wants to know of the connection."""
        if info == "is_readable":
            # The number of a socket that was closed may be another's by now.
            return self._socket.fileno() < 0 or bool(self._came.poll(0))
        return self._stream.get_extra_info(info)


async def _public_addresses(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise httpcore2.ConnectError(f"{host} can't be resolved") from None
    addresses = dict.fromkeys(str(place[0]) for *_, place in found)
    return [address for address in addresses if is_public(address)]


def is_public(address: str) -> bool:
    """Whether an IP address is reachable from everywhere, and meant to be.

    An IPv6 address that leads to an IPv4 one is as public as that one.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if any(ip in network for network in _OF_ONES_OWN):
            return False
        ip = _leads_to(ip) or ip
    return ip.is_global and not ip.is_multicast


def _leads_to(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address within: of whatever transition (RFC 4291, 2765, 3056, 6052).

    Teredo's addresses are all among those that are not public.
    """
    if any(ip in network for network in _ENDING_IN_IPV4):
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.sixtofour


def _told(error: Exception) -> str:
    # Only a failed connection has more to say than its name; the rest may quote URLs.
    kind = type(error).__name__
    return f"{kind}: {error}" if isinstance(error, httpx2.ConnectError) else kind

"""Outbound HTTP: every call to a host that a message or a setting names.

A call goes to the address that was checked, follows no redirect, has a bounded answer and a
bounded duration. Whether a failed call can have had an effect is told by the error's class.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from amazon_endpoint.http1 import (
    MAX_BODY,
    Answer,
    Broken,
    Connection,
    Unsendable,
    write_request,
)

__all__ = ["MAX_BODY", "Answer", "NoAnswer", "NotSent", "Outbound", "is_public"]

# For each address that a host has.
_CONNECT_SECONDS = 5

# A thousand sellers may be read at the same time.
_AT_ONCE = 1000
_LONGEST_WAIT_FOR_TURN = 10

# Amazon keeps connections open for longer.
_IDLE_SECONDS = 20

_PORTS = {"https": 443, "http": 80}

_ENDING_IN_IPV4 = [
    ipaddress.IPv6Network(network)
    for network in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")
]

# Not public either, and not known as such to every Python: site-local (RFC 3879), NAT64 of one's
# own (RFC 8215).
_OF_ONES_OWN = [ipaddress.IPv6Network(network) for network in ("fec0::/10", "64:ff9b:1::/48")]


class NotSent(Exception):
    """The call never left: nothing can have happened."""


class NoAnswer(Exception):
    """The call was sent, but no whole answer came back."""


class _Place(NamedTuple):
    """Where a connection leads to."""

    scheme: str
    host: str
    port: int

    @property
    def name(self) -> str:
        """As a request names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


class Outbound:
    """The process's connections to the outside, kept open for the next call.

    `may_be_private` tells of a host and port whether it may resolve to an address that is not
    public; all others are connected to at public addresses only. Belongs to one event loop.
    """

    def __init__(self, may_be_private: Callable[[str, int], bool]) -> None:
        self._may_be_private = may_be_private
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._idle: defaultdict[_Place, list[Connection]] = defaultdict(list)
        self._tls = ssl.create_default_context()
        self._tls.set_alpn_protocols(["http/1.1"])

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
            NoAnswer: anything later went wrong, or the answer is too long.
        """
        place, target = _split(url, params)
        try:
            request = write_request(method, target, place.name, headers, content)
        except Unsendable as error:
            raise NotSent(str(error)) from None
        try:
            async with asyncio.timeout(_LONGEST_WAIT_FOR_TURN):
                await self._turns.acquire()
        except TimeoutError:
            raise NotSent("too many calls are under way") from None
        try:
            connection = self._awake(place) or await self._connect(place)
            try:
                return await connection.ask(request, enough)
            except Broken as error:
                raise NoAnswer(str(error)) from None
            finally:
                if connection.is_usable:
                    connection.rest(_IDLE_SECONDS)
                    self._idle[place].append(connection)
        finally:
            self._turns.release()

    async def aclose(self) -> None:
        """Close every connection that is not in use."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()
        await asyncio.sleep(0)  # the event loop is told of it

    def _awake(self, place: _Place) -> Connection | None:
        """The connection that was used last, if any can still be used."""
        connections = self._idle[place]
        while connections:
            connection = connections.pop()
            if connection.wake():
                return connection
        return None

    async def _connect(self, place: _Place) -> Connection:
        """Connect to the first of the host's addresses that answers."""
        if self._may_be_private(place.host, place.port):
            addresses = [place.host]
        else:
            addresses = await _public_addresses(place.host, place.port)
        loop = asyncio.get_running_loop()
        encrypted = place.scheme == "https"
        told = (
            f"{place.host} has no public address; the operator may allow it "
            "(AMAZON_ENDPOINT_ALLOWED_HOSTS)"
        )
        for address in addresses:
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    _, connection = await loop.create_connection(
                        Connection,
                        address,
                        place.port,
                        ssl=self._tls if encrypted else None,
                        server_hostname=place.host if encrypted else None,
                    )
            except (OSError, TimeoutError) as error:
                told = f"{type(error).__name__}: {error.strerror or error}"
            else:
                return connection
        raise NotSent(told)


def _split(url: str, params: Mapping[str, str] | None) -> tuple[_Place, str]:
    """The place that a URL leads to, and what is asked for there.

    Raises:
        NotSent: it is no URL of this kind. It is not quoted: it may be a key.
    """
    try:
        parts = urlsplit(url)
        place = _Place(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])
    except (ValueError, KeyError):
        raise NotSent("the address makes no sense") from None
    query = "&".join(filter(None, (parts.query, urlencode(params or {}, quote_via=quote))))
    return place, f"{parts.path or '/'}?{query}" if query else parts.path or "/"


async def _public_addresses(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotSent(f"{host} can't be resolved") from None
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

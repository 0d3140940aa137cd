"""Connect: from a seller's credentials to the generation of Amazon's API that serves them.

The only place that knows the generations. To all others each is what `generation` declares.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Union

import msgspec

from amazon_endpoint.amazon.amazon_time import AmazonTime
from amazon_endpoint.amazon.credentials import Account, Credentials
from amazon_endpoint.amazon.generation import Generation, Parameter, Shared
from amazon_endpoint.amazon.hosts import AllowedHosts, host_in
from amazon_endpoint.amazon.marketplaces import region_of
from amazon_endpoint.amazon.mws.generation import GENERATION as MWS
from amazon_endpoint.amazon.port import PacedAmazon
from amazon_endpoint.amazon.quota import Quotas
from amazon_endpoint.amazon.spapi.generation import GENERATION as SELLING_PARTNER
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.outbound import Outbound

#: Where credentials of several are given, the first counts; where none are, it is asked for.
GENERATIONS: tuple[Generation[Any], ...] = (SELLING_PARTNER, MWS)


def parameters() -> tuple[Parameter, ...]:
    """What the credentials of all generations are made of."""
    return tuple(one for generation in GENERATIONS for one in generation.parameters)


def chosen(is_given: Callable[[Parameter], bool]) -> Generation[Any]:
    """The generation that the given parameters choose: an optional one alone chooses none."""
    for generation in GENERATIONS:
        if any(is_given(one) for one in generation.parameters if not one.optional):
            return generation
    return GENERATIONS[0]


def generation_of(credentials: Credentials) -> Generation[Any]:
    """The generation that these credentials are for."""
    return next(one for one in GENERATIONS if isinstance(credentials, one.credentials))


def decode_credentials(kept: bytes) -> Credentials:
    """Credentials of any generation, from the JSON that msgspec wrote of them.

    Raises:
        msgspec.ValidationError: they are none.
    """
    kinds = tuple(one.credentials for one in GENERATIONS)
    credentials: Credentials = msgspec.json.decode(kept, type=Union[kinds])  # noqa: UP007 - of a table
    return credentials


def base_urls(account: Account, hosts: AllowedHosts) -> tuple[str, ...]:
    """The checked URLs that every call for this account begins with.

    Raises:
        InvalidInput: the marketplaces are unknown or of several regions; or a host is not allowed
            (`HostNotAllowed`), or of another generation, or has ended; `field` is the parameter's
            name.
    """
    region_of(account.marketplace_ids)
    own = generation_of(account.credentials)
    host = host_in(account.services_host or "")
    if host is not None and not own.has_host(host):
        for other in GENERATIONS:
            if other.has_host(host):
                raise InvalidInput(other.elsewhere, field="amazon.services_host")
    return own.base_urls(account, hosts)


class Connector:
    """What all accounts of a process share: connections, tokens, quotas, Amazon's time.

    Belongs to one event loop; close it with `aclose`.
    """

    def __init__(self, *, quotas: Quotas, clock: Clock, hosts: AllowedHosts) -> None:
        outbound = Outbound(may_be_private=hosts.listed)
        self._shared = Shared(
            outbound=outbound,
            quotas=quotas,
            clock=clock,
            amazon_time=AmazonTime(outbound, clock),
            hosts=hosts,
        )
        self._connections = {one.name: one.open(self._shared) for one in GENERATIONS}

    def connect(self, account: Account) -> PacedAmazon:
        """Amazon, as this account is served by it. Nothing is called yet.

        Raises:
            InvalidInput: as `base_urls`.
        """
        connections = self._connections[generation_of(account.credentials).name]
        return connections.connect(account.credentials, base_urls(account, self._shared.hosts))

    async def amazon_now(self, account: Account) -> datetime:
        """The present moment at Amazon, as told to anybody: the credentials are not used.

        Raises:
            InvalidInput: as `base_urls`.
            AmazonUnavailable: it does not answer.
        """
        return await self._shared.amazon_time.now(*base_urls(account, self._shared.hosts))

    async def aclose(self) -> None:
        """Give up what is under way and close every connection."""
        for connections in self._connections.values():
            await connections.aclose()
        await self._shared.outbound.aclose()

"""A generation of Amazon's API: all that the rest of the program has to know of it.

Each has a folder beside this module, whose `generation.GENERATION` is listed in `connect`.
"""

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

import msgspec

from amazon_endpoint.amazon.amazon_time import AmazonTime
from amazon_endpoint.amazon.credentials import Account, Credentials
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.port import PacedAmazon
from amazon_endpoint.amazon.quota import Quotas, Rate
from amazon_endpoint.clock import Clock
from amazon_endpoint.outbound import Outbound

C = TypeVar("C", bound=Credentials)
C_contra = TypeVar("C_contra", bound=Credentials, contravariant=True)


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the credentials, as hubs and the command line give it.

    `name` comes without ``amazon.``, and no other generation has it. `description` begins with a
    capital and has no full stop. `aliases` are FlowLink's names of it. What is kept in a column has
    the `limit` of its length, in characters.
    """

    name: str
    description: str
    optional: bool = False
    secret: bool = True
    limit: int | None = None
    aliases: tuple[str, ...] = ()


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What all accounts of a process share, over whichever generation."""

    outbound: Outbound
    quotas: Quotas
    clock: Clock
    amazon_time: AmazonTime
    hosts: AllowedHosts


class Connections(Protocol[C_contra]):
    """The connections of a process over one generation, with what its accounts share beyond
    `Shared`."""

    def connect(self, credentials: C_contra, base_urls: tuple[str, ...]) -> PacedAmazon:
        """The account of these credentials; `base_urls` are the generation's. Nothing is called."""
        ...

    async def aclose(self) -> None:
        """Give up what is under way."""
        ...


class Generation(msgspec.Struct, Generic[C], frozen=True, kw_only=True):
    """A generation of Amazon's API.

    `hint` tells in a sentence which parameters to set to what. `credentials` are a tagged struct:
    the tag tells kept accounts apart. `read` makes them of the parameters that are given, by name,
    none of those that are not optional missing, and of the seller's id. `has_host` tells the hosts
    where Amazon serves this generation, and `elsewhere` what to do where other credentials are
    given for one of them. `base_urls` are the checked URLs that the calls for an account begin
    with; it raises `InvalidInput` naming the parameter. `plans` are the published ones of all its
    quotas, by the names of their buckets.
    """

    name: str
    hint: str
    parameters: tuple[Parameter, ...]
    credentials: type[C]
    read: Callable[[Mapping[str, str], str], C]
    has_host: Callable[[str], bool]
    elsewhere: str
    base_urls: Callable[[Account, AllowedHosts], tuple[str, ...]]
    open: Callable[[Shared], Connections[C]]
    plans: Mapping[str, Rate]

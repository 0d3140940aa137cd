"""Marketplace Web Service, as a generation: its parameters, its hosts, its connections.

Amazon's own has ended. What is left are gateways that speak it, which the operator allows.
"""

import re
from collections.abc import Mapping

from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.generation import Generation, Parameter, Shared
from amazon_endpoint.amazon.hosts import AllowedHosts, host_in
from amazon_endpoint.amazon.mws.account import MwsAccount
from amazon_endpoint.amazon.mws.credentials import MwsCredentials
from amazon_endpoint.amazon.mws.operations import PLANS
from amazon_endpoint.amazon.mws.transport import Transport
from amazon_endpoint.errors import InvalidInput

# "Amazon MWS endpoints": every region had its host, and some countries one of their own.
_RETIRED = re.compile(r"mws[a-z0-9-]*\.amazonservices(\.[a-z]+)+", re.ASCII)

_ENDED = (
    "Amazon ended MWS on 2024-04-01, and its hosts answer no more. Clear amazon.services_host, and "
    "set amazon.client_id, amazon.client_secret and amazon.refresh_token to the Login with Amazon "
    "credentials of a Selling Partner API application. Keys of a gateway that speaks MWS want its "
    "host instead, allowed by the operator (AMAZON_ENDPOINT_ALLOWED_HOSTS)."
)


class MwsConnections:
    """Implements `generation.Connections`."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def connect(self, credentials: MwsCredentials, base_urls: tuple[str, ...]) -> MwsAccount:
        """See `generation.Connections`."""
        (services_url,) = base_urls
        return MwsAccount(
            Transport(
                outbound=self._shared.outbound,
                quotas=self._shared.quotas,
                clock=self._shared.clock,
                amazon_time=self._shared.amazon_time,
                credentials=credentials,
                services_url=services_url,
            )
        )

    async def aclose(self) -> None:
        """See `generation.Connections`."""


def _read(given: Mapping[str, str], seller_id: str) -> MwsCredentials:
    return MwsCredentials(
        access_key_id=given["aws_access_key"],
        secret_key=given["secret_key"],
        seller_id=seller_id,
        auth_token=given.get("mws_auth_token"),
    )


def _is_retired(host: str) -> bool:
    return _RETIRED.fullmatch(host) is not None


def _base_urls(account: Account, hosts: AllowedHosts) -> tuple[str, ...]:
    """The gateway's."""
    gateway = account.services_host
    if not gateway or _is_retired(host_in(gateway) or ""):
        raise InvalidInput(_ENDED, field="amazon.aws_access_key")
    return (hosts.base_url(gateway, field="amazon.services_host"),)


GENERATION = Generation(
    name="MWS",
    hint=(
        "Set amazon.aws_access_key and amazon.secret_key to the keys that your MWS gateway gave "
        "you, and amazon.services_host to its host."
    ),
    parameters=(
        Parameter(
            name="aws_access_key",
            description="Access key of an MWS gateway",
            secret=False,
            limit=255,
            aliases=("aws_access_key_id", "access_key"),
        ),
        Parameter(name="secret_key", description="Secret key of an MWS gateway"),
        Parameter(
            name="mws_auth_token",
            description="The seller's authorisation, where an MWS gateway wants one",
            optional=True,
        ),
    ),
    credentials=MwsCredentials,
    read=_read,
    has_host=_is_retired,
    elsewhere=_ENDED,
    base_urls=_base_urls,
    open=MwsConnections,
    plans=PLANS,
)

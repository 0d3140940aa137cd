"""The Selling Partner API, as a generation: its parameters, its hosts, its connections."""

from collections.abc import Mapping

from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.generation import Generation, Parameter, Shared
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.marketplaces import Region, region_of
from amazon_endpoint.amazon.spapi.account import SellingPartnerAccount
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.amazon.spapi.feeds import FeedsApi
from amazon_endpoint.amazon.spapi.operations import PLANS
from amazon_endpoint.amazon.spapi.orders import OrdersApi, PersonalDataRefusals
from amazon_endpoint.amazon.spapi.token import TokenCache
from amazon_endpoint.amazon.spapi.transport import Transport

# "Selling Partner API endpoints": production, and the sandboxes of the same name.
_HOSTS = {region: f"sellingpartnerapi-{region.lower()}.amazon.com" for region in Region}
_SERVICES = {*_HOSTS.values(), *(f"sandbox.{host}" for host in _HOSTS.values())}
_LOGIN = "api.amazon.com"

_HINT = (
    "Set amazon.client_id, amazon.client_secret and amazon.refresh_token to the Login with Amazon "
    "credentials of your Selling Partner API application."
)


class SellingPartnerConnections:
    """Implements `generation.Connections`: its accounts share tokens."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._tokens = TokenCache(shared.outbound, shared.clock, shared.amazon_time)
        self._refusals = PersonalDataRefusals()

    def connect(
        self, credentials: SellingPartnerCredentials, base_urls: tuple[str, ...]
    ) -> SellingPartnerAccount:
        """See `generation.Connections`."""
        services_url, token_url = base_urls
        transport = Transport(
            outbound=self._shared.outbound,
            tokens=self._tokens,
            quotas=self._shared.quotas,
            clock=self._shared.clock,
            amazon_time=self._shared.amazon_time,
            credentials=credentials,
            services_url=services_url,
            token_url=token_url,
        )
        return SellingPartnerAccount(
            transport,
            OrdersApi(transport, self._refusals),
            FeedsApi(transport, self._shared.hosts),
        )

    async def aclose(self) -> None:
        """See `generation.Connections`."""
        await self._tokens.aclose()


def _read(given: Mapping[str, str], _seller_id: str) -> SellingPartnerCredentials:
    return SellingPartnerCredentials(
        client_id=given["client_id"],
        client_secret=given["client_secret"],
        refresh_token=given["refresh_token"],
    )


def _base_urls(account: Account, hosts: AllowedHosts) -> tuple[str, ...]:
    """The service's, by the marketplaces' region, and that of Login with Amazon."""
    region = region_of(account.marketplace_ids)
    return (
        hosts.base_url(
            account.services_host or _HOSTS[region], own=_SERVICES, field="amazon.services_host"
        ),
        hosts.base_url(account.token_host or _LOGIN, own={_LOGIN}, field="amazon.token_host"),
    )


GENERATION = Generation(
    name="SP-API",
    hint=_HINT,
    parameters=(
        Parameter(
            name="client_id",
            description="Login with Amazon client id of the application",
            secret=False,
            limit=255,
        ),
        Parameter(
            name="client_secret", description="Login with Amazon client secret of the application"
        ),
        Parameter(name="refresh_token", description="Refresh token of the seller's authorisation"),
    ),
    credentials=SellingPartnerCredentials,
    read=_read,
    has_host=_SERVICES.__contains__,
    elsewhere=(
        f"The Selling Partner API answers at this host, and takes no other credentials. {_HINT} "
        "Or name the host that takes yours."
    ),
    base_urls=_base_urls,
    open=SellingPartnerConnections,
    plans=PLANS,
)

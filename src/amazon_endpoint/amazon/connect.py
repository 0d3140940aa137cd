"""Connect: from a seller's credentials to the generation of Amazon's API that serves them.

The only place that chooses the generation.
"""

from amazon_endpoint.amazon.amazon_time import AmazonTime
from amazon_endpoint.amazon.credentials import (
    Account,
    MwsCredentials,
    SellingPartnerCredentials,
)
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.marketplaces import MARKETPLACES, Region, region_of
from amazon_endpoint.amazon.mws.account import MwsAccount
from amazon_endpoint.amazon.mws.transport import Transport as MwsTransport
from amazon_endpoint.amazon.port import PacedAmazon
from amazon_endpoint.amazon.quota import Quotas
from amazon_endpoint.amazon.spapi.account import SellingPartnerAccount
from amazon_endpoint.amazon.spapi.feeds import FeedsApi
from amazon_endpoint.amazon.spapi.orders import OrdersApi, PersonalDataRefusals
from amazon_endpoint.amazon.spapi.token import TokenCache
from amazon_endpoint.amazon.spapi.transport import Transport
from amazon_endpoint.clock import Clock
from amazon_endpoint.outbound import Outbound


class Connector:
    """What all accounts of a process share: connections, tokens, quotas, Amazon's time.

    Belongs to one event loop; close it with `aclose`.
    """

    def __init__(self, *, quotas: Quotas, clock: Clock, hosts: AllowedHosts) -> None:
        self._quotas = quotas
        self._clock = clock
        self._hosts = hosts
        self._outbound = Outbound(may_be_private=hosts.listed)
        self._amazon_time = AmazonTime(self._outbound, clock)
        self._tokens = TokenCache(self._outbound, clock, self._amazon_time)
        self._refusals = PersonalDataRefusals()

    def connect(self, account: Account) -> PacedAmazon:
        """Amazon, as this account is served by it. Nothing is called yet.

        Raises:
            InvalidInput: the marketplaces are unknown or of several regions, or a host is not
                allowed (`HostNotAllowed`), or MWS would be called at Amazon's own, where it has
                ended; `field` is the parameter's name.
        """
        region = region_of(account.marketplace_ids)
        match account.credentials:
            case SellingPartnerCredentials() as credentials:
                return self._selling_partner(account, credentials, region)
            case MwsCredentials() as credentials:
                return self._mws(account, credentials)

    def _selling_partner(
        self, account: Account, credentials: SellingPartnerCredentials, region: Region
    ) -> PacedAmazon:
        transport = Transport(
            outbound=self._outbound,
            tokens=self._tokens,
            quotas=self._quotas,
            clock=self._clock,
            amazon_time=self._amazon_time,
            credentials=credentials,
            services_url=self._hosts.services_url(account.services_host, region),
            token_url=self._hosts.token_url(account.token_host),
        )
        return SellingPartnerAccount(
            transport, OrdersApi(transport, self._refusals), FeedsApi(transport, self._hosts)
        )

    def _mws(self, account: Account, credentials: MwsCredentials) -> PacedAmazon:
        retired = MARKETPLACES[account.marketplace_ids[0]].mws_host
        transport = MwsTransport(
            outbound=self._outbound,
            quotas=self._quotas,
            clock=self._clock,
            amazon_time=self._amazon_time,
            credentials=credentials,
            services_url=self._hosts.mws_url(account.services_host, retired),
        )
        return MwsAccount(transport)

    async def aclose(self) -> None:
        """Give up what is under way and close every connection."""
        await self._tokens.aclose()
        await self._outbound.aclose()

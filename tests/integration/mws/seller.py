"""A seller's account, connected to a service of the test's own that speaks MWS."""

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.mws.credentials import MwsCredentials
from amazon_endpoint.amazon.port import Amazon
from amazon_endpoint.clock import Clock
from tests.integration.spapi.memory_quotas import MemoryQuotas

UNITED_STATES = "ATVPDKIKX0DER"

#: The local Amazon's secret keys follow from its access keys.
CREDENTIALS = MwsCredentials(
    access_key_id="AKIDEXAMPLE", secret_key="local-AKIDEXAMPLE", seller_id="A0000000000000"
)


class Seller:
    """A connector, its quotas, and what opens an account at `url`."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        self.clock = clock
        self.quotas = MemoryQuotas()
        hosts = AllowedHosts(["127.0.0.1"])
        self.connector = Connector(quotas=self.quotas, clock=clock, hosts=hosts)

    def account(self, credentials: MwsCredentials = CREDENTIALS) -> Amazon:
        return self.connector.connect(
            Account(
                credentials=credentials,
                seller_id=credentials.seller_id,
                marketplace_ids=(UNITED_STATES,),
                services_host=self.url,
            )
        )

"""A seller's account, connected to an Amazon of the test's own."""

from datetime import datetime, timedelta

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.port import Amazon, OrderQuery
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.clock import Clock
from amazon_endpoint.shipments import Carrier, Package, PackageItem
from tests.integration.spapi.memory_quotas import MemoryQuotas
from tests.turned_clock import NOON

UNITED_STATES = "ATVPDKIKX0DER"

CREDENTIALS = SellingPartnerCredentials(
    client_id="application.1", client_secret="secret-of-the-application", refresh_token="Atzr|one"
)

PACKAGE = Package(
    order_number="111-0000000-0000001",
    marketplace_id=UNITED_STATES,
    reference="1",
    message_id="1",
    carrier=Carrier("UPS"),
    shipping_method="UPS Ground",
    tracking="1Z0000000000000000",
    shipped_at=NOON,
    items=(PackageItem("10000000000001", 2),),
)


class Seller:
    """A connector, its quotas, and what opens an account at `url`."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        self.clock = clock
        self.quotas = MemoryQuotas()
        hosts = AllowedHosts(["127.0.0.1"])
        self.connector = Connector(quotas=self.quotas, clock=clock, hosts=hosts)

    def account(
        self,
        credentials: SellingPartnerCredentials = CREDENTIALS,
        services_host: str | None = None,
    ) -> Amazon:
        return self.connector.connect(
            Account(
                credentials=credentials,
                seller_id="A0000000000000",
                marketplace_ids=(UNITED_STATES,),
                services_host=services_host or self.url,
                token_host=self.url,
            )
        )


def window(
    until: datetime = NOON, *, statuses: tuple[str, ...] = (), fulfilled_by: tuple[str, ...] = ()
) -> OrderQuery:
    """The thirty days before `until`."""
    return OrderQuery(
        after=until - timedelta(days=30),
        before=until,
        marketplace_ids=(UNITED_STATES,),
        statuses=statuses,
        fulfilled_by=fulfilled_by,
    )

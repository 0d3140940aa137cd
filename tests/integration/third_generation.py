"""A third generation of Amazon's API as a folder would hold it: opened by a licence, one order."""

# ruff: noqa: ARG002 - its one order is the answer to all

from collections.abc import Mapping
from datetime import datetime
from typing import NoReturn

import msgspec

from amazon_endpoint.amazon.amazon_time import latest_upper_bound
from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.generation import Generation, Parameter, Shared
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.port import OrderPage, OrderQuery, PacedAmazon
from amazon_endpoint.amazon.quota import ShippingQuota
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import FeedNotFound, OrderNotFound
from amazon_endpoint.feeds import FeedReport, FeedStatus
from amazon_endpoint.orders import Order
from amazon_endpoint.shipments import Package
from tests.unit.hub.examples import order

HOST = "third.amazon.example"


class LicenceCredentials(msgspec.Struct, frozen=True, kw_only=True, tag="third"):
    licence: str
    warehouse: str | None
    seller_id: str

    @property
    def application(self) -> str:
        return "third"

    @property
    def account(self) -> str:
        return f"of {self.seller_id}"

    @property
    def secret(self) -> bytes:
        return self.licence.encode()

    def __repr__(self) -> str:
        return f"LicenceCredentials({self.account})"


class ThirdAmazon:
    """The port. The buyer's email address tells how the account was opened."""

    def __init__(self, clock: Clock, opened_with: str) -> None:
        self._clock = clock
        self._order = order(buyer_email=opened_with)

    async def latest_upper_bound(self) -> datetime:
        return latest_upper_bound(self._clock.now())

    async def search_orders(self, query: OrderQuery, page_token: str | None) -> OrderPage:
        return OrderPage(orders=(self._order,))

    async def get_order(self, number: str) -> Order:
        if number != self._order.number:
            raise OrderNotFound
        return self._order

    async def prepare_feed(self, body: bytes) -> str:
        raise NotImplementedError

    async def submit_feed(self, document_id: str, marketplace_ids: tuple[str, ...]) -> str:
        raise NotImplementedError

    async def feed_status(self, feed_id: str) -> NoReturn:
        raise FeedNotFound

    async def feed_report(self, status: FeedStatus) -> FeedReport:
        raise NotImplementedError

    async def feeds_since(self, moment: datetime) -> tuple[FeedStatus, ...]:
        return ()

    async def confirm_shipment(self, package: Package) -> None:
        raise NotImplementedError

    async def shipping_quota(self) -> ShippingQuota:
        raise NotImplementedError


class ThirdConnections:
    def __init__(self, shared: Shared) -> None:
        self._clock = shared.clock

    def connect(self, credentials: LicenceCredentials, base_urls: tuple[str, ...]) -> PacedAmazon:
        opened_with = f"{credentials.licence} {credentials.warehouse} {' '.join(base_urls)}"
        return ThirdAmazon(self._clock, opened_with)

    async def aclose(self) -> None:
        pass


def read(given: Mapping[str, str], seller_id: str) -> LicenceCredentials:
    return LicenceCredentials(
        licence=given["licence"], warehouse=given.get("warehouse"), seller_id=seller_id
    )


def base_urls(account: Account, hosts: AllowedHosts) -> tuple[str, ...]:
    url = hosts.base_url(account.services_host or HOST, own={HOST}, field="amazon.services_host")
    return (url,)


THIRD = Generation(
    name="Third",
    hint="Set amazon.licence to your licence.",
    parameters=(
        Parameter(
            name="licence", description="The licence", limit=10, aliases=("the_old_licence",)
        ),
        Parameter(name="warehouse", description="The warehouse", optional=True, secret=False),
    ),
    credentials=LicenceCredentials,
    read=read,
    has_host={HOST}.__contains__,
    elsewhere="This host takes licences. Set amazon.licence.",
    base_urls=base_urls,
    open=ThirdConnections,
    plans={},
)

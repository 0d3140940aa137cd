"""A seller's account, as Marketplace Web Service serves it."""

from datetime import datetime

from amazon_endpoint.amazon.amazon_time import latest_upper_bound
from amazon_endpoint.amazon.mws.feeds import FeedsApi
from amazon_endpoint.amazon.mws.operations import GET_ORDER, SUBMIT_FEED
from amazon_endpoint.amazon.mws.orders import OrdersApi
from amazon_endpoint.amazon.mws.transport import Transport
from amazon_endpoint.amazon.port import OrderPage, OrderQuery
from amazon_endpoint.amazon.quota import ShippingQuota
from amazon_endpoint.errors import AmazonRefused
from amazon_endpoint.feeds import FeedReport, FeedStatus
from amazon_endpoint.orders import Order
from amazon_endpoint.shipments import Package


class MwsAccount:
    """The port, over Marketplace Web Service."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._orders = OrdersApi(transport)
        self._feeds = FeedsApi(transport)

    async def latest_upper_bound(self) -> datetime:
        """See `port.Amazon`."""
        return latest_upper_bound(await self._transport.amazon_now())

    async def search_orders(self, query: OrderQuery, page_token: str | None) -> OrderPage:
        """See `port.Amazon`. A page that the quota cuts short goes on under its `next_token`."""
        return await self._orders.search(query, page_token)

    async def get_order(self, number: str) -> Order:
        """See `port.Amazon`."""
        return await self._orders.get(number)

    async def prepare_feed(self, body: bytes) -> str:
        """See `port.Amazon`. MWS takes a feed's content with its submission: it is its own id."""
        return body.decode()

    async def submit_feed(self, document_id: str, marketplace_ids: tuple[str, ...]) -> str:
        """See `port.Amazon`."""
        return await self._feeds.submit(document_id.encode(), marketplace_ids)

    async def feed_status(self, feed_id: str) -> FeedStatus:
        """See `port.Amazon`."""
        return await self._feeds.status(feed_id)

    async def feed_report(self, status: FeedStatus) -> FeedReport:
        """See `port.Amazon`."""
        return await self._feeds.report(status)

    async def feeds_since(self, moment: datetime) -> tuple[FeedStatus, ...]:
        """See `port.Amazon`."""
        return await self._feeds.since(moment)

    async def confirm_shipment(self, package: Package) -> None:
        """See `port.Amazon`. MWS has no such call."""
        raise AmazonRefused(
            f"Marketplace Web Service confirms shipments by feed alone. Confirm order "
            f"{package.order_number} with a feed."
        )

    async def shipping_quota(self) -> ShippingQuota:
        """See `port.PacedAmazon`."""
        return ShippingQuota(
            orders=await self._transport.bucket(GET_ORDER),
            feeds=await self._transport.bucket(SUBMIT_FEED),
            direct=None,
        )

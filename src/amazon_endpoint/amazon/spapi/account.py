"""A seller's account, as the Selling Partner API serves it."""

import asyncio
from datetime import datetime

from amazon_endpoint.amazon.amazon_time import latest_upper_bound
from amazon_endpoint.amazon.port import OrderPage, OrderQuery
from amazon_endpoint.amazon.quota import ShippingQuota
from amazon_endpoint.amazon.spapi.feeds import FeedsApi
from amazon_endpoint.amazon.spapi.operations import CONFIRM_SHIPMENT, CREATE_FEED, GET_ORDER
from amazon_endpoint.amazon.spapi.orders import OrdersApi
from amazon_endpoint.amazon.spapi.shipping import confirm_shipment
from amazon_endpoint.amazon.spapi.transport import Transport
from amazon_endpoint.feeds import FeedReport, FeedStatus
from amazon_endpoint.orders import Order
from amazon_endpoint.shipments import Package


class SellingPartnerAccount:
    """The port, over the Selling Partner API."""

    def __init__(self, transport: Transport, orders: OrdersApi, feeds: FeedsApi) -> None:
        self._transport = transport
        self._orders = orders
        self._feeds = feeds

    async def latest_upper_bound(self) -> datetime:
        """See `port.Amazon`."""
        return latest_upper_bound(await self._transport.amazon_now())

    async def search_orders(self, query: OrderQuery, page_token: str | None) -> OrderPage:
        """See `port.Amazon`."""
        return await self._orders.search(query, page_token)

    async def get_order(self, number: str) -> Order:
        """See `port.Amazon`."""
        await self._transport.have_token()
        return await self._orders.get(number)

    async def prepare_feed(self, body: bytes) -> str:
        """See `port.Amazon`."""
        return await self._feeds.prepare(body)

    async def submit_feed(self, document_id: str, marketplace_ids: tuple[str, ...]) -> str:
        """See `port.Amazon`."""
        return await self._feeds.submit(document_id, marketplace_ids)

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
        """See `port.Amazon`."""
        await confirm_shipment(self._transport, package)

    async def shipping_quota(self) -> ShippingQuota:
        """See `port.PacedAmazon`."""
        operations = GET_ORDER, CREATE_FEED, CONFIRM_SHIPMENT
        orders, feeds, direct = await asyncio.gather(*map(self._transport.bucket, operations))
        return ShippingQuota(orders=orders, feeds=feeds, direct=direct)

"""Lookups: what Amazon shows, read once in a round and within the quota."""

from datetime import datetime

import msgspec

from amazon_endpoint.amazon.quota import Bucket, due, refill
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import Throttled
from amazon_endpoint.feeds import FeedReport, FeedStatus
from amazon_endpoint.orders import Order
from amazon_endpoint.services.evidence import Shown


class Lookups:
    """Implements `services.evidence.Shown`.

    Shipments that were lost together are found out by the same few feeds, and an order in several
    parcels is read for all of them.
    """

    def __init__(self, amazon: Shown, orders: Bucket, clock: Clock) -> None:
        """Read no more orders than `orders`, their quota, holds now."""
        self._amazon = amazon
        self._quota = orders
        self._clock = clock
        self._orders: dict[str, Order] = {}
        self._feeds: dict[datetime, tuple[FeedStatus, ...]] = {}
        self._reports: dict[str, FeedReport] = {}

    async def get_order(self, number: str) -> Order:
        """See `port.Amazon`.

        Raises:
            Throttled: without a call, until a burst can be read again.
        """
        if number not in self._orders:
            now = self._clock.now()
            self._quota = refill(self._quota, now)
            if self._quota.tokens < 1:
                raise Throttled(not_before=due(self._quota, self._quota.burst, now))
            self._quota = msgspec.structs.replace(self._quota, tokens=self._quota.tokens - 1)
            self._orders[number] = await self._amazon.get_order(number)
        return self._orders[number]

    async def feeds_since(self, moment: datetime) -> tuple[FeedStatus, ...]:
        """See `port.Amazon`."""
        if moment not in self._feeds:
            self._feeds[moment] = await self._amazon.feeds_since(moment)
        return self._feeds[moment]

    async def feed_report(self, status: FeedStatus) -> FeedReport:
        """See `port.Amazon`."""
        if status.feed_id not in self._reports:
            self._reports[status.feed_id] = await self._amazon.feed_report(status)
        return self._reports[status.feed_id]

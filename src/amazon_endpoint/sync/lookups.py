"""Lookups: what Amazon shows, read once in a round and within the quota."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import msgspec

from amazon_endpoint.amazon.quota import Bucket, due, refill
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import Throttled
from amazon_endpoint.feeds import FeedReport, FeedStatus
from amazon_endpoint.orders import Order
from amazon_endpoint.services.evidence import Shown

T = TypeVar("T")


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
        self._throttled: dict[str, Throttled] = {}

    async def get_order(self, number: str) -> Order:
        """See `port.Amazon`.

        Raises:
            Throttled: without a call where the quota is used up, until a burst is there again.
        """
        if number not in self._orders:
            now = self._clock.now()
            self._quota = refill(self._quota, now)
            if self._quota.tokens < 1:
                raise Throttled(not_before=due(self._quota, self._quota.burst, now))
            self._quota = msgspec.structs.replace(self._quota, tokens=self._quota.tokens - 1)
            self._orders[number] = await self._once(
                "getOrder", lambda: self._amazon.get_order(number)
            )
        return self._orders[number]

    async def feeds_since(self, moment: datetime) -> tuple[FeedStatus, ...]:
        """See `port.Amazon`."""
        if moment not in self._feeds:
            self._feeds[moment] = await self._once(
                "getFeeds", lambda: self._amazon.feeds_since(moment)
            )
        return self._feeds[moment]

    async def feed_report(self, status: FeedStatus) -> FeedReport:
        """See `port.Amazon`."""
        if status.feed_id not in self._reports:
            self._reports[status.feed_id] = await self._once(
                "getFeedDocument", lambda: self._amazon.feed_report(status)
            )
        return self._reports[status.feed_id]

    async def _once(self, operation: str, call: Callable[[], Awaitable[T]]) -> T:
        """Let an operation that Amazon throttled rest in this round: each call waits a little."""
        if (throttled := self._throttled.get(operation)) is not None:
            raise throttled
        try:
            return await call()
        except Throttled as error:
            self._throttled[operation] = error
            raise

"""Kept orders: how far they can stand in for Amazon's own."""

from datetime import datetime
from typing import Protocol

from amazon_endpoint.orders import Order
from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.changes import KnownOrder
from amazon_endpoint.sync.polling import Readings
from amazon_endpoint.sync.reading import ReadingKind


class Orders(Protocol):
    """The orders that were read."""

    async def find(self, account_id: str, number: str) -> KnownOrder | None:
        """The order as it is kept."""
        ...


class KeptOrders:
    """Implements `sync.shipping.KnownOrders`, over what the polls have read."""

    def __init__(self, orders: Orders, readings: Readings) -> None:
        self._orders = orders
        self._readings = readings

    async def current(self, account: SyncAccount, number: str, *, since: datetime) -> Order | None:
        """The order as Amazon had it at `since` or later; None where that isn't kept.

        What the polls have come to is kept as Amazon had it then, unless a filter lets changes
        pass unread.
        """
        if account.statuses:
            return None
        poll = (await self._readings.of(account.id)).get(ReadingKind.POLL)
        if poll is None or poll.upper_bound < since:
            return None
        known = await self._orders.find(account.id, number)
        return known.order if known is not None else None

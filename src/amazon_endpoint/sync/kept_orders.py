"""Kept orders: how far they can stand in for Amazon's own."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from amazon_endpoint.orders import Order
from amazon_endpoint.sync.accounts import SyncAccount


class Orders(Protocol):
    """The orders that were read."""

    async def polled(
        self, account_id: str, numbers: Collection[str], since: datetime
    ) -> Mapping[str, Order]:
        """Those of these orders that are kept; none where the polls have not come to `since`."""
        ...


class KeptOrders:
    """Implements `sync.shipping.KnownOrders`, over what the polls have read."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    async def current(
        self, account: SyncAccount, numbers: Collection[str], *, since: datetime
    ) -> Mapping[str, Order]:
        """Those of these orders that are kept as Amazon had them at `since` or later.

        What the polls have come to is kept as Amazon had it then, unless a filter lets changes
        pass unread.
        """
        return {} if account.statuses else await self._orders.polled(account.id, numbers, since)

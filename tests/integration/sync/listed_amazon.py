"""An Amazon in memory: lists what was updated or created, page by page, and fails when told to."""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from amazon_endpoint.amazon.port import OrderPage, OrderQuery, UnreadableOrder
from amazon_endpoint.amazon.quota import Rate, ShippingQuota, drain, full, take
from amazon_endpoint.errors import (
    EndpointError,
    OrderNotFound,
    PageTokenRefused,
    Throttled,
    Unreadable,
)
from amazon_endpoint.orders import Order
from tests.turned_clock import TurnedClock
from tests.unit.hub.examples import order

_NOT_YET = timedelta(minutes=2)
_ORDERS = Rate(per_second=0.5, burst=30)


class _Place(msgspec.Struct, frozen=True):
    """Behind which order a page begins, in the window of which query."""

    query: OrderQuery
    moment: datetime
    number: str


class ListedAmazon:
    """A seller's orders. Pages are cut behind the last order told, so that they shift when orders
    are updated: what is updated leaves the window."""

    def __init__(self, clock: TurnedClock, page_size: int = 2) -> None:
        self.clock = clock
        self.page_size = page_size
        #: By how much its clock is behind ours.
        self.behind = timedelta()
        self._quota = full(_ORDERS, clock.now())
        self.orders: dict[str, Order] = {}
        self.unreadable: set[str] = set()
        self.served_before: datetime | None = None
        self.turns_in_circles = False
        self.refuses_tokens = False
        #: What the next calls raise; None lets one pass.
        self.failures: deque[EndpointError | None] = deque()
        self.queries: list[tuple[OrderQuery, str | None]] = []
        self.asked_for: list[str] = []

    def put(self, number: int, **changes: Any) -> Order:
        """Add an order, or change it: now, if nothing else is said."""
        name = f"111-0000000-{number:07d}"
        now = self.clock.now()
        before = self.orders.get(name) or order(number=name, placed_at=now)
        self.orders[name] = msgspec.structs.replace(before, **{"updated_at": now, **changes})
        return self.orders[name]

    async def latest_upper_bound(self) -> datetime:
        return self.clock.now() - self.behind - _NOT_YET

    async def search_orders(self, query: OrderQuery, page_token: str | None) -> OrderPage:
        self.queries.append((query, page_token))
        self._fail()
        place = _Place(query, datetime.min.replace(tzinfo=UTC), "")
        if page_token and not self.turns_in_circles:
            place = msgspec.json.decode(page_token, type=_Place)
            if self.refuses_tokens or place.query != query:
                raise PageTokenRefused
        listed = sorted(
            (moment, one.number)
            for one in self.orders.values()
            if query.after <= (moment := _moment(one, query)) <= query.before
            and (not query.fulfilled_by or one.fulfilled_by in query.fulfilled_by)
            and (not query.statuses or one.status in query.statuses)
            and (moment, one.number) > (place.moment, place.number)
        )
        told, more = listed[: self.page_size], listed[self.page_size :]
        found = [self.orders[number] for _, number in told]
        return OrderPage(
            orders=tuple(one for one in found if one.number not in self.unreadable),
            unreadable=tuple(
                UnreadableOrder(one.number, "This order can't be read: no price.")
                for one in found
                if one.number in self.unreadable
            ),
            next_token=msgspec.json.encode(_Place(query, *told[-1])).decode() if more else None,
            served_before=self.served_before,
        )

    async def shipping_quota(self) -> ShippingQuota:
        return ShippingQuota(orders=self._quota, feeds=self._quota, direct=None)

    def drain(self) -> None:
        """Leave no order to be read by number now."""
        self._quota = drain(self._quota, self.clock.now())

    async def get_order(self, number: str) -> Order:
        self._quota, not_before = take(self._quota, self.clock.now())
        if not_before is not None:
            raise Throttled(not_before=not_before)
        self.asked_for.append(number)
        self._fail()
        if number in self.unreadable:
            raise Unreadable("This order can't be read: no price.")
        if number not in self.orders:
            raise OrderNotFound
        return self.orders[number]

    def _fail(self) -> None:
        failure = self.failures.popleft() if self.failures else None
        if failure is not None:
            raise failure


def _moment(one: Order, query: OrderQuery) -> datetime:
    return one.updated_at if query.by == "updated" else one.placed_at

"""Orders 2013-09-01: windows of orders, and single ones, each with its items.

Amazon lets 30 orders' items be read at once and one more every two seconds, and one page of
orders a minute. So a page is small enough for the items' burst, no page is listed whose orders
can't be read then, and a page that the quota cuts short is gone on with where it was left.

An order whose items alone can't be had is given up in the end, lest it stop all that come after.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from lxml import etree

from amazon_endpoint.amazon.failures import throttled
from amazon_endpoint.amazon.mws.fields import answered_id, moment
from amazon_endpoint.amazon.mws.operations import (
    GET_ORDER,
    LIST_ORDER_ITEMS,
    LIST_ORDER_ITEMS_BY_NEXT_TOKEN,
    LIST_ORDERS,
    LIST_ORDERS_BY_NEXT_TOKEN,
)
from amazon_endpoint.amazon.mws.order_reader import (
    CHANNELS,
    order_number,
    order_status,
    read_order,
)
from amazon_endpoint.amazon.mws.parameters import numbered
from amazon_endpoint.amazon.mws.position import Position, read_position
from amazon_endpoint.amazon.mws.transport import Refused, Transport
from amazon_endpoint.amazon.patience import Garbled
from amazon_endpoint.amazon.port import OrderPage, OrderQuery, UnreadableOrder
from amazon_endpoint.amazon.xml import child, children, text
from amazon_endpoint.clock import iso
from amazon_endpoint.errors import (
    AccessDenied,
    AmazonUnavailable,
    EndpointError,
    OrderNotFound,
    PageRepeated,
    PageTokenRefused,
    Throttled,
    Unreadable,
)
from amazon_endpoint.orders import Order

PAGE_SIZE = 25
_AT_ONCE = 5

# How many polls an order's items may fail in, while Amazon gives those of others.
_MOST_FAILURES = 3

_TIMES = {"updated": "LastUpdated", "created": "Created"}

# Amazon takes these two only together.
_TOGETHER = frozenset({"Unshipped", "PartiallyShipped"})


class _Listed(msgspec.Struct, frozen=True):
    """A page of orders without their items."""

    orders: tuple[etree._Element, ...]
    next_token: str | None
    served_before: datetime | None


class OrdersApi:
    """Reads one seller's orders."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def search(self, query: OrderQuery, page_token: str | None) -> OrderPage:
        """A page of the window, or as much of it as the quota allows.

        Of Unshipped and PartiallyShipped Amazon lists both or none; whichever is not asked for
        is left out here, before its items are read.
        """
        place = read_position(page_token) if page_token else Position(left=PAGE_SIZE)
        await self._check_quota(place)
        listed = await self._listed(query, place)
        wanted = [one for one in listed.orders if _is_wanted(order_status(one), query)]
        orders = [one for one in wanted if order_number(one) not in place.told]
        read, failed = await self._read(orders)
        answered = any(one.number for one in read)
        if failed and not answered and not any(isinstance(p, Throttled) for p in failed.values()):
            answered = await self._answers([one for one in wanted if one not in orders])
        failures = _counted(place.failures, failed) if answered else place.failures
        given_up = {
            number: problem
            for number, problem in failed.items()
            if answered and _is_given_up(problem, failures[number])
        }
        stopped = next((p for number, p in failed.items() if number not in given_up), None)
        read += [
            UnreadableOrder(number, f"This order's items can't be read: {problem}")
            for number, problem in given_up.items()
        ]
        if stopped is not None and not read and failures == place.failures:
            raise stopped
        numbers = place.told + tuple(one.number for one in read if one.number)
        if stopped is not None:
            rest = Position(
                next_token=place.next_token,
                told=numbers,
                left=len(orders) - len(read),
                failures={one: n for one, n in failures.items() if one not in numbers},
            ).written()
        elif listed.next_token:
            rest = Position(next_token=listed.next_token, left=max(len(numbers), 1)).written()
        else:
            rest = None
        return OrderPage(
            orders=tuple(one for one in read if isinstance(one, Order)),
            unreadable=tuple(one for one in read if isinstance(one, UnreadableOrder)),
            next_token=rest,
            served_before=listed.served_before,
            stopped=stopped,
        )

    async def get(self, number: str) -> Order:
        """One order with everything."""
        try:
            found, request_id = await self._transport.call(
                GET_ORDER, _named_orders, {"AmazonOrderId.Id.1": number}
            )
        except Refused as refused:
            if "AmazonOrderId" in refused.message:
                raise OrderNotFound(request_id=refused.request_id) from None
            raise
        order = next((one for one in found if order_number(one) == number), None)
        if order is None:
            raise OrderNotFound(request_id=request_id)
        read = read_order(order, await self._items(number))
        if isinstance(read, UnreadableOrder):
            raise Unreadable(read.reason)
        return read

    async def _check_quota(self, place: Position) -> None:
        """Stop before a page is listed in vain: pages are what Amazon gives the fewest of."""
        listing = LIST_ORDERS_BY_NEXT_TOKEN if place.next_token else LIST_ORDERS
        waits = [
            (not_before, operation)
            for operation, calls in ((listing, 1), (LIST_ORDER_ITEMS, place.left))
            if (not_before := await self._transport.due(operation, calls)) is not None
        ]
        if waits:
            not_before, operation = max(waits, key=lambda wait: wait[0])
            raise throttled(operation, not_before)

    async def _listed(self, query: OrderQuery, place: Position) -> _Listed:
        if place.next_token is None:
            return await self._transport.call(LIST_ORDERS, _page, _params(query))
        try:
            return await self._transport.call(
                LIST_ORDERS_BY_NEXT_TOKEN, _page, {"NextToken": place.next_token}
            )
        except Refused as refused:
            raise PageTokenRefused(request_id=refused.request_id) from None

    async def _read(
        self, orders: Sequence[etree._Element]
    ) -> tuple[list[Order | UnreadableOrder], dict[str, EndpointError]]:
        """The orders with their items, and by number what became of those that can't be had.

        Those after are not tried once the quota is used up, or a few at once have failed.
        """
        read: list[Order | UnreadableOrder] = []
        failed: dict[str, EndpointError] = {}
        for start in range(0, len(orders), _AT_ONCE):
            few = orders[start : start + _AT_ONCE]
            outcomes = await asyncio.gather(*map(self._with_items, few), return_exceptions=True)
            problems: list[EndpointError] = []
            for order, outcome in zip(few, outcomes, strict=True):
                if isinstance(outcome, EndpointError):
                    problems.append(outcome)
                    failed[order_number(order) or ""] = outcome
                elif isinstance(outcome, BaseException):
                    raise outcome
                else:
                    read.append(outcome)
            exhausted = any(isinstance(one, Throttled) for one in problems)
            if exhausted or len(problems) == len(few):
                break
        return read, failed

    async def _answers(self, orders: Sequence[etree._Element]) -> bool:
        """Whether Amazon gives the items of an order that was read before."""
        read, _ = await self._read(orders[:1])
        return any(one.number for one in read)

    async def _with_items(self, order: etree._Element) -> Order | UnreadableOrder:
        number = order_number(order)
        if number is None:
            return UnreadableOrder(None, "This order can't be read: it has no AmazonOrderId.")
        try:
            return read_order(order, await self._items(number))
        except (Refused, PageRepeated, Unreadable) as problem:
            return UnreadableOrder(number, f"This order's items can't be read: {problem}")

    async def _items(self, number: str) -> list[etree._Element]:
        """An order's items, from all pages."""
        operation, params = LIST_ORDER_ITEMS, {"AmazonOrderId": number}
        items: list[etree._Element] = []
        seen: set[str] = set()
        while True:
            page = await self._transport.call(operation, _itself, params)
            if child(page, "OrderItems") is None:
                raise Unreadable("Amazon's list of this order's items is missing.")
            items += children(page, "OrderItems", "OrderItem")
            token = text(page, "NextToken")
            if token is None:
                return items
            if token in seen:
                raise PageRepeated("Amazon lists the same items again and again.")
            seen.add(token)
            operation, params = LIST_ORDER_ITEMS_BY_NEXT_TOKEN, {"NextToken": token}


def _counted(failures: Mapping[str, int], failed: Mapping[str, EndpointError]) -> dict[str, int]:
    """`failures` with those of this time, but for what is no order's own."""
    return dict(failures) | {
        number: failures.get(number, 0) + (not isinstance(problem, Throttled))
        for number, problem in failed.items()
    }


def _is_given_up(problem: EndpointError, failures: int) -> bool:
    """Whether an order that has failed so often, alone among others, is not tried again."""
    if isinstance(problem, Garbled | AccessDenied):
        return True
    return isinstance(problem, AmazonUnavailable) and failures >= _MOST_FAILURES


def _is_wanted(status: str, query: OrderQuery) -> bool:
    return not query.statuses or status in query.statuses or status not in _TOGETHER


def _itself(result: etree._Element) -> etree._Element:
    return result


def _orders(result: etree._Element) -> list[etree._Element]:
    if child(result, "Orders") is None:
        raise ValueError("no Orders")
    return children(result, "Orders", "Order")


def _named_orders(result: etree._Element) -> tuple[list[etree._Element], str | None]:
    return _orders(result), answered_id(result)


def _page(result: etree._Element) -> _Listed:
    return _Listed(
        tuple(_orders(result)),
        text(result, "NextToken"),
        moment(result, "LastUpdatedBefore") or moment(result, "CreatedBefore"),
    )


def _params(query: OrderQuery) -> dict[str, str]:
    """The window's question. Empty filters are left out."""
    statuses = set(query.statuses)
    if statuses & _TOGETHER:
        statuses |= _TOGETHER
    time = _TIMES[query.by]
    return {
        f"{time}After": iso(query.after),
        f"{time}Before": iso(query.before),
        "MaxResultsPerPage": str(PAGE_SIZE),
        **numbered("MarketplaceId.Id", query.marketplace_ids),
        **numbered("OrderStatus.Status", sorted(statuses)),
        **numbered("FulfillmentChannel.Channel", (CHANNELS[one] for one in query.fulfilled_by)),
    }

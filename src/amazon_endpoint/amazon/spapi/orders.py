"""Orders v2026-01-01: windows of orders, and single ones."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from amazon_endpoint.amazon.port import OrderPage, OrderQuery, UnreadableOrder
from amazon_endpoint.amazon.spapi.operations import GET_ORDER, SEARCH_ORDERS, Operation
from amazon_endpoint.amazon.spapi.order_reader import STATUS_WORDS, read_one, read_page
from amazon_endpoint.amazon.spapi.transport import BadRequest, NotFound, Transport
from amazon_endpoint.clock import iso
from amazon_endpoint.errors import AccessDenied, OrderNotFound, PageTokenRefused, Unreadable
from amazon_endpoint.orders import Order

PAGE_SIZE = 100

#: What needs no role beyond that for orders, and what a role for personal data unlocks.
_IMPERSONAL = "PROCEEDS,FULFILLMENT,PROMOTION,CANCELLATION,PACKAGES,TAX"
_EVERYTHING = f"BUYER,RECIPIENT,{_IMPERSONAL}"

_TIMES = {"updated": "lastUpdated", "created": "created"}

_AMAZON_STATUSES = {word: status for status, word in STATUS_WORDS.items()}

T = TypeVar("T")


class PersonalDataRefusals:
    """Which accounts Amazon refuses personal data, so that quota is not wasted on asking.

    A refusal may pass, and an order read meanwhile would lack its buyer: one counts from the second
    time in a row on, for a moment first and for an hour once it has outlived that.
    """

    FIRST_PROBE_AFTER = timedelta(minutes=5)
    PROBE_AFTER = timedelta(hours=1)
    CAPACITY = 10_000

    def __init__(self) -> None:
        self._refusals: OrderedDict[tuple[str, str, str], tuple[int, datetime]] = OrderedDict()

    def stand(self, key: tuple[str, str, str], now: datetime) -> bool:
        """Whether personal data was refused often and lately enough to spare the question."""
        times, last = self._refusals.get(key, (0, now))
        if times < 2:
            return False
        return now < last + (self.FIRST_PROBE_AFTER if times == 2 else self.PROBE_AFTER)

    def note(self, key: tuple[str, str, str], now: datetime) -> None:
        """Remember a refusal; the oldest are forgotten first."""
        times, _ = self._refusals.get(key, (0, now))
        self._refusals[key] = times + 1, now
        self._refusals.move_to_end(key)
        while len(self._refusals) > self.CAPACITY:
            self._refusals.popitem(last=False)

    def forget(self, key: tuple[str, str, str]) -> None:
        """Ask again the next time."""
        self._refusals.pop(key, None)


class OrdersApi:
    """Reads one seller's orders."""

    def __init__(self, transport: Transport, refusals: PersonalDataRefusals) -> None:
        self._transport = transport
        self._refusals = refusals

    async def search(self, query: OrderQuery, page_token: str | None) -> OrderPage:
        """One page of a window, everything about its orders in the same call."""
        params = _params(query) | ({"paginationToken": page_token} if page_token else {})
        try:
            return await self._with_personal_data(SEARCH_ORDERS, read_page, params)
        except BadRequest as refused:
            if page_token is None:
                raise
            raise PageTokenRefused(request_id=refused.request_id) from None

    async def get(self, number: str) -> Order:
        """One order with everything."""
        try:
            order = await self._with_personal_data(GET_ORDER, read_one, {}, path_id=number)
        except NotFound as refused:
            raise OrderNotFound(request_id=refused.request_id) from None
        if isinstance(order, UnreadableOrder):
            raise Unreadable(order.reason)
        return order

    async def _with_personal_data(
        self,
        operation: Operation,
        read: Callable[[bytes, bool], T],
        params: Mapping[str, str],
        path_id: str = "",
    ) -> T:
        """Call with personal data, else without; `read` is told which.

        An application without the roles for personal data is refused the whole call.
        """
        call, key = self._transport.call, (*self._transport.account, operation.name)
        now = self._transport.clock.now()
        while not self._refusals.stand(key, now):
            everything = {**params, "includedData": _EVERYTHING}
            try:
                answer = await call(
                    operation, lambda body: read(body, True), path_id=path_id, params=everything
                )
            except AccessDenied:
                self._refusals.note(key, now)
            else:
                self._refusals.forget(key)
                return answer
        try:
            impersonal = {**params, "includedData": _IMPERSONAL}
            return await call(
                operation, lambda body: read(body, False), path_id=path_id, params=impersonal
            )
        except AccessDenied:
            # Then it was not about personal data.
            self._refusals.forget(key)
            raise


def _params(query: OrderQuery) -> dict[str, str]:
    """The window's question, the same for each of its pages. Empty filters are left out."""
    time = _TIMES[query.by]
    params = {
        f"{time}After": iso(query.after),
        f"{time}Before": iso(query.before),
        "marketplaceIds": ",".join(query.marketplace_ids),
        "fulfillmentStatuses": ",".join(_AMAZON_STATUSES.get(one, one) for one in query.statuses),
        "fulfilledBy": ",".join(query.fulfilled_by),
        "maxResultsPerPage": str(PAGE_SIZE),
    }
    return {name: value for name, value in params.items() if value}

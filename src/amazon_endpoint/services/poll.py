"""Poll: every order updated since the cursor, page by page, as far as quota and time allow."""

import asyncio
from contextlib import suppress
from datetime import datetime

import msgspec

from amazon_endpoint.amazon.port import Amazon, OrderPage, OrderQuery, UnreadableOrder
from amazon_endpoint.clock import Clock, iso, whole_seconds
from amazon_endpoint.errors import (
    AmazonUnavailable,
    EndpointError,
    InvalidInput,
    Later,
    PageRepeated,
    PageTokenRefused,
)
from amazon_endpoint.orders import Order
from amazon_endpoint.services import resume, seen
from amazon_endpoint.services.window import Window, turn_page


class PollRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to poll, and where the last poll left off.

    `cursor` is `amazon.last_updated_after`; `resume` and `seen` are what an earlier reply gave.
    `secret` is what only the holder of the account's credentials knows.
    """

    cursor: datetime
    marketplace_ids: tuple[str, ...]
    statuses: tuple[str, ...]
    fulfilled_by: tuple[str, ...]
    secret: bytes
    resume: str | None = None
    seen: str | None = None

    @property
    def binding(self) -> bytes:
        """What a resumed window must have in common with the window that began it."""
        return msgspec.json.encode(
            (
                iso(self.cursor),
                sorted(self.marketplace_ids),
                sorted(self.statuses),
                sorted(self.fulfilled_by),
            )
        )


class PollOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a poll brought.

    `cursor`, `seen` and `resume` are what the next poll has to be given; None leaves a value as
    the hub has it, an empty `resume` ends the window. `unfinished` tells that the window has
    further pages, `not_before` when the next one can be had, and `amazon_failed` that it is Amazon
    who did not answer as it should. `problem` cut the window short.
    """

    orders: tuple[Order, ...] = ()
    unreadable: tuple[UnreadableOrder, ...] = ()
    cursor: datetime | None = None
    seen: str | None = None
    resume: str | None = None
    unfinished: bool = False
    not_before: datetime | None = None
    amazon_failed: bool = False
    problem: EndpointError | None = None


async def poll_orders(
    amazon: Amazon, request: PollRequest, *, clock: Clock, deadline: datetime
) -> PollOutcome:
    """Read the window on from where it stands until its last page, the quota's end or `deadline`.

    Raises:
        InvalidInput: `amazon.resume` or `amazon.seen` is not what we gave, or expired.
        Later: nothing at all could be read for now.
        AmazonRefused: Amazon refused before anything was read.
    """
    window = _resumed(request, clock.now())
    if window is None:
        window = await _opened(amazon, request)
    reading = _Reading(amazon, request, clock, window)
    await reading.run(deadline)
    return reading.outcome()


class _Reading:
    """One poll's way through its window."""

    def __init__(
        self, amazon: Amazon, request: PollRequest, clock: Clock, window: Window | None
    ) -> None:
        self._amazon = amazon
        self._request = request
        self._clock = clock
        self._window = window
        self._resumed = bool(request.resume)
        self._orders: dict[str, Order] = {}
        self._unreadable: list[UnreadableOrder] = []
        self._finished = window is None
        self._stopped: EndpointError | None = None
        self._restarted = False

    async def run(self, deadline: datetime) -> None:
        read_any = False
        while self._window is not None and not self._finished:
            window = self._window
            try:
                page = await self._page(window, deadline)
                self._window, fresh = turn_page(window, page, self._clock.now())
            except PageTokenRefused:
                if self._restarted:
                    raise
                self._restarted = True
                self._window = await _opened(self._amazon, self._request)
                continue
            except EndpointError as stopped:
                if not read_any and not isinstance(stopped, PageRepeated):
                    raise
                self._stopped = stopped
                return
            read_any = True
            for order in fresh:
                self._keep(order)
            self._unreadable.extend(page.unreadable)
            self._finished = page.next_token is None
            if page.stopped is not None:
                self._stopped = page.stopped
                return

    async def _page(self, window: Window, deadline: datetime) -> OrderPage:
        left = (deadline - self._clock.now()).total_seconds()
        if left > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    return await self._amazon.search_orders(window.query, window.page_token)
        raise Later("The time for this reply is used up.", not_before=self._clock.now())

    def _keep(self, order: Order) -> None:
        known = self._orders.get(order.number)
        if known is None or known.updated_at <= order.updated_at:
            self._orders[order.number] = order

    def outcome(self) -> PollOutcome:
        told = PollOutcome(orders=tuple(self._orders.values()), unreadable=tuple(self._unreadable))
        window = self._window
        if window is None:
            return told
        if isinstance(self._stopped, PageRepeated):
            return msgspec.structs.replace(told, resume="", problem=self._stopped)
        if not self._finished:
            later = self._stopped if isinstance(self._stopped, Later) else None
            return msgspec.structs.replace(
                told,
                resume=resume.seal(
                    window, secret=self._request.secret, binding=self._request.binding
                ),
                unfinished=True,
                not_before=later.not_before if later else None,
                amazon_failed=isinstance(later, AmazonUnavailable),
                problem=None if later else self._stopped,
            )
        repeats_only = window.newest == whole_seconds(self._request.cursor)
        return msgspec.structs.replace(
            told,
            cursor=window.newest,
            seen=seen.write(self._request.cursor, window.told) if repeats_only else None,
            resume="" if self._resumed else None,
        )


def _resumed(request: PollRequest, now: datetime) -> Window | None:
    if not request.resume:
        return None
    window = resume.unseal(request.resume, secret=request.secret, binding=request.binding)
    if window.token_is_dead(now):
        raise InvalidInput(
            "This unfinished window is older than the 24 hours that Amazon keeps it. It is "
            "dropped: the next poll starts the window again from amazon.last_updated_after.",
            field=resume.FIELD,
        )
    return window


async def _opened(amazon: Amazon, request: PollRequest) -> Window | None:
    """A fresh window, or None while the cursor is newer than what Amazon lists yet."""
    told = seen.read(request.seen, request.cursor)
    newest = whole_seconds(await amazon.latest_upper_bound())
    if newest < request.cursor:
        return None
    query = OrderQuery(
        after=request.cursor,
        before=newest,
        marketplace_ids=request.marketplace_ids,
        statuses=request.statuses,
        fulfilled_by=request.fulfilled_by,
    )
    return Window(query=query, told=told)

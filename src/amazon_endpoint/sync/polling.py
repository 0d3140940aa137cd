"""Polling: the next page of an account's orders, and all that follows from it in one commit."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal, Protocol

import msgspec
import structlog

from amazon_endpoint.amazon.port import Amazon, OrderPage, UnreadableOrder
from amazon_endpoint.clock import Clock, iso, whole_seconds
from amazon_endpoint.errors import EndpointError, InvalidInput, PageTokenRefused, Throttled
from amazon_endpoint.services.window import Window, turn_page
from amazon_endpoint.sync import sweep
from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.backoff import Random
from amazon_endpoint.sync.changes import KnownOrder, Marker
from amazon_endpoint.sync.intake import Books, Intake, sort_out, take_in
from amazon_endpoint.sync.reading import (
    Reading,
    ReadingKind,
    after_error,
    begun,
    describe,
    next_window,
    waiting,
    with_page,
)
from amazon_endpoint.sync.two_clocks import by_both

_log = structlog.get_logger(__name__)


class Readings(Protocol):
    """How far accounts have been read."""

    async def of(self, account_id: str) -> dict[ReadingKind, Reading]:
        """The account's readings, of those kinds that have begun."""
        ...

    async def keep(self, reading: Reading) -> bool:
        """Keep a reading if nobody else wrote its revision before, else return False."""
        ...

    async def due(self, now: datetime) -> tuple[str, ...]:
        """The accounts, none of them paused, that have a page to read or were never read."""
        ...


async def find_due(readings: Readings, now: datetime) -> Iterable[tuple[Literal["poll"], str]]:
    """Every account that `poll_once` has something to do for."""
    return [("poll", account_id) for account_id in await readings.due(now)]


async def poll_once(
    account: SyncAccount,
    *,
    amazon: Amazon,
    readings: Readings,
    books: Books,
    clock: Clock,
    random: Random,
) -> bool:
    """Read and keep one page of whatever is due: a poll's, else a back-fill's, else a sweep's.

    What fails is kept in the reading, with the moment to try again. True: there is more to do
    right now.

    Raises:
        StorageUnavailable: not even that could be kept.
        AccountUnknown: the account was removed.
    """
    now = clock.now()
    kept = await readings.of(account.id)
    reading = None if account.paused_at else _due(kept, account, now)
    if reading is None:
        return False
    try:
        read = await _next_page(reading, kept, account, amazon, now)
        if read is None:
            after = waiting(reading, now, _every(reading, account))
            await readings.keep(after)
        else:
            window, page = read
            after = with_page(reading, window, page, clock.now(), _every(reading, account))
            if page.stopped is not None:
                after = after_error(after, page.stopped, clock.now(), random)
            behind = await by_both(amazon, clock)
            await _keep_page(
                page, reading, after, account, books, read_at=now, behind=behind, now=clock.now()
            )
    except EndpointError as error:
        after = after_error(reading, error, clock.now(), random)
        await readings.keep(after)
        _tell(after, error)
    return _due({**kept, after.kind: after}, account, clock.now()) is not None


async def begin_backfill(
    account: SyncAccount, since: datetime, until: datetime, *, readings: Readings, clock: Clock
) -> None:
    """Have every order read that was created from `since` to `until`. To be woken for afterwards.

    Raises:
        InvalidInput: the dates are not in sequence or in the future, or another back-fill of the
            account is under way.
    """
    # Windows end on whole seconds: none would ever reach the rest of one.
    now, until = clock.now(), whole_seconds(until)
    if not since < until <= now:
        raise InvalidInput("Give two moments of the past, the earlier one first.", field="since")
    before = (await readings.of(account.id)).get(ReadingKind.BACKFILL)
    reading = begun(account, ReadingKind.BACKFILL, since, now, until)
    if before is not None:
        reading = msgspec.structs.replace(reading, revision=before.revision)
    under_way = before is not None and before.next_attempt_at is not None
    if under_way or not await readings.keep(reading):
        raise InvalidInput("A back-fill of this account is under way. Let it finish first.")


async def poll_soon(account: SyncAccount, *, readings: Readings, clock: Clock) -> None:
    """Have the account polled now rather than on schedule. To be woken for afterwards."""
    reading = (await readings.of(account.id)).get(ReadingKind.POLL)
    if reading is not None and not reading.is_due(clock.now()):
        # Whoever wrote it meanwhile has just polled.
        await readings.keep(msgspec.structs.replace(reading, next_attempt_at=clock.now()))


def _due(
    kept: Mapping[ReadingKind, Reading], account: SyncAccount, now: datetime
) -> Reading | None:
    poll = kept.get(ReadingKind.POLL) or begun(account, ReadingKind.POLL, account.start, now)
    swept = kept.get(ReadingKind.SWEEP) or sweep.first_sweep(account, poll, now)
    candidates = (poll, kept.get(ReadingKind.BACKFILL), swept)
    return next((one for one in candidates if one is not None and one.is_due(now)), None)


def _every(reading: Reading, account: SyncAccount) -> timedelta:
    return sweep.EVERY if reading.kind is ReadingKind.SWEEP else account.poll_every


async def _next_page(
    reading: Reading,
    kept: Mapping[ReadingKind, Reading],
    account: SyncAccount,
    amazon: Amazon,
    now: datetime,
) -> tuple[Window, OrderPage] | None:
    """The next page, and the window turned over to the one after; None while there is none."""
    window = reading.window
    if window is None:
        newest = await amazon.latest_upper_bound()
        lag = account.lag
        if reading.kind is ReadingKind.SWEEP:
            # What the polls have not come to is not missed.
            newest, lag = min(newest, kept[ReadingKind.POLL].upper_bound), sweep.LAG
        window = next_window(reading, account, newest=newest, lag=lag)
        if window is None:
            return None
    elif window.token_is_dead(now):
        raise PageTokenRefused
    page = await amazon.search_orders(window.query, window.page_token)
    turned, _ = turn_page(window, page, now)
    return turned, page


async def _keep_page(
    page: OrderPage,
    reading: Reading,
    turned: Reading,
    account: SyncAccount,
    books: Books,
    *,
    read_at: datetime,
    behind: datetime,
    now: datetime,
) -> None:
    """Keep a page that was read, and `turned`, the reading after it."""
    orders, unreadable = sort_out(page)

    quarantined: tuple[UnreadableOrder, ...] = ()

    def decide(known: Mapping[str, KnownOrder], marker: Marker) -> Intake:
        nonlocal quarantined
        intake = take_in(
            orders,
            unreadable,
            known,
            marker=marker,
            shipping_methods=account.shipping_methods,
            read_at=read_at,
            behind=behind,
            now=now,
        )
        new = sum(order.number not in known for order in intake.orders)
        quarantined = intake.quarantined
        return msgspec.structs.replace(
            intake,
            reading=msgspec.structs.replace(turned, first_sights=reading.first_sights + new),
        )

    if await books.take_in(reading.account_id, [order.number for order in orders], decide):
        told = {"account": reading.account_id, "reading": str(reading.kind)}
        _log.info("page_read", **told, orders=len(orders), up_to=iso(turned.upper_bound))
        for one in quarantined:
            _log.error("order_quarantined", account=reading.account_id, order=one.number)


def _tell(failed: Reading, error: EndpointError) -> None:
    told = {
        "account": failed.account_id,
        "reading": str(failed.kind),
        "error": describe(error),
        "until": iso(failed.next_attempt_at) if failed.next_attempt_at else None,
    }
    if isinstance(error, Throttled):
        _log.info("page_put_off", **told)
    else:
        _log.warning("page_failed", **told, attempts=failed.attempts)

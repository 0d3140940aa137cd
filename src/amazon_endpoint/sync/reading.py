"""Readings: how far an account has been read, and what comes next. Pure.

A reading goes through windows, one after the other without a gap. The polls' follows what Amazon
updates; the daily sweep and a back-fill go by when orders were created.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from amazon_endpoint.amazon.port import OrderPage, OrderQuery
from amazon_endpoint.clock import whole_seconds
from amazon_endpoint.errors import (
    EndpointError,
    Later,
    PageRepeated,
    PageTokenRefused,
    StaysSealed,
    Throttled,
)
from amazon_endpoint.services.window import Window
from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.backoff import Random, backoff

_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
_NARROWEST = timedelta(seconds=1)


class ReadingKind(StrEnum):
    """What a reading is for."""

    POLL = "poll"
    SWEEP = "sweep"
    BACKFILL = "backfill"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How far an account has been read.

    All that Amazon lists from `since` to `upper_bound` is stored; a back-fill ends at `until`.
    `window` is the one in progress, `served_before` the lowest bound that Amazon said it served
    of it. `width` is how wide windows may be, where Amazon's paging failed in a wider one.
    `first_sights` counts the orders that were new to us. Without a `next_attempt_at` there is
    nothing more to read. `last_error` outlives its cause until a window is finished.
    """

    account_id: str
    kind: ReadingKind
    revision: int = 0
    since: datetime
    upper_bound: datetime
    until: datetime | None = None
    window: Window | None = None
    served_before: datetime | None = None
    width: timedelta | None = None
    first_sights: int = 0
    next_attempt_at: datetime | None
    attempts: int = 0
    last_error: str | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether the next page may be asked for."""
        return self.next_attempt_at is not None and self.next_attempt_at <= now

    @property
    def progress(self) -> float | None:
        """The share of a back-fill that is stored, from 0 to 1."""
        return share(self.since, self.upper_bound, self.until)


def share(since: datetime, upper_bound: datetime, until: datetime | None) -> float | None:
    """How much of what lies between `since` and `until` is read up to the bound, from 0 to 1."""
    if until is None or until <= since:
        return None
    return (upper_bound - since) / (until - since)


def begun(
    account: SyncAccount,
    kind: ReadingKind,
    since: datetime,
    now: datetime,
    until: datetime | None = None,
) -> Reading:
    """A reading of which nothing is read yet."""
    return Reading(
        account_id=account.id,
        kind=kind,
        since=since,
        upper_bound=since,
        until=until,
        next_attempt_at=now,
    )


def next_window(
    reading: Reading, account: SyncAccount, *, newest: datetime, lag: timedelta
) -> Window | None:
    """The window after those that were read, or None while there is nothing newer.

    It begins at the last one's upper bound minus the lag, and reaches up to `newest`. Narrow
    windows reach back less far: the lag is for what Amazon lists late, and the first window after
    them covers the present once more.
    """
    bounds = [newest]
    if reading.until is not None:
        bounds.append(reading.until)
    if reading.width is not None:
        bounds.append(reading.upper_bound + reading.width)
        lag = min(lag, reading.width)
    before = whole_seconds(min(bounds))
    if before <= reading.upper_bound:
        return None
    return Window(
        query=OrderQuery(
            after=max(reading.upper_bound - lag, reading.since),
            before=before,
            by="updated" if reading.kind is ReadingKind.POLL else "created",
            marketplace_ids=account.account.marketplace_ids,
            statuses=account.statuses,
            fulfilled_by=account.fulfilled_by,
        )
    )


def with_page(
    reading: Reading, window: Window, page: OrderPage, now: datetime, every: timedelta
) -> Reading:
    """The reading after a page; `window` has been turned over to the next one.

    After the last page the upper bound moves on to what was asked for, or to what Amazon says it
    served where that is less. The next window follows after `every`, at once where this one was
    kept narrow.
    """
    told = [one for one in (reading.served_before, page.served_before) if one is not None]
    served_before = min(told, default=None)
    turned = msgspec.structs.replace(
        reading, window=window, served_before=served_before, next_attempt_at=now, attempts=0
    )
    if page.next_token is not None:
        return turned
    covered = min(window.query.before, served_before or window.query.before)
    finished = msgspec.structs.replace(
        turned,
        upper_bound=max(reading.upper_bound, covered),
        window=None,
        served_before=None,
        width=None,
        last_error=None,
    )
    if reading.width is not None and covered == whole_seconds(reading.upper_bound + reading.width):
        return msgspec.structs.replace(finished, width=reading.width * 2)
    return waiting(finished, now, every)


def waiting(reading: Reading, now: datetime, every: timedelta) -> Reading:
    """The reading until the next window is due; a back-fill that is through waits for none."""
    until = reading.until
    through = until is not None and reading.upper_bound >= whole_seconds(until)
    return msgspec.structs.replace(
        reading, next_attempt_at=None if through else now + every, attempts=0
    )


def after_error(reading: Reading, error: EndpointError, now: datetime, random: Random) -> Reading:
    """The reading after a page that could not be had.

    An empty quota is no error, and is waited for. A window whose token died or whose pages run in
    a circle starts again: from where it began, and only half as wide, because paging that fails
    in a wide window, or takes longer than tokens live, may succeed in a narrower one.
    """
    told = error.not_before if isinstance(error, Later) else None
    if isinstance(error, Throttled) and told is not None:
        return msgspec.structs.replace(reading, next_attempt_at=max(told, now))
    attempts = reading.attempts + 1
    wait = backoff(attempts, first=_FIRST_WAIT, longest=_LONGEST_WAIT, random=random)
    failed = msgspec.structs.replace(
        reading,
        next_attempt_at=max(now + wait, told or now),
        attempts=attempts,
        last_error=describe(error),
    )
    window = reading.window
    if window is None or not isinstance(error, PageTokenRefused | PageRepeated):
        return failed
    width = max((window.query.before - reading.upper_bound) / 2, _NARROWEST)
    again = isinstance(error, PageTokenRefused) and width > _NARROWEST
    return msgspec.structs.replace(
        failed,
        window=None,
        served_before=None,
        width=width,
        next_attempt_at=now if again else failed.next_attempt_at,
    )


def describe(error: EndpointError) -> str:
    """An error's class and Amazon's request id. Its words may quote what Amazon said of a buyer,
    but for those of what stays sealed, which are our own and say what to do."""
    if isinstance(error, StaysSealed):
        return error.message
    name = type(error).__name__
    return f"{name} (Amazon request id {error.request_id})" if error.request_id else name

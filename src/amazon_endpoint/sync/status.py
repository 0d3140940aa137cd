"""Status: how it goes with every account, and what somebody has to look at. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

import msgspec

from amazon_endpoint.clock import iso
from amazon_endpoint.sync.accounts import Expiry, ExpiryLevel
from amazon_endpoint.sync.reading import ReadingKind

# How long each may last before somebody has to look. docs/alerts.yml says the same.
_CURSOR_GRACE = timedelta(minutes=30)
_OUTBOX_GRACE = timedelta(minutes=30)
_ADDRESS_GRACE = timedelta(hours=1)
_FAILURES_IN_A_ROW = 3

#: How far back ends and alarms that nobody can take back are shown.
ALARMS_SHOWN = timedelta(days=7)


class ReadingStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far a reading is. `progress` is the share of a back-fill that is stored, from 0 to 1.

    Without a `next_attempt_at` there is nothing more to read. `last_error` outlives its cause
    until a window is finished; `attempts` failed in a row.
    """

    upper_bound: datetime
    until: datetime | None = None
    progress: float | None = None
    next_attempt_at: datetime | None
    attempts: int = 0
    last_error: str | None = None


class OrdersStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders were first seen of late, and how many the store was not told of, and why."""

    first_seen_last_hour: int = 0
    first_seen_last_day: int = 0
    waiting_price: int = 0
    address_refused: int = 0
    address_refused_since: datetime | None = None
    quarantined: int = 0


class OutboxStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The messages that the store lacks, and whether it is called at all.

    Of those pending, one of the reasons why they failed is `pending_error`, of those parked
    `parked_error`. `expired_lately` are those whose order was erased within a week. The store is
    left alone until `rests_until`, and since `stopped_at` for good.
    """

    pending: int = 0
    oldest_pending_at: datetime | None = None
    pending_error: str | None = None
    parked: int = 0
    parked_error: str | None = None
    expired: int = 0
    expired_lately: int = 0
    rests_until: datetime | None = None
    stopped_at: datetime | None = None
    store_error: str | None = None


class ShipmentsStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How many shipments there are on their way, and what became of others within a day.

    `alarms` are those that somebody has to look at; one of a shipment that has ended counts for a
    week.
    """

    waiting: int = 0
    sent: int = 0
    doubted: int = 0
    confirmed_last_day: int = 0
    refused_last_day: int = 0
    alarms: int = 0


class FeedsStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The feeds of which Amazon has not told what became of all that is in them."""

    in_flight: int = 0
    oldest_sent_at: datetime | None = None
    alarms: int = 0


class QuotaStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of an operation's quota; without any, `next_at` is when there is some."""

    operation: str
    tokens: float
    burst: int
    per_second: float
    next_at: datetime | None


class AccountStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How it goes with an account.

    All that Amazon updated before `cursor` is stored. `quotas` are absent where the account's
    credentials can't be opened.
    """

    id: str
    paused_at: datetime | None
    poll_every: timedelta
    cursor: datetime
    readings: Mapping[ReadingKind, ReadingStatus]
    orders: OrdersStatus = OrdersStatus()
    outbox: OutboxStatus = OutboxStatus()
    shipments: ShipmentsStatus = ShipmentsStatus()
    feeds: FeedsStatus = FeedsStatus()
    client_secret: Expiry | None = None
    quotas: tuple[QuotaStatus, ...] | None = None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How it goes with all accounts `at` this moment.

    `workers` are those whose heart beats. `locked` says why credentials can't be opened.
    """

    at: datetime
    database: Literal["sqlite", "postgresql"]
    workers: tuple[str, ...]
    accounts: tuple[AccountStatus, ...]
    locked: str | None = None


class CaseKind(StrEnum):
    """What somebody has to look at."""

    PARKED = "parked message"
    QUARANTINED = "quarantined order"
    ADDRESS_REFUSED = "order without address"
    SHIPMENT_ALARM = "shipment alarm"
    SHIPMENT_REFUSED = "refused shipment"
    FEED_ALARM = "feed alarm"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at: the number of the order, or of the feed, and what is wrong with it."""

    kind: CaseKind
    number: str | None
    reason: str | None
    since: datetime


class StatusReader(Protocol):
    """Reads how it goes, in a few queries however many accounts there are."""

    async def read(self, now: datetime, account_id: str | None = None) -> Status:
        """How it goes with all accounts, or with this one.

        Raises:
            AccountUnknown: there is no such account.
            StorageUnavailable: the database doesn't answer as it should at the moment.
        """
        ...

    async def cases(self, now: datetime, account_id: str) -> tuple[Case, ...]:
        """What there is to look at of an account, by kind, of each kind the latest few."""
        ...


class Severity(StrEnum):
    """A problem wants somebody, a notice is only to be known."""

    PROBLEM = "problem"
    NOTICE = "notice"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, of which account if it is one's, and what to do next."""

    severity: Severity
    account_id: str | None = None
    what: str
    next_step: str


def findings(status: Status) -> tuple[Finding, ...]:
    """What is to be told of a status, problems first."""
    found = [*_of_all(status)]
    for account in status.accounts:
        of_account = [*_orders(account, status.at), *_shipments(account, status.at)]
        if account.paused_at is None:
            of_account += [*_reading(account, status.at), *_store(account, status.at)]
        else:
            paused = f"Paused for {duration(status.at - account.paused_at)}."
            resume = f"`amazon-endpoint accounts resume {account.id}` goes on."
            of_account.append(_notice(paused, resume))
        of_account += [*_messages(account), *_secret(account)]
        found += [msgspec.structs.replace(one, account_id=account.id) for one in of_account]
    return tuple(sorted(found, key=lambda one: one.severity is not Severity.PROBLEM))


def _problem(what: str, next_step: str) -> Finding:
    return Finding(severity=Severity.PROBLEM, what=what, next_step=next_step)


def _notice(what: str, next_step: str) -> Finding:
    return Finding(severity=Severity.NOTICE, what=what, next_step=next_step)


def _of_all(status: Status) -> Iterator[Finding]:
    if not status.workers and any(one.paused_at is None for one in status.accounts):
        yield _problem(
            "No worker is at work: nothing is polled, delivered or confirmed.",
            "Start `amazon-endpoint up` or `amazon-endpoint worker`; the log of the last one tells "
            "why it ended.",
        )
    if status.locked:
        yield _problem(
            f"What is kept sealed can't be opened. {status.locked}",
            "Give the keys that the workers have: AMAZON_ENDPOINT_KEY.",
        )


def _reading(account: AccountStatus, now: datetime) -> Iterator[Finding]:
    failing = [
        (kind, one) for kind, one in account.readings.items() if one.attempts >= _FAILURES_IN_A_ROW
    ]
    for kind, reading in failing:
        yield _problem(
            f"The {kind} failed {reading.attempts} times in a row: {reading.last_error}.",
            _check(account),
        )
    behind = now - account.cursor
    if not failing and behind > 3 * account.poll_every + _CURSOR_GRACE:
        yield _problem(
            f"Orders are read only up to {duration(behind)} ago.",
            "A long window takes its time at the pace of Amazon's quota. If it never ends: "
            f"{_check(account)}",
        )


def _orders(account: AccountStatus, now: datetime) -> Iterator[Finding]:
    orders = account.orders
    if orders.quarantined:
        yield _problem(
            f"In quarantine: {counted(orders.quarantined, 'order')} that can't be read, and that "
            "the store lacks.",
            f"{_cases(account)} `amazon-endpoint quarantine retry {account.id}` has them read "
            "again.",
        )
    since = orders.address_refused_since
    if since is not None and now - since > _ADDRESS_GRACE:
        yield _problem(
            f"Held: {counted(orders.address_refused, 'order')} without address, which Amazon "
            f"refuses; the oldest for {duration(now - since)}.",
            "The application needs the role Direct-to-Consumer Shipping, and then the seller's "
            f"authorisation anew. {_check(account)}",
        )


def _store(account: AccountStatus, now: datetime) -> Iterator[Finding]:
    outbox = account.outbox
    pending, oldest = counted(outbox.pending, "message"), outbox.oldest_pending_at
    if outbox.stopped_at is not None:
        yield _problem(
            f"The store is gone for {duration(now - outbox.stopped_at)}: {outbox.store_error} "
            f"Pending: {pending}.",
            f"Mend the store. {_redeliver(account)} Or give the account another address: "
            f"`amazon-endpoint accounts change {account.id} --to URL`.",
        )
    elif oldest is not None and oldest - now > _OUTBOX_GRACE:
        yield _problem(
            f"Pending: {pending}, written by a clock that was {duration(oldest - now)} ahead.",
            "See that the clocks of all machines are right (NTP), and start the workers anew.",
        )
    elif oldest is not None and now - oldest > _OUTBOX_GRACE:
        why = outbox.store_error or outbox.pending_error or ""
        yield _problem(
            f"Pending: {pending}, the oldest for {duration(now - oldest)}. {why}".rstrip(),
            "See that the store answers, and soon. Each message is tried again for three days.",
        )


def _messages(account: AccountStatus) -> Iterator[Finding]:
    outbox = account.outbox
    if outbox.parked:
        yield _problem(
            f"Parked after three days: {counted(outbox.parked, 'message')}. {outbox.parked_error}",
            f"{_cases(account)} Mend why the store refuses them. {_redeliver(account)}",
        )
    if outbox.expired:
        tell = _problem if outbox.expired_lately else _notice
        yield tell(
            f"Erased before the store had them: {counted(outbox.expired, 'message')}.",
            "They are never delivered. Look their orders up in Seller Central.",
        )


def _shipments(account: AccountStatus, now: datetime) -> Iterator[Finding]:
    shipments, feeds = account.shipments, account.feeds
    if shipments.alarms:
        yield _problem(
            f"Shipments to be looked at: {counted(shipments.alarms, 'shipment')}.", _cases(account)
        )
    if shipments.refused_last_day:
        yield _problem(
            f"Refused within a day: {counted(shipments.refused_last_day, 'shipment')}.",
            f"Correct them in the store, and have them sent again. {_cases(account)}",
        )
    if feeds.alarms and feeds.oldest_sent_at:
        yield _problem(
            f"Amazon doesn't tell what became of {counted(feeds.alarms, 'feed')}, the oldest of "
            f"them sent {duration(now - feeds.oldest_sent_at)} ago.",
            "Look at them in Seller Central. They are followed on, and never sent again blindly.",
        )


def _secret(account: AccountStatus) -> Iterator[Finding]:
    expiry = account.client_secret
    if expiry is None or expiry.level is ExpiryLevel.FAR:
        return
    left = f"The client secret expires in {counted(expiry.days_left, 'day')}."
    rotate = (
        "Make a new one in the developer portal, then "
        f"`amazon-endpoint accounts rotate {account.id}`."
    )
    if expiry.level is ExpiryLevel.EXPIRED:
        yield _problem(f"The client secret expired {iso(expiry.at)}.", rotate)
    elif expiry.level is ExpiryLevel.URGENT:
        yield _problem(left, rotate)
    else:
        yield _notice(left, rotate)


def _check(account: AccountStatus) -> str:
    return f"`amazon-endpoint accounts check {account.id} --deep` says what is wrong."


def _redeliver(account: AccountStatus) -> str:
    return f"Then `amazon-endpoint deliveries redeliver {account.id}`."


def _cases(account: AccountStatus) -> str:
    return f"`amazon-endpoint status --account {account.id}` lists them."


def duration(time: timedelta) -> str:
    """How long, for people: its two largest units, or seconds; nothing is longer than days."""
    minutes, seconds = divmod(max(int(time.total_seconds()), 0), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def counted(number: int, noun: str) -> str:
    """A number of things, for people."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

"""The status as Prometheus' metrics: of an account only its id is told, of its orders nothing."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import EndpointError
from amazon_endpoint.sync.reading import ReadingKind
from amazon_endpoint.sync.status import AccountStatus, Status, StatusReader

_FRESH = timedelta(seconds=15)

_PREFIX = "amazon_endpoint"

_Value = float | None

# Name, meaning, and the value of an account; None where there is none.
_OF_ACCOUNT: tuple[tuple[str, str, Callable[[AccountStatus], _Value]], ...] = (
    (
        "account_paused",
        "Whether the account is paused.",
        lambda one: one.paused_at is not None,
    ),
    (
        "cursor_timestamp_seconds",
        "All that Amazon updated before this moment is stored.",
        lambda one: one.cursor.timestamp(),
    ),
    (
        "poll_interval_seconds",
        "The time between two polls.",
        lambda one: one.poll_every.total_seconds(),
    ),
    (
        "backfill_progress_ratio",
        "The share of the latest back-fill that is stored.",
        lambda one: (
            one.readings[ReadingKind.BACKFILL].progress
            if ReadingKind.BACKFILL in one.readings
            else None
        ),
    ),
    (
        "orders_first_seen_last_hour",
        "Orders first seen within the last hour.",
        lambda one: one.orders.first_seen_last_hour,
    ),
    (
        "orders_first_seen_last_day",
        "Orders first seen within the last 24 hours.",
        lambda one: one.orders.first_seen_last_day,
    ),
    (
        "orders_quarantined",
        "Orders that can't be read.",
        lambda one: one.orders.quarantined,
    ),
    (
        "outbox_oldest_pending_timestamp_seconds",
        "When the oldest message was written that the store is still to be told.",
        lambda one: _timestamp(one.outbox.oldest_pending_at),
    ),
    (
        "store_stopped",
        "Whether the store said that it is gone, so that it is called no more.",
        lambda one: one.outbox.stopped_at is not None,
    ),
    (
        "shipment_alarms",
        "Shipments that somebody has to look at.",
        lambda one: one.shipments.alarms,
    ),
    (
        "feeds_in_flight",
        "Feeds of which Amazon has not told everything.",
        lambda one: one.feeds.in_flight,
    ),
    (
        "feed_oldest_timestamp_seconds",
        "When the oldest feed in flight was sent.",
        lambda one: _timestamp(one.feeds.oldest_sent_at),
    ),
    (
        "feed_alarms",
        "Feeds of which Amazon has told nothing for long.",
        lambda one: one.feeds.alarms,
    ),
    (
        "client_secret_expiry_timestamp_seconds",
        "When the client secret expires.",
        lambda one: _timestamp(one.client_secret.at) if one.client_secret else None,
    ),
)

# Name, meaning, the label beside the account's, and the values by that label.
_OF_ACCOUNT_BY: tuple[tuple[str, str, str, Callable[[AccountStatus], Mapping[str, float]]], ...] = (
    (
        "reading_failures",
        "How often in a row a reading of orders failed: poll, sweep or backfill.",
        "reading",
        lambda one: {kind: reading.attempts for kind, reading in one.readings.items()},
    ),
    (
        "orders_held",
        "Orders that the store is not told of yet, by why: waiting_price or address_refused.",
        "reason",
        lambda one: {
            "waiting_price": one.orders.waiting_price,
            "address_refused": one.orders.address_refused,
        },
    ),
    (
        "outbox_messages",
        "Messages that the store lacks: pending, parked or expired.",
        "state",
        lambda one: {
            "pending": one.outbox.pending,
            "parked": one.outbox.parked,
            "expired": one.outbox.expired,
        },
    ),
    (
        "shipments",
        "Shipments on their way to Amazon: waiting, sent or doubted.",
        "state",
        lambda one: {
            "waiting": one.shipments.waiting,
            "sent": one.shipments.sent,
            "doubted": one.shipments.doubted,
        },
    ),
    (
        "shipments_ended_last_day",
        "Shipments that Amazon confirmed or refused within the last 24 hours.",
        "state",
        lambda one: {
            "confirmed": one.shipments.confirmed_last_day,
            "refused": one.shipments.refused_last_day,
        },
    ),
    (
        "quota_tokens",
        "Calls that are left of an operation's quota.",
        "operation",
        lambda one: {quota.operation: quota.tokens for quota in one.quotas or ()},
    ),
)


class StatusMetrics(Collector):
    """The status for a registry to collect; `refresh` reads it, at most every 15 seconds."""

    def __init__(self, reader: StatusReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._status: Status | None = None
        self._read_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def refresh(self) -> None:
        """Read the status, unless it was read just now. What can't be read is told as such."""
        async with self._reading:
            now = self._clock.now()
            if self._read_at is not None and timedelta() <= now - self._read_at < _FRESH:
                return
            try:
                self._status = await self._reader.read(now)
            except EndpointError:
                self._status = None
            self._read_at = now

    def collect(self) -> Iterable[Metric]:
        """What was read last."""
        status = self._status
        yield _single("status_up", "Whether the status could be read.", status is not None)
        if status is not None:
            yield from families(status)


def families(status: Status) -> Iterator[Metric]:
    """All that a status tells, as gauges."""
    yield _single("accounts", "Accounts that are configured.", len(status.accounts))
    yield _single("workers", "Workers that are at work.", len(status.workers))
    yield _single(
        "key_missing",
        "Whether what is kept sealed can't be opened by who tells this.",
        status.locked is not None,
    )
    for name, meaning, value_of in _OF_ACCOUNT:
        family = GaugeMetricFamily(f"{_PREFIX}_{name}", meaning, labels=["account"])
        for account in status.accounts:
            value = value_of(account)
            if value is not None:
                family.add_metric([account.id], value)
        yield family
    for name, meaning, label, values_of in _OF_ACCOUNT_BY:
        family = GaugeMetricFamily(f"{_PREFIX}_{name}", meaning, labels=["account", label])
        for account in status.accounts:
            for told, value in values_of(account).items():
                family.add_metric([account.id, told], value)
        yield family


def _single(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{_PREFIX}_{name}", meaning, value=value)


def _timestamp(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()

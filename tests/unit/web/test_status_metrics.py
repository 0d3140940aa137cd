"""What Prometheus is told of a status."""

from datetime import datetime
from typing import Any

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from amazon_endpoint.storage import StorageUnavailable
from amazon_endpoint.sync.accounts import expiry
from amazon_endpoint.sync.reading import ReadingKind
from amazon_endpoint.sync.status import (
    Case,
    OrdersStatus,
    OutboxStatus,
    QuotaStatus,
    ReadingStatus,
    Status,
)
from amazon_endpoint.web.metrics import Metrics
from tests.turned_clock import NOON, TurnedClock
from tests.unit.sync.statuses import DAY, HOUR, POLL, account, status


class HandedStatus:
    """Reads the status that a test put here, or fails with its error."""

    def __init__(self, **changes: Any) -> None:
        self.status = status(account(**changes))
        self.error: Exception | None = None
        self.reads = 0

    async def read(self, now: datetime, account_id: str | None = None) -> Status:
        del now, account_id
        self.reads += 1
        if self.error is not None:
            raise self.error
        return self.status

    async def cases(self, now: datetime, account_id: str) -> tuple[Case, ...]:
        del now, account_id
        raise NotImplementedError


async def exposed(**changes: Any) -> str:
    metrics = Metrics()
    metrics.show_status(HandedStatus(**changes), TurnedClock())
    return (await metrics.exposition()).decode()


def values(text: str) -> dict[str, float]:
    """What is told, by the name without its prefix and the labels' values."""
    return {
        " ".join([one.name.removeprefix("amazon_endpoint_"), *one.labels.values()]): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


async def test_an_account_is_told_by_its_id_alone() -> None:
    text = await exposed(
        paused_at=NOON,
        readings={
            ReadingKind.POLL: msgspec.structs.replace(POLL, attempts=3, last_error="canary"),
            ReadingKind.BACKFILL: ReadingStatus(
                upper_bound=NOON, next_attempt_at=NOON, progress=0.5
            ),
        },
        orders=OrdersStatus(first_seen_last_day=24, waiting_price=2),
        outbox=OutboxStatus(
            pending=7, oldest_pending_at=NOON - HOUR, pending_error="canary", stopped_at=NOON
        ),
        client_secret=expiry(NOON + DAY, NOON),
        quotas=(
            QuotaStatus(operation="getOrder", tokens=1.5, burst=30, per_second=0.5, next_at=None),
        ),
    )

    told = values(text)
    assert told["status_up"] == told["workers"] == told["accounts"] == 1
    for name, value in {
        "account_paused shop-us": 1,
        "cursor_timestamp_seconds shop-us": POLL.upper_bound.timestamp(),
        "poll_interval_seconds shop-us": 300,
        "reading_failures shop-us poll": 3,
        "backfill_progress_ratio shop-us": 0.5,
        "orders_first_seen_last_day shop-us": 24,
        "orders_held shop-us waiting_price": 2,
        "outbox_messages shop-us pending": 7,
        "outbox_messages shop-us parked": 0,
        "outbox_oldest_pending_timestamp_seconds shop-us": (NOON - HOUR).timestamp(),
        "store_stopped shop-us": 1,
        "client_secret_expiry_timestamp_seconds shop-us": (NOON + DAY).timestamp(),
        "quota_tokens shop-us getOrder": 1.5,
    }.items():
        assert told[name] == value, name
    assert "canary" not in text


async def test_what_there_is_not_has_no_value() -> None:
    text = await exposed()

    for name in ("outbox_oldest_pending", "feed_oldest", "client_secret_expiry"):
        assert f"# TYPE amazon_endpoint_{name}_timestamp_seconds gauge" in text
        assert f"amazon_endpoint_{name}_timestamp_seconds{{" not in text


async def test_the_status_is_read_every_quarter_of_a_minute_at_most() -> None:
    clock, reader, metrics = TurnedClock(), HandedStatus(), Metrics()
    metrics.show_status(reader, clock)

    for seconds, reads in ((0, 1), (14.9, 1), (0.1, 2), (-60, 3)):
        clock.advance(seconds)
        await metrics.exposition()
        assert reader.reads == reads


async def test_a_status_that_cannot_be_read_is_told_instead_of_an_old_one() -> None:
    clock, reader, metrics = TurnedClock(), HandedStatus(), Metrics()
    metrics.show_status(reader, clock)
    metrics.orders(2)
    await metrics.exposition()

    reader.error = StorageUnavailable()
    clock.advance(60)
    text = (await metrics.exposition()).decode()

    assert "amazon_endpoint_status_up 0.0" in text
    assert "shop-us" not in text
    assert "amazon_endpoint_orders_total 2.0" in text

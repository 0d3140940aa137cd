"""What somebody has to look at, and what is only to be known."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from amazon_endpoint.sync.accounts import expiry
from amazon_endpoint.sync.reading import ReadingKind
from amazon_endpoint.sync.status import (
    FeedsStatus,
    Finding,
    OrdersStatus,
    OutboxStatus,
    Severity,
    ShipmentsStatus,
    duration,
    findings,
)
from tests.turned_clock import NOON
from tests.unit.sync.statuses import DAY, HOUR, MINUTE, POLL, account, status

PROBLEM, NOTICE = Severity.PROBLEM, Severity.NOTICE
FAILED = msgspec.structs.replace(POLL, attempts=3, last_error="CredentialsRefused")
LATE = {"cursor": NOON - 46 * MINUTE}


def told(**changes: Any) -> tuple[Finding, ...]:
    return findings(status(account(**changes)))


def test_where_all_is_well_nothing_is_told() -> None:
    assert told() == ()
    assert findings(status()) == ()
    assert findings(msgspec.structs.replace(status(), accounts=(), workers=())) == ()


@pytest.mark.parametrize(
    ("changes", "severity", "what", "next_step"),
    [
        pytest.param(
            {"readings": {ReadingKind.POLL: FAILED}},
            PROBLEM,
            "The poll failed 3 times in a row: CredentialsRefused.",
            "accounts check shop-us --deep",
            id="polls fail",
        ),
        pytest.param(
            {"readings": {ReadingKind.SWEEP: FAILED}},
            PROBLEM,
            "The sweep failed 3 times",
            "accounts check shop-us --deep",
            id="sweeps fail",
        ),
        pytest.param(LATE, PROBLEM, "only up to 46 min ago", "quota", id="cursor is old"),
        pytest.param(
            {"orders": OrdersStatus(quarantined=1)},
            PROBLEM,
            "In quarantine: 1 order that",
            "quarantine retry shop-us",
            id="quarantine",
        ),
        pytest.param(
            {"orders": OrdersStatus(address_refused=2, address_refused_since=NOON - 2 * HOUR)},
            PROBLEM,
            "2 orders without address, which Amazon refuses; the oldest for 2 h 0 min",
            "Direct-to-Consumer Shipping",
            id="addresses refused",
        ),
        pytest.param(
            {"outbox": OutboxStatus(pending=9, oldest_pending_at=NOON - HOUR, pending_error="No.")},
            PROBLEM,
            "Pending: 9 messages, the oldest for 1 h 0 min. No.",
            "See that the store answers",
            id="store is slow",
        ),
        pytest.param(
            {"outbox": OutboxStatus(pending=9, oldest_pending_at=NOON + 300 * DAY)},
            PROBLEM,
            "Pending: 9 messages, written by a clock that was 300 d 0 h ahead",
            "NTP",
            id="messages of the future",
        ),
        pytest.param(
            {"outbox": OutboxStatus(pending=1, stopped_at=NOON - DAY, store_error="It said 410.")},
            PROBLEM,
            "gone for 1 d 0 h: It said 410. Pending: 1 message.",
            "deliveries redeliver shop-us",
            id="store is gone",
        ),
        pytest.param(
            {"outbox": OutboxStatus(parked=1_000, parked_error="It said 400.")},
            PROBLEM,
            "1,000 messages. It said 400.",
            "deliveries redeliver shop-us",
            id="parked",
        ),
        pytest.param(
            {"outbox": OutboxStatus(expired=2, expired_lately=1)},
            PROBLEM,
            "Erased before the store had them: 2 messages",
            "Seller Central",
            id="expired lately",
        ),
        pytest.param(
            {"outbox": OutboxStatus(expired=1)}, NOTICE, "Erased", "Seller Central", id="expired"
        ),
        pytest.param(
            {"shipments": ShipmentsStatus(alarms=1)},
            PROBLEM,
            "1 shipment",
            "status --account shop-us",
            id="shipment alarm",
        ),
        pytest.param(
            {"shipments": ShipmentsStatus(refused_last_day=1)},
            PROBLEM,
            "Refused within a day: 1 shipment",
            "Correct them",
            id="shipment refused",
        ),
        pytest.param(
            {"feeds": FeedsStatus(in_flight=3, alarms=2, oldest_sent_at=NOON - 7 * HOUR)},
            PROBLEM,
            "2 feeds, the oldest of them sent 7 h 0 min ago",
            "Seller Central",
            id="feed alarm",
        ),
        pytest.param(
            {"client_secret": expiry(NOON + 90 * DAY, NOON)},
            NOTICE,
            "expires in 90 days",
            "accounts rotate shop-us",
            id="secret soon",
        ),
        pytest.param(
            {"client_secret": expiry(NOON + 14 * DAY, NOON)},
            PROBLEM,
            "expires in 14 days",
            "accounts rotate shop-us",
            id="secret urgent",
        ),
        pytest.param(
            {"client_secret": expiry(NOON - DAY, NOON)},
            PROBLEM,
            "expired 2026-10-31T12:00:00Z",
            "accounts rotate shop-us",
            id="secret expired",
        ),
        pytest.param(
            {"paused_at": NOON - DAY, "outbox": OutboxStatus(pending=1, stopped_at=NOON), **LATE},
            NOTICE,
            "Paused for 1 d 0 h",
            "accounts resume shop-us",
            id="paused",
        ),
    ],
)
def test_each_finding_says_what_to_do(
    changes: dict[str, Any], severity: Severity, what: str, next_step: str
) -> None:
    (finding,) = told(**changes)

    assert (finding.severity, finding.account_id) == (severity, "shop-us")
    assert what in finding.what
    assert next_step in finding.next_step


@pytest.mark.parametrize(
    "changes",
    [
        {"readings": {ReadingKind.POLL: msgspec.structs.replace(FAILED, attempts=2)}},
        {"cursor": NOON - 45 * MINUTE},
        {"cursor": NOON - 6 * HOUR, "poll_every": 2 * HOUR},
        {"orders": OrdersStatus(waiting_price=5)},
        {"orders": OrdersStatus(address_refused=2, address_refused_since=NOON - HOUR)},
        {"outbox": OutboxStatus(pending=9, oldest_pending_at=NOON - 30 * MINUTE)},
        {"shipments": ShipmentsStatus(waiting=1, sent=2, doubted=3, confirmed_last_day=4)},
        {"feeds": FeedsStatus(in_flight=1, oldest_sent_at=NOON - 5 * HOUR)},
        {"client_secret": expiry(NOON + 91 * DAY, NOON)},
    ],
)
def test_what_takes_its_time_is_no_finding(changes: dict[str, Any]) -> None:
    assert told(**changes) == ()


def test_a_failing_poll_is_not_told_twice() -> None:
    (finding,) = told(readings={ReadingKind.POLL: FAILED}, cursor=NOON - DAY)

    assert "failed" in finding.what


def test_without_a_worker_nothing_is_done_for_anybody() -> None:
    (finding,) = findings(status(workers=()))

    assert (finding.severity, finding.account_id) == (PROBLEM, None)
    assert "amazon-endpoint up" in finding.next_step
    only_paused = status(account(paused_at=NOON), workers=())
    assert [one.severity for one in findings(only_paused)] == [NOTICE]


def test_a_missing_key_is_a_problem_of_all() -> None:
    (finding,) = findings(status(locked="The key is gone."))

    assert finding.account_id is None
    assert "The key is gone." in finding.what


def test_problems_come_first() -> None:
    paused = account(id="a", paused_at=NOON)
    failing = account(id="b", readings={ReadingKind.POLL: FAILED})

    assert [one.account_id for one in findings(status(paused, failing))] == ["b", "a"]


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=23, minutes=59), "23 h 59 min"),
        (timedelta(days=400, hours=1, minutes=5), "400 d 1 h"),
    ],
)
def test_a_duration_is_told_by_its_largest_units(time: timedelta, shown: str) -> None:
    assert duration(time) == shown

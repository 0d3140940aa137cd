from datetime import UTC, datetime, timedelta

from amazon_endpoint.sandbox.quotas import Quotas
from amazon_endpoint.sandbox.tokens import Caller

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SELLER = Caller("seller", "application")


def drained() -> Quotas:
    quotas = Quotas()
    assert all(quotas.take(SELLER, "createFeed", NOON) for _ in range(15))
    assert not quotas.take(SELLER, "createFeed", NOON)
    return quotas


def test_a_bucket_fills_at_its_rate() -> None:
    quotas = drained()
    assert not quotas.take(SELLER, "createFeed", NOON + timedelta(seconds=120))
    assert quotas.take(SELLER, "createFeed", NOON + timedelta(seconds=121))


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    quotas = drained()
    later = NOON + timedelta(days=30)
    assert sum(quotas.take(SELLER, "createFeed", later) for _ in range(30)) == 15


def test_sellers_applications_and_operations_have_their_own() -> None:
    quotas = drained()
    assert quotas.take(SELLER, "getFeed", NOON)
    assert quotas.take(Caller("another seller", "application"), "createFeed", NOON)
    assert quotas.take(Caller("seller", "another application"), "createFeed", NOON)


def test_a_clock_turned_back_takes_nothing_away() -> None:
    quotas = Quotas()
    assert quotas.take(SELLER, "createFeed", NOON)
    assert quotas.take(SELLER, "createFeed", NOON - timedelta(days=1))

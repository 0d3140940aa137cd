"""When a buyer's data has to go."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_endpoint.sync.erasure import LONGEST, deadlines, is_due
from tests.turned_clock import NOON

DAY = timedelta(days=1)
ago = st.timedeltas(timedelta(), 90 * DAY)
periods = st.integers(1, 30).map(timedelta)


def due(
    *,
    delivered: timedelta | None = None,
    status: timedelta = timedelta(),
    seen: timedelta = 90 * DAY,
    after: timedelta = LONGEST,
) -> bool:
    """Whether an order of which all this happened so long ago is due, after this period."""

    def moment(before: timedelta) -> datetime:
        return NOON - before

    return is_due(
        deadlines(after, NOON),
        delivered_at=None if delivered is None else moment(delivered),
        status_since=moment(status),
        first_seen_at=moment(seen),
    )


@pytest.mark.parametrize("after", [LONGEST, 7 * DAY], ids=["30 days", "a week"])
def test_the_period_counts_from_the_delivery(after: timedelta) -> None:
    assert not due(delivered=after - timedelta(seconds=1), status=80 * DAY, after=after)
    assert due(delivered=after, after=after)


def test_without_a_delivery_it_counts_from_the_latest_change_of_the_status() -> None:
    assert not due(status=LONGEST - timedelta(seconds=1))
    assert due(status=LONGEST)


def test_what_is_first_seen_late_stays_for_as_long() -> None:
    assert not due(status=80 * DAY, seen=DAY)
    assert not due(delivered=10 * DAY, seen=DAY, after=7 * DAY)
    assert due(delivered=10 * DAY, seen=7 * DAY, after=7 * DAY)


@given(status=ago, seen=ago, delivered=ago, after=periods)
def test_nothing_stays_longer_than_30_days_after_its_delivery(
    status: timedelta, seen: timedelta, delivered: timedelta, after: timedelta
) -> None:
    assert due(delivered=delivered + LONGEST, status=status, seen=seen, after=after)


@given(delivered=ago | st.none(), status=ago, seen=ago, after=periods, later=ago)
def test_what_is_due_stays_due(
    delivered: timedelta | None,
    status: timedelta,
    seen: timedelta,
    after: timedelta,
    later: timedelta,
) -> None:
    if due(delivered=delivered, status=status, seen=seen, after=after):
        assert due(
            delivered=None if delivered is None else delivered + later,
            status=status + later,
            seen=seen + later,
            after=after,
        )


@given(delivered=ago | st.none(), status=ago, seen=ago, after=periods, longer=periods)
def test_a_longer_period_never_erases_more(
    delivered: timedelta | None,
    status: timedelta,
    seen: timedelta,
    after: timedelta,
    longer: timedelta,
) -> None:
    first, second = sorted((after, longer))
    if due(delivered=delivered, status=status, seen=seen, after=second):
        assert due(delivered=delivered, status=status, seen=seen, after=first)

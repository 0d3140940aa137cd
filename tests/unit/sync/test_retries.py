"""When a message is tried again: for three days, at growing intervals."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from amazon_endpoint.sync.retries import next_attempt
from tests.turned_clock import NOON

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
RANDOM = st.floats(0, 1, exclude_max=True)


def waits(random: float) -> list[timedelta]:
    """The waits between attempts that all fail."""
    found = list[timedelta]()
    while at := next_attempt(len(found) + 1, NOON, lambda: random):
        found.append(at - NOON)
    return found


@given(RANDOM)
def test_a_message_is_tried_for_three_days(random: float) -> None:
    assert 3 * DAY <= sum(waits(random), timedelta()) <= 3.5 * DAY


@given(RANDOM)
def test_the_waits_grow_from_seconds_to_hours(random: float) -> None:
    found = waits(random)

    assert found == sorted(found)
    assert 10 * SECOND <= found[0] <= 11 * SECOND
    assert 4 * HOUR <= found[-1] <= 4.4 * HOUR


def test_the_waits_differ_from_message_to_message() -> None:
    assert all(one < other for one, other in zip(waits(0), waits(0.9), strict=True))


@given(RANDOM, st.integers(1, 25), st.timedeltas(-DAY, DAY))
def test_what_the_store_asks_for_makes_a_wait_longer_and_never_shorter(
    random: float, failures: int, asked: timedelta
) -> None:
    told = next_attempt(failures, NOON, lambda: random, not_before=NOON + asked)

    assert told == max(NOON + waits(random)[failures - 1], NOON + asked)


def test_asking_for_more_patience_gives_no_further_attempts() -> None:
    attempts = len(waits(0))

    assert next_attempt(attempts + 1, NOON, lambda: 0, not_before=NOON + DAY) is None

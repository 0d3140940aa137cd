"""The channel is the one that tells Amazon of all shipments sooner, by what quota is left."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_endpoint.amazon.quota import Bucket
from amazon_endpoint.services.confirmations import Channel
from amazon_endpoint.sync.channel import (
    FEED_EVERY,
    GATHERING,
    PROCESSING,
    QUIET,
    at_once,
    choose,
    next_feed,
)
from tests.turned_clock import NOON

TEN_MINUTES = timedelta(minutes=10)
SECOND = timedelta(seconds=1)


def direct(tokens: float = 10, rate: float = 2) -> Bucket:
    return Bucket(rate=rate, burst=10, tokens=tokens, at=NOON)


def feeds(tokens: float = 15) -> Bucket:
    return Bucket(rate=1 / 120, burst=15, tokens=tokens, at=NOON)


def chosen(number: int, bucket: Bucket | None, wait: timedelta = timedelta()) -> Channel:
    return choose(number, feed_at=NOON + wait, processing=TEN_MINUTES, direct=bucket, now=NOON)


@pytest.mark.parametrize(
    ("number", "bucket", "expected"),
    [
        pytest.param(1, direct(), Channel.DIRECT, id="one goes at once"),
        pytest.param(10, direct(), Channel.DIRECT, id="a burst goes at once"),
        pytest.param(1210, direct(), Channel.DIRECT, id="as soon as the feed"),
        pytest.param(1211, direct(), Channel.FEED, id="later than the feed"),
        pytest.param(1201, direct(tokens=0), Channel.FEED, id="no burst is left"),
        pytest.param(20, direct(rate=0.01), Channel.FEED, id="Amazon told a lower rate"),
        pytest.param(1, None, Channel.FEED, id="there are no direct calls"),
    ],
)
def test_the_sooner_channel_is_chosen(
    number: int, bucket: Bucket | None, expected: Channel
) -> None:
    assert chosen(number, bucket) is expected


def test_what_the_quota_has_left_can_be_confirmed_at_once() -> None:
    assert at_once(10, direct(), NOON)
    assert not at_once(11, direct(), NOON)
    assert not at_once(1, None, NOON)


def test_a_feed_that_has_to_wait_leaves_more_to_direct_calls() -> None:
    assert chosen(1300, direct()) is Channel.FEED
    assert chosen(1300, direct(), timedelta(minutes=2)) is Channel.DIRECT


def test_a_feed_that_was_due_before_starts_now() -> None:
    assert chosen(1211, direct(), -timedelta(hours=1)) is Channel.FEED


def test_amazons_own_pace_with_feeds_counts_where_it_is_known() -> None:
    def quick(processing: timedelta | None) -> Channel:
        return choose(100, feed_at=NOON, processing=processing, direct=direct(), now=NOON)

    assert quick(44 * SECOND) is Channel.FEED
    assert quick(46 * SECOND) is Channel.DIRECT
    assert quick(None) is quick(PROCESSING)


@given(st.integers(1, 5000), st.floats(0, 10), st.floats(0.1, 20), st.integers(0, 3600))
def test_more_shipments_never_turn_from_the_feed_to_direct_calls(
    number: int, tokens: float, rate: float, wait: int
) -> None:
    bucket = direct(tokens, rate)
    if chosen(number, bucket, wait * SECOND) is Channel.FEED:
        assert chosen(number + 1, bucket, wait * SECOND) is Channel.FEED


def test_shipments_gather_for_a_feed_until_no_more_come() -> None:
    assert next_feed([NOON], None, feeds(), NOON) == NOON + QUIET
    assert next_feed([NOON - 5 * SECOND, NOON], None, feeds(), NOON) == NOON + QUIET
    assert next_feed([NOON - 300 * SECOND], None, feeds(), NOON) <= NOON


def test_shipments_that_keep_coming_hold_up_no_feed_for_long() -> None:
    keep_coming = [NOON - one * SECOND for one in range(118)]
    assert next_feed(keep_coming, None, feeds(), NOON) == min(keep_coming) + GATHERING


def test_what_came_by_a_clock_that_was_ahead_has_gathered() -> None:
    year = timedelta(days=365)
    assert next_feed([NOON + year], None, feeds(), NOON) == NOON
    assert next_feed([NOON, NOON + year], None, feeds(), NOON) == NOON + QUIET


def test_feeds_keep_the_distance_that_amazon_advises() -> None:
    last = NOON - 300 * SECOND
    assert next_feed([NOON], last, feeds(), NOON) == last + FEED_EVERY
    assert next_feed([NOON], NOON - FEED_EVERY, feeds(), NOON) == NOON + QUIET


def test_a_feed_waits_for_its_quota() -> None:
    wait = next_feed([NOON - GATHERING], None, feeds(tokens=0.5), NOON) - NOON
    assert timedelta(seconds=60) <= wait < timedelta(seconds=61)

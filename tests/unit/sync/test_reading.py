"""How readings go through windows: without a gap, whatever becomes of one."""

from datetime import timedelta

import msgspec
import pytest

from amazon_endpoint.amazon.port import OrderPage
from amazon_endpoint.errors import (
    AmazonUnavailable,
    PageRepeated,
    PageTokenRefused,
    StaysSealed,
    Throttled,
)
from amazon_endpoint.services.window import Window
from amazon_endpoint.sync.backoff import backoff
from amazon_endpoint.sync.reading import (
    Reading,
    ReadingKind,
    after_error,
    begun,
    describe,
    next_window,
    with_page,
)
from tests.turned_clock import NOON
from tests.unit.sync.test_accounts import ACCOUNT

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
EVERY = 5 * MINUTE
FIRST = begun(ACCOUNT, ReadingKind.POLL, NOON - DAY, NOON)
LAST_PAGE, PAGE = OrderPage(orders=()), OrderPage(orders=(), next_token="next")


def opened(reading: Reading, newest: timedelta = timedelta(), lag: timedelta = EVERY) -> Window:
    window = next_window(reading, ACCOUNT, newest=NOON + newest, lag=lag)
    assert window is not None
    return window


def read(reading: Reading, *, newest: timedelta = timedelta()) -> Reading:
    """The reading after its whole next window."""
    return with_page(reading, opened(reading, newest), LAST_PAGE, NOON, EVERY)


def stopped(reading: Reading, error: PageRepeated | PageTokenRefused) -> Reading:
    turned = with_page(reading, opened(reading), PAGE, NOON, EVERY)
    return after_error(turned, error, NOON, lambda: 0)


def test_bounds_are_whole_seconds() -> None:
    window = opened(FIRST, timedelta(milliseconds=999))

    assert window.query.before == NOON


def test_a_back_fill_is_through_with_the_last_whole_second() -> None:
    until = NOON + timedelta(milliseconds=600)
    backfill = begun(ACCOUNT, ReadingKind.BACKFILL, NOON - DAY, NOON, until)

    assert read(backfill, newest=MINUTE).next_attempt_at is None


def test_the_lag_does_not_reach_before_the_start() -> None:
    assert opened(FIRST).query.after == NOON - DAY
    assert opened(read(FIRST), newest=MINUTE).query.after == NOON - EVERY


def test_while_amazon_lists_nothing_newer_there_is_no_window() -> None:
    assert next_window(read(FIRST), ACCOUNT, newest=NOON, lag=EVERY) is None


def test_the_lowest_bound_of_all_pages_counts() -> None:
    window = opened(FIRST)
    bounds = [NOON, NOON - 3 * MINUTE, NOON - MINUTE]
    *pages, last = [OrderPage(orders=(), next_token="more", served_before=one) for one in bounds]

    reading = FIRST
    for page in (*pages, msgspec.structs.replace(last, next_token=None)):
        reading = with_page(reading, window, page, NOON, EVERY)

    assert (reading.upper_bound, reading.served_before) == (NOON - 3 * MINUTE, None)


@pytest.mark.parametrize("error", [PageRepeated(), PageTokenRefused()])
def test_a_window_that_failed_starts_again_half_as_wide(
    error: PageRepeated | PageTokenRefused,
) -> None:
    failed = stopped(FIRST, error)

    assert (failed.window, failed.upper_bound) == (None, FIRST.upper_bound)
    assert failed.last_error == type(error).__name__
    again = opened(failed)
    assert (again.query.after, again.query.before) == (NOON - DAY, NOON - DAY / 2)


def test_a_dead_token_costs_no_time_but_pages_in_a_circle_do() -> None:
    assert stopped(FIRST, PageTokenRefused()).is_due(NOON)
    assert not stopped(FIRST, PageRepeated()).is_due(NOON)


def test_the_narrowest_window_is_tried_with_patience() -> None:
    reading = msgspec.structs.replace(FIRST, width=SECOND)

    assert opened(reading).query.before == FIRST.since + SECOND
    assert not stopped(reading, PageTokenRefused()).is_due(NOON)


def test_windows_widen_again_and_follow_at_once_until_they_reach_the_present() -> None:
    reading = msgspec.structs.replace(FIRST, width=DAY / 8)
    bounds = []
    while reading.is_due(NOON):
        reading = read(reading)
        bounds.append(reading.upper_bound)

    assert bounds == [NOON - DAY * 7 / 8, NOON - DAY * 5 / 8, NOON - DAY / 8, NOON]
    assert (reading.width, reading.next_attempt_at) == (None, NOON + EVERY)


def test_narrow_windows_reach_back_no_further_than_they_are_wide() -> None:
    reading = msgspec.structs.replace(read(FIRST), width=MINUTE)

    assert opened(reading, newest=DAY).query.after == NOON - MINUTE


def test_an_error_in_a_window_leaves_it_where_it_is() -> None:
    turned = with_page(FIRST, opened(FIRST), PAGE, NOON, EVERY)

    failed = after_error(turned, AmazonUnavailable(), NOON, lambda: 0)
    throttled = after_error(failed, Throttled(not_before=NOON + DAY), NOON, lambda: 0)

    assert failed.window == turned.window
    assert (throttled.attempts, throttled.last_error) == (1, "AmazonUnavailable")
    assert throttled.next_attempt_at == NOON + DAY


def test_a_quota_without_a_moment_is_waited_for_like_an_error() -> None:
    throttled = after_error(FIRST, Throttled(), NOON, lambda: 0)

    assert throttled.next_attempt_at == NOON + 15 * SECOND


def test_an_error_is_described_without_its_words() -> None:
    error = AmazonUnavailable("Patrick Cook", request_id="r-1", field="canary")

    assert describe(error) == "AmazonUnavailable (Amazon request id r-1)"


def test_what_stays_sealed_is_described_with_what_to_do() -> None:
    assert describe(StaysSealed("Add that key.")) == "Add that key."


def test_waits_double_up_to_the_longest_and_differ() -> None:
    def waits(jitter: float) -> list[timedelta]:
        return [
            backoff(failures, first=MINUTE, longest=5 * MINUTE, random=lambda: jitter)
            for failures in (1, 2, 3, 4, 1000)
        ]

    assert waits(1) == [MINUTE, 2 * MINUTE, 4 * MINUTE, 5 * MINUTE, 5 * MINUTE]
    assert waits(0) == [wait / 2 for wait in waits(1)]

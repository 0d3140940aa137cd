"""Nothing is erased by a clock that Amazon contradicts, and all of it where nobody answers."""

from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from amazon_endpoint.errors import AmazonUnavailable
from amazon_endpoint.sync.two_clocks import LOOKS, TwoClocks
from tests.turned_clock import NOON, TurnedClock

SECOND, MONTH = timedelta(seconds=1), timedelta(days=31)


async def silent() -> datetime:
    raise AmazonUnavailable


async def answering() -> datetime:
    return NOON


@pytest.mark.parametrize(
    ("ours", "expected"), [(-SECOND, NOON - SECOND), (SECOND, NOON), (MONTH, NOON)]
)
async def test_the_clock_that_is_behind_counts(ours: timedelta, expected: datetime) -> None:
    assert await TwoClocks(TurnedClock(NOON + ours)).now("shop", answering) == expected


@pytest.mark.parametrize(("ours", "told"), [(SECOND, []), (MONTH, [MONTH.total_seconds()])])
async def test_a_clock_far_ahead_is_told(ours: timedelta, told: list[float]) -> None:
    with capture_logs() as lines:
        await TwoClocks(TurnedClock(NOON + ours)).now("shop", answering)

    assert [one["seconds"] for one in lines if one["event"] == "clock_ahead"] == told


async def test_where_amazon_is_silent_for_a_day_of_looks_ours_is_enough() -> None:
    clock = TurnedClock()
    clocks = TwoClocks(clock)

    with capture_logs() as lines:
        waited = [await clocks.now("shop", silent) for _ in range(LOOKS)]

    assert waited == [None] * LOOKS
    assert [one["event"] for one in lines] == ["erasure_waits"]
    assert await clocks.now("shop", silent) == clock.now()
    assert await clocks.now("another", silent) is None


async def test_a_clock_that_jumps_does_not_make_the_day_shorter() -> None:
    clock = TurnedClock()
    clocks = TwoClocks(clock)
    await clocks.now("shop", silent)

    clock.advance(MONTH.total_seconds())

    assert await clocks.now("shop", silent) is None


async def test_an_answer_begins_the_day_anew() -> None:
    clocks = TwoClocks(TurnedClock())
    for _ in range(LOOKS):
        await clocks.now("shop", silent)

    await clocks.now("shop", answering)

    assert await clocks.now("shop", silent) is None

"""Amazon's time: what its answers tell of it, and when that counts."""

from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import format_datetime

import pytest

from amazon_endpoint.amazon.amazon_time import AmazonTime
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.outbound import Outbound
from tests.turned_clock import NOON, TurnedClock

HERE, THERE = "https://a", "https://b"


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def amazon_time(clock: TurnedClock) -> AsyncIterator[AmazonTime]:
    outbound = Outbound(may_be_private=AllowedHosts().listed)
    yield AmazonTime(outbound, clock)
    await outbound.aclose()


def date(seconds: float) -> str:
    return format_datetime(NOON + timedelta(seconds=seconds), usegmt=True)


async def test_time_goes_on_between_answers(amazon_time: AmazonTime, clock: TurnedClock) -> None:
    amazon_time.note(HERE, date(10))
    clock.advance(60)

    assert amazon_time.lately(HERE) == NOON + timedelta(seconds=70)
    assert amazon_time.lately(THERE) is None
    assert amazon_time.lately(THERE, HERE) == NOON + timedelta(seconds=70)


@pytest.mark.parametrize(
    "told",
    [
        *(None, "", "now", "Sun, 01 Nov 2026 12:00:10 -0000"),
        *("Wed, 01 Jan 1800 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"),
    ],
)
async def test_a_date_that_makes_no_sense_is_ignored(
    amazon_time: AmazonTime, told: str | None
) -> None:
    for _ in range(2):
        assert not amazon_time.note(HERE, told)

    assert amazon_time.lately(HERE) is None


async def test_what_was_told_counts_for_three_minutes(
    amazon_time: AmazonTime, clock: TurnedClock
) -> None:
    amazon_time.note(HERE, date(10))

    clock.advance(180)
    assert amazon_time.lately(HERE) is not None
    clock.advance(1)
    assert amazon_time.lately(HERE) is None


async def test_nothing_counts_once_our_own_clock_was_set(
    amazon_time: AmazonTime, clock: TurnedClock
) -> None:
    amazon_time.note(HERE, date(0))
    clock.advance(-3600)
    assert amazon_time.lately(HERE) is None

    for _ in range(2):
        amazon_time.note(HERE, date(0))
    assert amazon_time.lately(HERE) == NOON


async def test_one_odd_date_changes_nothing(amazon_time: AmazonTime) -> None:
    amazon_time.note(HERE, date(0))

    amazon_time.note(HERE, date(-3600))
    assert amazon_time.lately(HERE) == NOON
    amazon_time.note(HERE, date(1))
    amazon_time.note(HERE, date(-3600))
    assert amazon_time.lately(HERE) == NOON + timedelta(seconds=1)


async def test_a_date_far_off_counts_when_it_is_told_again(amazon_time: AmazonTime) -> None:
    amazon_time.note(HERE, date(3600))
    assert amazon_time.lately(HERE) is None
    amazon_time.note(HERE, date(3601))
    assert amazon_time.lately(HERE) == NOON + timedelta(seconds=3601)

    amazon_time.note(HERE, date(3602))
    assert amazon_time.lately(HERE) == NOON + timedelta(seconds=3602)


async def test_a_date_that_agrees_with_our_own_clock_counts_at_once(
    amazon_time: AmazonTime,
) -> None:
    for _ in range(2):
        amazon_time.note(HERE, date(-3600))

    amazon_time.note(HERE, date(0))

    assert amazon_time.lately(HERE) == NOON

"""How a store stands after what it said."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_endpoint.stores.port import Delivered, Gone, Outcome, Refused
from amazon_endpoint.sync.standing import Standing, after
from tests.turned_clock import NOON

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
FRESH = Standing(account_id="shop-us")
DOWN = Refused("The store can't be reached.", store_is_down=True)


def down(times: int, random: float = 0.5) -> Standing:
    """A store that took nothing so often in a row."""
    standing = FRESH
    for _ in range(times):
        standing = after(standing, [DOWN] * standing.at_once, NOON, lambda: random)
    return standing


def test_a_store_that_takes_nothing_of_several_messages_rests() -> None:
    assert down(1).rests_until == NOON + 22.5 * SECOND
    assert not down(1).is_open(NOON)
    assert down(1).is_open(NOON + MINUTE)
    assert down(1).reason == DOWN.reason


@pytest.mark.parametrize("outcomes", [[], [DOWN], [DOWN] * 3])
def test_few_failures_tell_of_their_messages_alone(outcomes: list[Outcome]) -> None:
    assert after(FRESH, outcomes, NOON, lambda: 0) == FRESH


def test_one_message_finds_out_whether_the_store_is_back() -> None:
    assert down(1).at_once == 1
    assert down(2).failures == 2
    back = after(down(2), [Delivered()], NOON + HOUR, lambda: 0)
    assert back == FRESH


@pytest.mark.parametrize("answer", [Delivered(), Refused("The store answered 422.")])
def test_a_store_that_says_anything_is_open(answer: Outcome) -> None:
    assert after(FRESH, [DOWN, DOWN, answer, DOWN], NOON, lambda: 0) == FRESH
    assert after(down(1), [answer], NOON, lambda: 0) == FRESH


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_a_rest_takes_up_to_ten_minutes(times: int, random: float) -> None:
    rests_until = down(times, random).rests_until

    assert rests_until
    assert 15 * SECOND <= rests_until - NOON <= 10 * MINUTE


def test_a_store_rests_for_as_long_as_it_asks() -> None:
    asked = [
        Refused("503", NOON + minutes * MINUTE, store_is_down=True) for minutes in (-1, 60, 61)
    ]

    assert after(FRESH, [DOWN, *asked], NOON, lambda: 0).rests_until == NOON + HOUR


def test_a_store_that_is_gone_is_stopped() -> None:
    stopped = after(FRESH, [Delivered(), Gone("410")], NOON, lambda: 0)

    assert stopped.stopped_at == NOON
    assert not stopped.is_open(NOON + timedelta(days=365))

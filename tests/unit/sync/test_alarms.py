"""Alarms wake at the moment that something is due."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from amazon_endpoint.sync.alarms import Alarms
from tests.turned_clock import NOON

LATER = NOON + timedelta(minutes=5)


class Clock:
    """Tells how long is slept, and lets the sleepers wake."""

    def __init__(self) -> None:
        self.sleeps: list[float] = []
        self.over = asyncio.Event()

    def now(self) -> datetime:
        return NOON

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await self.over.wait()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def woken() -> list[tuple[str, str]]:
    return []


@pytest.fixture
async def alarms(clock: Clock, woken: list[tuple[str, str]]) -> AsyncIterator[Alarms[str]]:
    alarms = Alarms[str](clock, lambda kind, account_id: woken.append((kind, account_id)))
    yield alarms
    await alarms.aclose()


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_it_wakes_when_the_moment_has_come(
    alarms: Alarms[str], clock: Clock, woken: list[tuple[str, str]]
) -> None:
    alarms.set("confirm", "shop-us", LATER)
    alarms.set("follow", "shop-us", LATER)
    await turn()
    assert (clock.sleeps, woken) == ([300, 300], [])

    clock.over.set()
    await turn()
    assert woken == [("confirm", "shop-us"), ("follow", "shop-us")]


async def test_another_moment_replaces_the_one_before(
    alarms: Alarms[str], clock: Clock, woken: list[tuple[str, str]]
) -> None:
    alarms.set("confirm", "shop-us", LATER)
    await turn()
    alarms.set("confirm", "shop-us", NOON + timedelta(minutes=1))
    await turn()
    clock.over.set()
    await turn()
    assert clock.sleeps == [300, 60]
    assert woken == [("confirm", "shop-us")]


@pytest.mark.parametrize("moment", [None, NOON, NOON - timedelta(minutes=1)])
async def test_what_is_not_ahead_wakes_nothing(
    alarms: Alarms[str], clock: Clock, woken: list[tuple[str, str]], moment: datetime | None
) -> None:
    alarms.set("confirm", "shop-us", LATER)
    alarms.set("confirm", "shop-us", moment)
    clock.over.set()
    await turn()
    assert woken == []


async def test_nothing_is_woken_once_it_is_closed(
    alarms: Alarms[str], clock: Clock, woken: list[tuple[str, str]]
) -> None:
    alarms.set("confirm", "shop-us", LATER)
    await turn()
    await alarms.aclose()
    clock.over.set()
    await turn()
    assert woken == []

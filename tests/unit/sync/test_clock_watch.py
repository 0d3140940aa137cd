"""A clock that was set back keeps nothing from being done."""

from datetime import datetime, timedelta

import pytest

from amazon_endpoint.services.next_step import SHOWN_AFTER
from amazon_endpoint.storage.database import StorageUnavailable
from amazon_endpoint.sync.clock_watch import ClockWatch
from tests.turned_clock import NOON, TurnedClock

HOUR = 3600.0


class Schedule:
    def __init__(self) -> None:
        self.latest: list[datetime] = []
        self.fails = False

    async def bring_forward(self, latest: datetime) -> None:
        if self.fails:
            raise StorageUnavailable
        self.latest.append(latest)


async def test_a_clock_that_only_goes_on_changes_nothing() -> None:
    schedule, clock = Schedule(), TurnedClock()
    watch = ClockWatch(schedule, clock)

    for seconds in (0, 60, 24 * HOUR):
        clock.advance(seconds)
        assert await watch() == ()

    assert schedule.latest == []


async def test_when_it_is_set_back_all_is_due_soon_and_once() -> None:
    schedule, clock = Schedule(), TurnedClock()
    watch = ClockWatch(schedule, clock)

    clock.advance(-HOUR)
    await watch()
    await watch()

    assert schedule.latest == [NOON - timedelta(hours=1) + SHOWN_AFTER]


async def test_what_could_not_be_written_is_written_at_the_next_look() -> None:
    schedule, clock = Schedule(), TurnedClock()
    watch = ClockWatch(schedule, clock)
    schedule.fails = True

    clock.advance(-HOUR)
    with pytest.raises(StorageUnavailable):
        await watch()
    schedule.fails = False
    await watch()

    assert len(schedule.latest) == 1

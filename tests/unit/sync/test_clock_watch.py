"""A clock that was set back keeps nothing from being done."""

from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from amazon_endpoint.services.next_step import SHOWN_AFTER
from amazon_endpoint.storage.database import StorageUnavailable
from amazon_endpoint.sync.clock_watch import ClockWatch
from tests.turned_clock import NOON, TurnedClock

HOUR = 3600.0


class Schedule:
    def __init__(self) -> None:
        self.asked: list[tuple[datetime, datetime]] = []
        self.far = 0
        self.fails = False

    async def bring_forward(self, latest: datetime, *, beyond: datetime) -> int:
        if self.fails:
            raise StorageUnavailable
        self.asked.append((latest, beyond))
        return self.far


async def test_at_the_first_look_only_what_is_put_off_too_long_is_due_soon() -> None:
    schedule, clock = Schedule(), TurnedClock()
    watch = ClockWatch(schedule, clock)

    with capture_logs() as lines:
        for seconds in (0, 60, 24 * HOUR):
            clock.advance(seconds)
            assert await watch() == ()

    ((latest, beyond),) = schedule.asked
    assert latest == NOON + SHOWN_AFTER
    assert timedelta(days=1) < beyond - NOON < timedelta(days=2)
    assert lines == []


async def test_a_clock_that_was_set_back_before_the_first_look_is_told() -> None:
    schedule = Schedule()
    schedule.far = 3

    with capture_logs() as lines:
        await ClockWatch(schedule, TurnedClock())()

    assert [(one["event"], one["put_off"]) for one in lines] == [("clock_set_back", 3)]


async def test_when_it_is_set_back_all_is_due_soon_and_once() -> None:
    schedule, clock = Schedule(), TurnedClock()
    watch = ClockWatch(schedule, clock)

    clock.advance(-HOUR)
    await watch()
    await watch()

    soon = NOON - timedelta(hours=1) + SHOWN_AFTER
    assert schedule.asked == [(soon, soon)]


async def test_what_could_not_be_written_is_written_at_the_next_look() -> None:
    schedule, clock = Schedule(), TurnedClock()
    watch = ClockWatch(schedule, clock)
    schedule.fails = True

    clock.advance(-HOUR)
    with pytest.raises(StorageUnavailable):
        await watch()
    schedule.fails = False
    await watch()

    assert len(schedule.asked) == 1

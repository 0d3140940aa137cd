"""Clocks that tests turn by hand."""

from datetime import UTC, datetime, timedelta

from amazon_endpoint.clock import SystemClock

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


class TurnedClock:
    """Stands still until it is told to move; sleeping moves it."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)


class ShiftedClock(SystemClock):
    """The system's clock, ahead by as much as a test wants."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

"""A clock that several processes share, and that runs much faster than the system's."""

import asyncio
from datetime import UTC, datetime

from amazon_endpoint.clock import SystemClock


class FastClock(SystemClock):
    """Runs `speed` times as fast as the system's, from `start` on, where both agree."""

    def __init__(self, start: datetime, speed: float) -> None:
        self._start = start
        self._speed = speed

    def now(self) -> datetime:
        return self._start + (datetime.now(UTC) - self._start) * self._speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)

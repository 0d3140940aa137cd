"""Clock watch: a clock that was set back, and what it would keep from being done.

What is put off is put off until a moment. A clock that was wrong for a while, a day or a year
ahead, leaves such moments behind that lie far away when it is right again.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

import structlog

from amazon_endpoint.clock import Clock
from amazon_endpoint.services.next_step import SHOWN_AFTER
from amazon_endpoint.sync.engine import Kind

_log = structlog.get_logger(__name__)


class Schedule(Protocol):
    """Everything that is put off, of all accounts."""

    async def bring_forward(self, latest: datetime) -> None:
        """Have all of it due by `latest`."""
        ...


class ClockWatch:
    """Looks at the clock each minute: a `FindDue` that finds nothing itself."""

    def __init__(self, schedule: Schedule, clock: Clock) -> None:
        self._schedule = schedule
        self._clock = clock
        self._seen = clock.now()

    async def __call__(self) -> Iterable[tuple[Kind, str]]:
        """Where the clock was set back, have all that is put off done soon.

        What had been put off for a good reason is tried early, and put off anew if it still holds.
        Not at once: Amazon shows a little later what it has just been told.

        Raises:
            StorageUnavailable: it is tried again at the next look.
        """
        now = self._clock.now()
        if now < self._seen:
            await self._schedule.bring_forward(now + SHOWN_AFTER)
            _log.warning("clock_set_back", seconds=round((self._seen - now).total_seconds()))
        self._seen = now
        return ()

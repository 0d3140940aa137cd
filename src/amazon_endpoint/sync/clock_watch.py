"""Clock watch: a clock that was set back, and what it would keep from being done.

What is put off is put off until a moment. A clock that was wrong for a while, a day or a year
ahead, leaves such moments behind that lie far away when it is right again; also where it was set
back while nobody was at work.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from amazon_endpoint.clock import Clock
from amazon_endpoint.services.next_step import SHOWN_AFTER
from amazon_endpoint.sync.engine import Kind

_log = structlog.get_logger(__name__)

# Nothing is put off for longer than a day: by a sweep, a poll or a store's Retry-After. The clocks
# of two hosts may differ besides.
_LONGEST = timedelta(hours=26)


class Schedule(Protocol):
    """Everything that is put off, of all accounts."""

    async def bring_forward(self, latest: datetime, *, beyond: datetime) -> int:
        """Have due by `latest` all that is put off beyond that moment; how much it was."""
        ...


class ClockWatch:
    """Looks at the clock each minute: a `FindDue` that finds nothing itself."""

    def __init__(self, schedule: Schedule, clock: Clock) -> None:
        self._schedule = schedule
        self._clock = clock
        self._seen = clock.now()
        self._first = True

    async def __call__(self) -> Iterable[tuple[Kind, str]]:
        """Where the clock was set back, have all that is put off done soon.

        At the first look that is seen from what is put off for longer than anything may be. What
        had been put off for a good reason is tried early, and put off anew if it still holds. Not
        at once: Amazon shows a little later what it has just been told.

        Raises:
            StorageUnavailable: it is tried again at the next look.
        """
        now = self._clock.now()
        soon = now + SHOWN_AFTER
        if now < self._seen:
            await self._schedule.bring_forward(soon, beyond=soon)
            _log.warning("clock_set_back", seconds=round((self._seen - now).total_seconds()))
        elif self._first:
            moved = await self._schedule.bring_forward(soon, beyond=now + _LONGEST)
            if moved:
                _log.warning("clock_set_back", put_off=moved)
        self._seen, self._first = now, False
        return ()

"""Alarms: what is due at a moment that is known is woken then, not at the next search.

They are lost with the process; the search of each minute finds what they would have woken.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

from amazon_endpoint.clock import Clock

K = TypeVar("K", bound=str)


class Alarms(Generic[K]):
    """One for each kind and account, which calls `wake`. Belongs to one event loop."""

    def __init__(self, clock: Clock, wake: Callable[[K, str], None]) -> None:
        self._clock = clock
        self._wake = wake
        self._set: dict[tuple[K, str], asyncio.Task[None]] = {}

    def set(self, kind: K, account_id: str, moment: datetime | None) -> None:
        """Wake this account's work at that moment, and no more at the one that was set before.

        What is due already has just been looked at, and is left to the search: else what stays due,
        like that of an account that is paused, would be looked at without end.
        """
        before = self._set.pop((kind, account_id), None)
        if before is not None:
            before.cancel()
        if moment is not None and (wait := (moment - self._clock.now()).total_seconds()) > 0:
            ring = self._ring(kind, account_id, wait)
            self._set[kind, account_id] = asyncio.create_task(ring)

    async def _ring(self, kind: K, account_id: str, wait: float) -> None:
        await self._clock.sleep(wait)
        self._wake(kind, account_id)

    async def aclose(self) -> None:
        """Wake nothing any more."""
        for task in self._set.values():
            task.cancel()
        await asyncio.gather(*self._set.values(), return_exceptions=True)

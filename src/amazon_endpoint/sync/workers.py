"""Workers: who is at work, told by beats that are counted and never by clocks that are compared."""

from collections.abc import Mapping
from typing import Protocol

import msgspec


class Workers(Protocol):
    """The workers' heartbeats, shared by all that use the database."""

    async def beat(self, worker: str) -> None:
        """Count one more beat of this worker, its first if it is new."""
        ...

    async def beats(self) -> dict[str, int]:
        """How many beats of each worker have been counted."""
        ...

    async def claim(self, worker: str, beats: int) -> bool:
        """Count a beat in its place, if `beats` is where it still is.

        True is told to one caller only, who may now take over the worker's work. If that one
        dies over it, the worker falls silent once more and is claimed again.
        """
        ...

    async def forget(self, worker: str) -> None:
        """Count this worker no more."""
        ...


class Silence(msgspec.Struct, frozen=True):
    """A worker's beats, and at how many looks since then there was no further one."""

    beats: int
    looks: int


def listen(before: Mapping[str, Silence], beats: Mapping[str, int]) -> dict[str, Silence]:
    """How long each worker has been silent, counted in the looks of the one who listens.

    What has passed between two looks is the listener's own sleep: hosts may disagree on the time,
    a clock may jump, and a listener that was suspended finds the beats of the meantime.
    """
    return {
        worker: Silence(
            count,
            before[worker].looks + 1 if worker in before and before[worker].beats == count else 0,
        )
        for worker, count in beats.items()
    }

"""Backoff: how long to leave alone what has just failed. Pure."""

from collections.abc import Callable
from datetime import timedelta

Random = Callable[[], float]
"""Gives a number from 0 up to 1, another one each time."""


def backoff(failures: int, *, first: timedelta, longest: timedelta, random: Random) -> timedelta:
    """The wait after so many failures in a row: doubled each time, the later half of it jitter."""
    doublings = min(failures - 1, 20)
    wait = min(first * (1 << doublings), longest)
    return wait / 2 + wait / 2 * random()

"""Retries: when a message that its store did not take is sent again. Pure."""

from datetime import datetime, timedelta

from amazon_endpoint.sync.backoff import Random

_FIRST, _LONGEST = timedelta(seconds=10), timedelta(hours=4)
_AT_LEAST = timedelta(days=3)

# Upwards alone, so that it is never less than three days.
_JITTER = 0.1


def _steps() -> tuple[timedelta, ...]:
    """The waits without jitter: doubled from ten seconds up to four hours, for three days."""
    steps, wait = list[timedelta](), _FIRST
    while sum(steps, timedelta()) < _AT_LEAST:
        steps.append(wait)
        wait = min(wait * 2, _LONGEST)
    return tuple(steps)


_STEPS = _steps()


def next_attempt(
    failures: int, now: datetime, random: Random, *, not_before: datetime | None = None
) -> datetime | None:
    """When to try again what failed so often, just now once more; None: that was the last attempt.

    `not_before` is what the store asked for. It makes waits longer, and their number no less.
    """
    if failures > len(_STEPS):
        return None
    wait = _STEPS[failures - 1] * (1 + _JITTER * random())
    return max(now + wait, not_before or now)

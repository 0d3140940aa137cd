"""Patience: what is tried again at once, how often, and how long a call may wait in all."""

from datetime import datetime, timedelta
from random import SystemRandom

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from amazon_endpoint.amazon.quota import Rate, drain, full, learn_rate, take
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import AmazonRefused, AmazonUnavailable, EndpointError, Later, Throttled
from amazon_endpoint.retry_after import read_retry_after

# Two seconds, in which the slower operations regain a token, and what rounding adds to them.
MAX_SLEEP_SECONDS = 2.001
MAX_ATTEMPTS = 4

_BACKOFF = wait_exponential_jitter(multiplier=0.2, max=1, jitter=0.2)
_LONGEST_RETRY_AFTER = timedelta(hours=1)
_random = SystemRandom()

# Calls that come back more slowly are too few to spend on an answer that may always be unreadable.
_SCARCE_PER_SECOND = 0.2


class Garbled(AmazonUnavailable):
    """Amazon answered with something that can't be read."""


class Misdirected(AmazonRefused):
    """Something else than what was called answered, and may do so for a moment only."""


def retrying(
    clock: Clock,
    kinds: tuple[type[EndpointError], ...] = (Throttled, AmazonUnavailable, Misdirected),
    plan: Rate | None = None,
) -> AsyncRetrying:
    """Try again what did not happen, with jitter, for at most two seconds of sleep in all.

    A `Later` of these kinds that names its moment is waited for if that moment is near enough;
    what may have happened (`AnswerLost`) is never to be tried again here. Where `plan` gives few
    calls, what is `Garbled` is asked for only once more.
    """
    scarce = plan is not None and plan.per_second < _SCARCE_PER_SECOND

    def wait(state: RetryCallState) -> float:
        moment = _moment(state)
        if moment is None:
            return _BACKOFF(state)
        return max((moment - clock.now()).total_seconds(), 0.0)

    def stop(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        most = 2 if scarce and isinstance(error, Garbled) else MAX_ATTEMPTS
        exhausted = state.attempt_number >= most
        return exhausted or state.idle_for + state.upcoming_sleep > MAX_SLEEP_SECONDS

    return AsyncRetrying(
        retry=retry_if_exception_type(kinds),
        wait=wait,
        stop=stop,
        sleep=clock.sleep,
        reraise=True,
    )


def _moment(state: RetryCallState) -> datetime | None:
    error = state.outcome.exception() if state.outcome else None
    return error.not_before if isinstance(error, Later) else None


def passes(status: int) -> bool:
    """Whether an error with this HTTP status is one that waiting may mend."""
    return status in {408, 425, 429} or not 300 <= status < 500


def retry_after(header: str | None, now: datetime) -> datetime | None:
    """The moment that `Retry-After` names, in seconds or as a date (RFC 9110), an hour at most."""
    return read_retry_after(header, now, longest=_LONGEST_RETRY_AFTER)


def come_back(
    plan: Rate, now: datetime, told: datetime | None, rate: float | None = None
) -> datetime:
    """When to call again after Amazon throttled: at the moment it told, an hour on at most, if
    there is a token by then at the `rate` it told, and in any case a little later."""
    jitter = now + timedelta(seconds=_random.uniform(0.1, 1.0))
    wished = min(told or now, now + _LONGEST_RETRY_AFTER)
    return max(wished, next_token(plan, rate, now), jitter)


def next_token(plan: Rate, told: float | None, now: datetime) -> datetime:
    """When an empty bucket holds a token again, at the rate Amazon told or else published."""
    bucket = full(plan, now)
    if told is not None:
        bucket = learn_rate(bucket, plan, told, now)
    _, moment = take(drain(bucket, now), now)
    return moment or now

"""Two clocks: what can't be undone is done by ours and by Amazon's, whichever is behind."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from amazon_endpoint.amazon.port import Amazon
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import EndpointError

_log = structlog.get_logger(__name__)

#: A day of looks, one a minute. They are counted because a clock that jumps can tell no day.
LOOKS = 24 * 60

_AHEAD = timedelta(hours=1)


async def by_both(amazon: Amazon, clock: Clock) -> datetime:
    """The present moment by the clock that is behind, to a few minutes. Whoever has just read
    something of Amazon's has been told its time, and nothing is called.

    Raises:
        AmazonUnavailable: Amazon does not tell its time.
    """
    return min(clock.now(), await amazon.latest_upper_bound())


class TwoClocks:
    """Tells the moment by which an account's data may be erased.

    If our own clock were enough, one that is wrong by a month would have everything erased at
    once, also what the store still lacks. So Amazon's is asked too. Any answer tells it, even one
    that refuses the credentials. Where none comes for a day of looks ours is enough, because
    buyers' data may not stay for as long as a line is down.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._unanswered: Counter[str] = Counter()

    async def now(
        self, account_id: str, amazon_now: Callable[[], Awaitable[datetime]]
    ) -> datetime | None:
        """The present moment by the clock that is behind. None: look again in a minute."""
        own = self._clock.now()
        try:
            amazons = await amazon_now()
        except EndpointError as error:
            self._unanswered[account_id] += 1
            looks = self._unanswered[account_id]
            if looks == 1:
                _log.warning("erasure_waits", account=account_id, error=type(error).__name__)
            return own if looks > LOOKS else None
        del self._unanswered[account_id]
        if own - amazons > _AHEAD:
            seconds = round((own - amazons).total_seconds())
            _log.warning("clock_ahead", account=account_id, seconds=seconds)
        return min(own, amazons)

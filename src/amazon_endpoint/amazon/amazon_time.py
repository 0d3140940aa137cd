"""Amazon's time, as its answers tell it."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec

from amazon_endpoint.amazon.patience import retrying
from amazon_endpoint.amazon.user_agent import USER_AGENT
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import AmazonUnavailable
from amazon_endpoint.outbound import NoAnswer, NotSent, Outbound

# Amazon takes no upper bound of the last two minutes; its machines' clocks differ a little.
_NOT_YET = timedelta(minutes=2)
_SKEW = timedelta(seconds=5)

_LATELY = timedelta(minutes=3)
_JUMP = timedelta(minutes=2)
_NO_CLOCK = timedelta(days=36_525)
_MOST_LOOKS = 3


def latest_upper_bound(amazon_now: datetime) -> datetime:
    """The newest moment that a window of orders may reach up to."""
    return amazon_now - _NOT_YET - _SKEW


class _Measured(msgspec.Struct, frozen=True):
    ahead: timedelta
    at: datetime


class AmazonTime:
    """How far each of Amazon's hosts is ahead of our clock, by the `Date` of its answers.

    One odd answer, perhaps out of a cache, must not turn the time for every seller at its host:
    what is minutes away both from what the host told before and from our own clock counts when it
    is told again. And nothing counts for long, since either clock may be set.
    """

    def __init__(self, outbound: Outbound, clock: Clock) -> None:
        self._outbound = outbound
        self._clock = clock
        self._measured: dict[str, _Measured] = {}
        self._doubted: dict[str, timedelta] = {}

    def note(self, base_url: str, date: str | None) -> bool:
        """Learn from the `Date` of an answer that has just come; whether it tells a time at all."""
        try:
            told = parsedate_to_datetime(date or "")
        except (ValueError, OverflowError):
            return False
        now = self._clock.now()
        if told.tzinfo is None or abs(told - now) > _NO_CLOCK:
            return False
        ahead, known = told - now, self._measured.get(base_url)
        witnesses = [
            timedelta(),
            known.ahead if known else timedelta(),
            self._doubted.pop(base_url, timedelta()),
        ]
        if any(abs(ahead - one) <= _JUMP for one in witnesses):
            self._measured[base_url] = _Measured(ahead, now)
        else:
            self._doubted[base_url] = ahead
        return True

    def lately(self, *base_urls: str) -> datetime | None:
        """The present moment at the first of these hosts that has told its time of late."""
        now = self._clock.now()
        for one in base_urls:
            known = self._measured.get(one)
            # Before it was measured: then our own clock has been set back.
            if known is not None and timedelta() <= now - known.at <= _LATELY:
                return now + known.ahead
        return None

    def probably(self, base_url: str) -> datetime:
        """The present moment at this host, whenever it was that it told its time, if ever."""
        known = self._measured.get(base_url)
        return self._clock.now() + (known.ahead if known else timedelta())

    async def now(self, *base_urls: str) -> datetime:
        """The present moment at these hosts. If none has told it of late, the first is asked.

        Any answer tells it, and costs no quota. Where answers have no date our own clock serves.

        Raises:
            AmazonUnavailable: it does not answer, or never tells the same time.
        """
        looks = 0
        while (moment := self.lately(*base_urls)) is None:
            if looks == _MOST_LOOKS:
                raise AmazonUnavailable("Amazon's answers contradict each other about the time.")
            looks += 1
            told: bool = await retrying(self._clock)(self._look, base_urls[0])
            if not told:
                return self._clock.now()
        return moment

    async def _look(self, base_url: str) -> bool:
        headers = {"user-agent": USER_AGENT, "cache-control": "no-cache"}
        try:
            answer = await self._outbound.send("GET", f"{base_url}/", headers=headers)
        except (NotSent, NoAnswer) as error:
            raise AmazonUnavailable(f"Amazon can't be reached: {error}.") from None
        return self.note(base_url, answer.headers.get("date"))

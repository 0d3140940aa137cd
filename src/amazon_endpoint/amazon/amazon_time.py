"""Amazon's time, as its answers tell it."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from amazon_endpoint.clock import Clock

# Amazon takes no upper bound of the last two minutes; its machines' clocks differ a little.
_NOT_YET = timedelta(minutes=2)
_SKEW = timedelta(seconds=5)


def latest_upper_bound(amazon_now: datetime) -> datetime:
    """The newest moment that a window of orders may reach up to."""
    return amazon_now - _NOT_YET - _SKEW


class AmazonTime:
    """How far each of Amazon's hosts is ahead of our clock, by the `Date` of its last answer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead: dict[str, timedelta] = {}

    def note(self, base_url: str, date: str | None) -> None:
        """Remember the `Date` of an answer that has just come from `base_url`."""
        if date is None:
            return
        try:
            told = parsedate_to_datetime(date)
        except ValueError:
            return
        if told.tzinfo is not None:
            self._ahead[base_url] = told - self._clock.now()

    def now(self, *base_urls: str) -> datetime | None:
        """The present moment at the first of these hosts that has told its time."""
        ahead = next((self._ahead[one] for one in base_urls if one in self._ahead), None)
        return None if ahead is None else self._clock.now() + ahead

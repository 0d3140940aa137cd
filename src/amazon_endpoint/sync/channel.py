"""Channel: whether shipments are told sooner by a feed or directly, one after the other. Pure."""

from collections.abc import Collection
from datetime import datetime, timedelta

from amazon_endpoint.amazon.quota import Bucket, due, refill
from amazon_endpoint.services.confirmations import Channel

#: Shipments gather for a feed until none has come for so long.
QUIET = timedelta(seconds=10)

#: And where they keep coming, for so long.
GATHERING = timedelta(minutes=2)

#: How often a feed may go at most ("Feeds API best practices").
FEED_EVERY = timedelta(minutes=20)

#: What Amazon is taken to need for a feed until an account has feeds of its own to go by.
PROCESSING = timedelta(minutes=10)


def next_feed(
    received: Collection[datetime], last_feed: datetime | None, feeds: Bucket, now: datetime
) -> datetime:
    """When the next feed may go. Its shipments were `received` then, and the last one went then.

    What was received later than now came by a clock that was ahead, and has gathered.
    """
    by_now = [one for one in received if one <= now]
    gathered = min(max(by_now) + QUIET, min(by_now) + GATHERING) if by_now else now
    spaced = last_feed + FEED_EVERY if last_feed else now
    return max(gathered, spaced, due(feeds, 1, now) or now)


def at_once(number: int, direct: Bucket | None, now: datetime) -> bool:
    """Whether so many can be confirmed directly right now, so that no feed could be sooner."""
    return direct is not None and _last_call(number, direct, now) <= now


def choose(
    number: int,
    *,
    feed_at: datetime,
    processing: timedelta | None,
    direct: Bucket | None,
    now: datetime,
) -> Channel:
    """How so many shipments are all confirmed sooner: by the feed of that moment, or directly.

    `processing` is what Amazon needs for a feed, where that is known; without a bucket for direct
    calls there are none.
    """
    if direct is None:
        return Channel.FEED
    told_by_feed = max(feed_at, now) + (processing or PROCESSING)
    return Channel.DIRECT if _last_call(number, direct, now) <= told_by_feed else Channel.FEED


def _last_call(number: int, direct: Bucket, now: datetime) -> datetime:
    filled = refill(direct, now)
    missing = max(number - filled.tokens, 0.0)
    return filled.at + timedelta(seconds=missing / filled.rate)

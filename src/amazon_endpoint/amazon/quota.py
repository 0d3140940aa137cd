"""Quota: Amazon's token bucket, kept by us so that throttling is scheduled around.

Amazon adds tokens at a rate up to a burst and takes one per call, per selling account,
application and operation ("Usage Plans and Rate Limits in the Selling Partner API").
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from amazon_endpoint.errors import EndpointError

_log = logging.getLogger(__name__)

# Restored tokens may be a rounding error short of whole ones.
_ROUNDING = 1e-6

# A told rate beyond these is taken for a fault of the header: a hundredth of the published one, a
# thousand calls a second.
_SLOWEST_SHARE, _FASTEST = 0.01, 1000.0


class Rate(msgspec.Struct, frozen=True):
    """An operation's published plan: tokens per second, and how many fit in the bucket."""

    per_second: float
    burst: int


class QuotaKey(msgspec.Struct, frozen=True):
    """Whose bucket it is. `account` is a fingerprint of the seller's authorisation."""

    client_id: str
    account: str
    operation: str


class Bucket(msgspec.Struct, frozen=True):
    """A bucket's state: `tokens` were in it at the moment `at`."""

    rate: float
    burst: int
    tokens: float
    at: datetime


class ShippingQuota(msgspec.Struct, frozen=True, kw_only=True):
    """What an account has left for shipments: for reading their orders, for submitting feeds, and
    for confirming directly, which not every generation knows."""

    orders: Bucket
    feeds: Bucket
    direct: Bucket | None


class Quotas(Protocol):
    """Where buckets are kept, shared by every process that uses the same storage."""

    async def take(self, key: QuotaKey, plan: Rate, now: datetime) -> datetime | None:
        """Take a token. None: go. Else the earliest moment at which one will be there."""
        ...

    async def due(self, key: QuotaKey, plan: Rate, tokens: int, now: datetime) -> datetime | None:
        """When so many tokens will be there, if nobody takes any. None: now."""
        ...

    async def bucket(self, key: QuotaKey, plan: Rate, now: datetime) -> Bucket:
        """What is left, for whoever plans; another may take it meanwhile."""
        ...

    async def learn(
        self,
        key: QuotaKey,
        plan: Rate,
        now: datetime,
        *,
        rate: float | None = None,
        drained: bool = False,
    ) -> None:
        """Remember what Amazon's answer told: its rate header, or that the bucket is empty."""
        ...


@contextmanager
def as_far_as_possible(operation: str) -> Iterator[None]:
    """Learn from an answer, unless the storage fails: what Amazon did stands all the same."""
    try:
        yield
    except EndpointError as error:
        _log.warning(
            "what an answer to %s told of its quota is lost: %s", operation, type(error).__name__
        )


def full(plan: Rate, now: datetime) -> Bucket:
    """The bucket of an account that was never called before."""
    return Bucket(rate=plan.per_second, burst=plan.burst, tokens=float(plan.burst), at=now)


def refill(bucket: Bucket, now: datetime) -> Bucket:
    """The bucket at `now`. A clock that went backwards, or another host's slower one, adds nothing.

    It keeps the later moment then, so that no second is counted twice; unless that lies further
    ahead than a whole refill, where only a wrong clock can have put it.
    """
    elapsed = (now - bucket.at).total_seconds()
    if -bucket.burst / bucket.rate <= elapsed < 0:
        return bucket
    tokens = min(float(bucket.burst), bucket.tokens + max(elapsed, 0.0) * bucket.rate)
    return msgspec.structs.replace(bucket, tokens=tokens, at=now)


def take(bucket: Bucket, now: datetime) -> tuple[Bucket, datetime | None]:
    """Take one token: the bucket afterwards, and None to go or the moment to wait for."""
    not_before = due(bucket, 1, now)
    return (refill(bucket, now) if not_before else spent(bucket, 1, now)), not_before


def spent(bucket: Bucket, tokens: int, now: datetime) -> Bucket:
    """The bucket once so many tokens are taken."""
    filled = refill(bucket, now)
    return msgspec.structs.replace(filled, tokens=max(filled.tokens - tokens, 0.0))


def left(bucket: Bucket, now: datetime) -> int:
    """How many calls may be made at `now`."""
    return int(refill(bucket, now).tokens + _ROUNDING)


def due(bucket: Bucket, tokens: int, now: datetime) -> datetime | None:
    """When so many tokens, at most a full bucket, will be there; None if they are at `now`."""
    filled = refill(bucket, now)
    missing = min(tokens, bucket.burst) - filled.tokens
    if missing <= _ROUNDING:
        return None
    return filled.at + timedelta(seconds=missing / filled.rate) + timedelta.resolution


def learn_rate(bucket: Bucket, plan: Rate, rate: float, now: datetime) -> Bucket:
    """The bucket with the rate that `x-amzn-RateLimit-Limit` told, if it is believable."""
    if not plan.per_second * _SLOWEST_SHARE <= rate <= _FASTEST:
        return refill(bucket, now)
    return msgspec.structs.replace(refill(bucket, now), rate=rate)


def drain(bucket: Bucket, now: datetime) -> Bucket:
    """The bucket after Amazon said 429: whatever we thought, it is empty."""
    return msgspec.structs.replace(refill(bucket, now), tokens=0.0)

"""Amazon's usage plans: a bucket per seller, application and operation."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from amazon_endpoint.sandbox.tokens import Caller


class Plan(Struct, frozen=True):
    """How fast a bucket fills, in calls per second, and how many calls it holds."""

    rate: float
    burst: int


#: Default rates and bursts, as the models of the three APIs publish them.
PLANS = {
    "searchOrders": Plan(0.0056, 20),
    "getOrder": Plan(0.5, 30),
    "confirmShipment": Plan(2.0, 10),
    "createFeedDocument": Plan(0.5, 15),
    "createFeed": Plan(0.0083, 15),
    "getFeed": Plan(2.0, 15),
    "getFeeds": Plan(0.0222, 10),
    "cancelFeed": Plan(2.0, 15),
    "getFeedDocument": Plan(0.0222, 10),
}


class _Bucket(Struct):
    tokens: float
    filled: datetime


class Quotas:
    """Counts calls against the plans."""

    def __init__(self, plans: Mapping[str, Plan] = PLANS) -> None:
        self._plans = plans
        self._buckets: dict[tuple[Caller, str], _Bucket] = {}

    def take(self, caller: Caller, operation: str, now: datetime) -> bool:
        """Take one call from the bucket; False when there is none left."""
        plan = self._plans[operation]
        bucket = self._buckets.setdefault((caller, operation), _Bucket(plan.burst, now))
        waited = max(0.0, (now - bucket.filled).total_seconds())
        bucket.tokens = min(float(plan.burst), bucket.tokens + waited * plan.rate)
        bucket.filled = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

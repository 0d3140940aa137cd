"""Quotas kept in a dictionary, over the pure bucket; what they learn is lost where they fail."""

from datetime import datetime

from amazon_endpoint.amazon import quota
from amazon_endpoint.amazon.quota import Bucket, QuotaKey, Rate
from amazon_endpoint.errors import Later


class MemoryQuotas:
    def __init__(self) -> None:
        self.buckets: dict[QuotaKey, Bucket] = {}
        self.failing = False

    async def take(self, key: QuotaKey, plan: Rate, now: datetime) -> datetime | None:
        bucket = self.buckets.get(key) or quota.full(plan, now)
        self.buckets[key], not_before = quota.take(bucket, now)
        return not_before

    async def due(self, key: QuotaKey, plan: Rate, tokens: int, now: datetime) -> datetime | None:
        return quota.due(self.buckets.get(key) or quota.full(plan, now), tokens, now)

    async def bucket(self, key: QuotaKey, plan: Rate, now: datetime) -> Bucket:
        return self.buckets.get(key) or quota.full(plan, now)

    async def learn(
        self,
        key: QuotaKey,
        plan: Rate,
        now: datetime,
        *,
        rate: float | None = None,
        drained: bool = False,
    ) -> None:
        if self.failing:
            raise Later("The storage is locked.")
        bucket = self.buckets.get(key) or quota.full(plan, now)
        if rate is not None:
            bucket = quota.learn_rate(bucket, plan, rate, now)
        if drained:
            bucket = quota.drain(bucket, now)
        self.buckets[key] = bucket

    def of(self, operation: str) -> Bucket:
        """The only bucket of an operation."""
        (found,) = [one for key, one in self.buckets.items() if key.operation == operation]
        return found

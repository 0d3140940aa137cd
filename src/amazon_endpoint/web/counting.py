"""Counting: what a process does, counted where it passes through. Nothing else is changed."""

from collections.abc import Sequence
from datetime import datetime

from amazon_endpoint.amazon.quota import Bucket, QuotaKey, Quotas, Rate
from amazon_endpoint.stores.port import Delivery, Outcome, Store
from amazon_endpoint.sync.intake import Books, Decide
from amazon_endpoint.sync.polling import Readings
from amazon_endpoint.sync.reading import Reading, ReadingKind
from amazon_endpoint.web.metrics import Metrics


class CountedQuotas:
    """Counts calls to Amazon: each takes its token here, and brings here what it was told."""

    def __init__(self, quotas: Quotas, metrics: Metrics) -> None:
        self._quotas = quotas
        self._metrics = metrics

    async def take(self, key: QuotaKey, plan: Rate, now: datetime) -> datetime | None:
        """Take a token; None counts as a call, a moment to wait for as one put off."""
        not_before = await self._quotas.take(key, plan, now)
        self._metrics.amazon_call(key.operation, put_off=not_before is not None)
        return not_before

    async def due(self, key: QuotaKey, plan: Rate, tokens: int, now: datetime) -> datetime | None:
        """When so many tokens will be there, if nobody takes any. None: now."""
        return await self._quotas.due(key, plan, tokens, now)

    async def bucket(self, key: QuotaKey, plan: Rate, now: datetime) -> Bucket:
        """What is left, for whoever plans."""
        return await self._quotas.bucket(key, plan, now)

    async def learn(
        self,
        key: QuotaKey,
        plan: Rate,
        now: datetime,
        *,
        rate: float | None = None,
        drained: bool = False,
    ) -> None:
        """Remember what Amazon's answer told; an empty bucket counts as throttled."""
        if drained:
            self._metrics.amazon_throttled(key.operation)
        await self._quotas.learn(key, plan, now, rate=rate, drained=drained)


class CountedStore:
    """Counts attempts at messages by their outcome."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Make one attempt."""
        outcome = await self._store.deliver(delivery)
        self._metrics.delivery(type(outcome).__name__.lower())
        return outcome


class CountedReadings:
    """Counts pages of orders that could not be had."""

    def __init__(self, readings: Readings, metrics: Metrics) -> None:
        self._readings = readings
        self._metrics = metrics

    async def of(self, account_id: str) -> dict[ReadingKind, Reading]:
        """The account's readings, of those kinds that have begun."""
        return await self._readings.of(account_id)

    async def keep(self, reading: Reading) -> bool:
        """Keep a reading; one that has failed counts as a failed page."""
        if reading.attempts:
            self._metrics.page(kept=False)
        return await self._readings.keep(reading)

    async def due(self, now: datetime) -> tuple[str, ...]:
        """The accounts, none of them paused, that have a page to read or were never read."""
        return await self._readings.due(now)


class CountedBooks:
    """Counts pages of orders that were kept."""

    def __init__(self, books: Books, metrics: Metrics) -> None:
        self._books = books
        self._metrics = metrics

    async def take_in(self, account_id: str, numbers: Sequence[str], decide: Decide) -> bool:
        """Write what `decide` makes of the orders of a page."""
        written = await self._books.take_in(account_id, numbers, decide)
        if written:
            self._metrics.page(kept=True)
        return written

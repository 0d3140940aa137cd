"""Quotas kept in the database, shared by every process that uses it."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, select, update

from amazon_endpoint.amazon.quota import (
    Bucket,
    QuotaKey,
    Rate,
    drain,
    due,
    full,
    learn_rate,
    take,
)
from amazon_endpoint.storage.database import Database, insert_unless_there
from amazon_endpoint.storage.tables import quota_buckets


class StoredQuotas:
    """Implements `amazon.quota.Quotas`. A bucket is locked from its reading to its commit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, key: QuotaKey, plan: Rate, now: datetime) -> datetime | None:
        """Take a token. None: go. Else the earliest moment at which one will be there."""

        def work(connection: Connection) -> datetime | None:
            bucket, not_before = take(_lock(connection, key, plan, now), now)
            if not_before is None:
                _store(connection, key, plan, bucket)
            return not_before

        return await self._database.run(work)

    async def due(self, key: QuotaKey, plan: Rate, tokens: int, now: datetime) -> datetime | None:
        """When so many tokens will be there, if nobody takes any. None: now."""

        def work(connection: Connection) -> datetime | None:
            return due(_lock(connection, key, plan, now), tokens, now)

        return await self._database.run(work)

    async def bucket(self, key: QuotaKey, plan: Rate, now: datetime) -> Bucket:
        """What is left, for whoever plans; another may take it meanwhile."""

        def work(connection: Connection) -> Bucket:
            return _lock(connection, key, plan, now)

        return await self._database.run(work)

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

        def work(connection: Connection) -> None:
            known = _lock(connection, key, plan, now)
            bucket = known if rate is None else learn_rate(known, plan, rate, now)
            if drained:
                bucket = drain(bucket, now)
            # The header comes with nearly every answer and tells something new with hardly any.
            if drained or bucket.rate != known.rate:
                _store(connection, key, plan, bucket)

        await self._database.run(work)


def _lock(connection: Connection, key: QuotaKey, plan: Rate, now: datetime) -> Bucket:
    query = select(quota_buckets).where(_is(key)).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        first = full(plan, now)
        insert_unless_there(
            connection, quota_buckets, {**msgspec.structs.asdict(key), **_columns(first, plan)}
        )
        row = connection.execute(query).one()
    rate = plan.per_second if row.learnt_rate is None else row.learnt_rate
    return Bucket(rate=rate, burst=plan.burst, tokens=row.tokens, at=row.at)


def _store(connection: Connection, key: QuotaKey, plan: Rate, bucket: Bucket) -> None:
    connection.execute(update(quota_buckets).where(_is(key)).values(_columns(bucket, plan)))


def _is(key: QuotaKey) -> ColumnElement[bool]:
    return and_(
        quota_buckets.c.client_id == key.client_id,
        quota_buckets.c.account == key.account,
        quota_buckets.c.operation == key.operation,
    )


def _columns(bucket: Bucket, plan: Rate) -> dict[str, Any]:
    """The row without its key. What the plan says is not kept: the next one may say otherwise."""
    learnt = None if bucket.rate == plan.per_second else bucket.rate
    return {"learnt_rate": learnt, "tokens": bucket.tokens, "at": bucket.at}

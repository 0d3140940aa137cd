"""Quotas kept in the database, shared by every process that uses it.

Of what is asked for at the same moment, all goes into one transaction: a thousand sellers are
polled at once, and each transaction waits for the disk.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, bindparam, select, tuple_

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
from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.tables import quota_buckets
from amazon_endpoint.storage.upserting import upsert

_MOST_AT_ONCE = 500
_RATES_NOTED = 10_000

_KEY_COLUMNS = tuple(quota_buckets.primary_key.columns)
_STATE = ("learnt_rate", "tokens", "at")

_LOCKED = (
    select(quota_buckets)
    .where(tuple_(*_KEY_COLUMNS).in_(bindparam("keys", expanding=True)))
    .order_by(*_KEY_COLUMNS)
    .with_for_update()
)

_Key = tuple[str, str, str]
_State = tuple[float | None, float, datetime]

T = TypeVar("T")


class _Wish(msgspec.Struct):
    """What is asked of a bucket: `do` makes of it the bucket afterwards and the answer."""

    key: QuotaKey
    plan: Rate
    now: datetime
    do: Callable[[Bucket], tuple[Bucket, Any]]
    answer: asyncio.Future[Any]


class StoredQuotas:
    """Implements `amazon.quota.Quotas`. A bucket is locked from its reading to its commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rates: dict[QuotaKey, float] = {}
        self._waiting: list[_Wish] = []
        self._working: asyncio.Task[None] | None = None

    async def take(self, key: QuotaKey, plan: Rate, now: datetime) -> datetime | None:
        """Take a token. None: go. Else the earliest moment at which one will be there."""

        def do(bucket: Bucket) -> tuple[Bucket, datetime | None]:
            self._note(key, bucket.rate)
            taken, not_before = take(bucket, now)
            return (taken, None) if not_before is None else (bucket, not_before)

        return await self._ask(key, plan, now, do)

    async def due(self, key: QuotaKey, plan: Rate, tokens: int, now: datetime) -> datetime | None:
        """When so many tokens will be there, if nobody takes any. None: now."""
        return await self._ask(key, plan, now, lambda bucket: (bucket, due(bucket, tokens, now)))

    async def bucket(self, key: QuotaKey, plan: Rate, now: datetime) -> Bucket:
        """What is left, for whoever plans; another may take it meanwhile."""
        return await self._ask(key, plan, now, lambda bucket: (bucket, bucket))

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
        # The header comes with nearly every answer and tells something new with hardly any: as a
        # rule the rate that was known when the call took its token.
        if not drained and rate == self._rates.get(key):
            return

        def do(known: Bucket) -> tuple[Bucket, None]:
            bucket = known if rate is None else learn_rate(known, plan, rate, now)
            if drained:
                bucket = drain(bucket, now)
            return (bucket if drained or bucket.rate != known.rate else known), None

        await self._ask(key, plan, now, do)

    def _note(self, key: QuotaKey, rate: float) -> None:
        if len(self._rates) >= _RATES_NOTED:
            self._rates.clear()
        self._rates[key] = rate

    async def _ask(
        self, key: QuotaKey, plan: Rate, now: datetime, do: Callable[[Bucket], tuple[Bucket, T]]
    ) -> T:
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Wish(key, plan, now, do, answer))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                wishes = self._waiting[:_MOST_AT_ONCE]
                del self._waiting[:_MOST_AT_ONCE]
                await self._fulfil(wishes)
        finally:
            self._working = None

    async def _fulfil(self, wishes: Sequence[_Wish]) -> None:
        try:
            while (answers := await self._database.run(partial(_answers, wishes))) is None:
                await self._database.run(partial(_begin, wishes))
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            if isinstance(error, InvalidInput) and len(wishes) > 1:
                for wish in wishes:
                    await self._fulfil([wish])  # what one of them names spoiled it for all
                return
            for wish in wishes:
                if not wish.answer.done():
                    wish.answer.set_exception(error)
        else:
            for wish, answer in zip(wishes, answers, strict=True):
                if not wish.answer.done():
                    wish.answer.set_result(answer)


def _answers(wishes: Sequence[_Wish], connection: Connection) -> list[Any] | None:
    """Do what is wished, one after the other; None where a bucket is not there yet."""
    states = _lock(connection, {msgspec.structs.astuple(wish.key) for wish in wishes})
    if states is None:
        return None
    answers, changed = [], {}
    for wish in wishes:
        key = msgspec.structs.astuple(wish.key)
        learnt, tokens, at = states[key]
        rate = wish.plan.per_second if learnt is None else learnt
        known = Bucket(rate=rate, burst=wish.plan.burst, tokens=tokens, at=at)
        bucket, answer = wish.do(known)
        if bucket != known:
            states[key] = changed[key] = _state(bucket, wish.plan)
        answers.append(answer)
    _write(connection, changed)
    return answers


def _begin(wishes: Sequence[_Wish], connection: Connection) -> None:
    """See that each bucket is there: a full one, unless another process was faster."""
    first = {
        msgspec.structs.astuple(wish.key): _state(full(wish.plan, wish.now), wish.plan)
        for wish in wishes
    }
    _write(connection, first, leave=_STATE)


def _lock(connection: Connection, keys: set[_Key]) -> dict[_Key, _State] | None:
    """The buckets' states, if all are there. Every process locks them in the same order."""
    found = connection.execute(_LOCKED, {"keys": sorted(keys)})
    states = {tuple(row[:3]): tuple(row[3:]) for row in found}
    return states if len(states) == len(keys) else None


def _write(
    connection: Connection, states: Mapping[_Key, _State], *, leave: Collection[str] = ()
) -> None:
    names = quota_buckets.columns.keys()
    rows = [dict(zip(names, key + states[key], strict=True)) for key in sorted(states)]
    upsert(connection, quota_buckets, rows, leave=leave)


def _state(bucket: Bucket, plan: Rate) -> _State:
    """What is kept of a bucket. What the plan says is not: the next one may say otherwise."""
    return None if bucket.rate == plan.per_second else bucket.rate, bucket.tokens, bucket.at

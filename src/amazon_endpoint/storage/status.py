"""The status read from the database, of however many accounts, by the same few queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, func, select, type_coerce

from amazon_endpoint.amazon.connect import decode_credentials, generation_of
from amazon_endpoint.amazon.quota import Bucket, due, refill
from amazon_endpoint.errors import EndpointError
from amazon_endpoint.location import Location
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.encryption import (
    Damaged,
    KeyMissing,
    Keyring,
    KeyUnusable,
    open_keyring,
)
from amazon_endpoint.storage.shipment_tables import shipments
from amazon_endpoint.storage.status_queries import counts, is_of, to_look_at
from amazon_endpoint.storage.sync_tables import accounts, workers
from amazon_endpoint.storage.tables import Moment, quota_buckets
from amazon_endpoint.sync.accounts import AccountUnknown, expiry
from amazon_endpoint.sync.changes import OrderState
from amazon_endpoint.sync.outbox import OutboxState
from amazon_endpoint.sync.reading import ReadingKind, share
from amazon_endpoint.sync.shipping import ShipmentState
from amazon_endpoint.sync.status import (
    AccountStatus,
    Case,
    FeedsStatus,
    OrdersStatus,
    OutboxStatus,
    QuotaStatus,
    ReadingStatus,
    ShipmentsStatus,
    Status,
)

# As long as the other workers take one for alive.
_ALIVE = timedelta(seconds=30)

_PENDING, _PARKED, _EXPIRED = OutboxState.PENDING, OutboxState.PARKED, OutboxState.EXPIRED
_CASES_OF_A_KIND = 20

_Rows = Mapping[str, Sequence[Row[Any]]]
"""A query's rows, of each account."""


class _Settings(msgspec.Struct):
    """Of an account's settings, what its status takes."""

    start: datetime
    poll_every: timedelta
    client_secret_expires_at: datetime | None


class _Secrets(msgspec.Struct):
    """Of an account's secrets, what tells whose its quotas are."""

    credentials: msgspec.Raw


class StoredStatus:
    """Implements `sync.status.StatusReader`. The `key` is the setting."""

    def __init__(self, database: Database, location: Location, key: str | None) -> None:
        self._database = database
        self._location = location
        self._key = key

    async def read(self, now: datetime, account_id: str | None = None) -> Status:
        """How it goes with all accounts, or with this one (`AccountUnknown`)."""
        found = await self._rows(
            select(accounts).where(is_of(account_id, accounts.c.id)).order_by(accounts.c.id)
        )
        if account_id is not None and not found:
            raise AccountUnknown
        of_accounts = {
            name: await self._by_account(query) for name, query in counts(now, account_id).items()
        }
        buckets = await self._buckets()
        keys = self._keys()
        of_each = []
        locked = None if isinstance(keys, Keyring) else keys.message
        for row in found:
            status = _account(row, {name: of[row.id] for name, of in of_accounts.items()}, now)
            if isinstance(keys, Keyring):
                try:
                    quotas = _quotas(row, keys, buckets, now)
                    status = msgspec.structs.replace(status, quotas=quotas)
                except EndpointError as error:
                    locked = error.message
            of_each.append(status)
        return Status(
            at=now,
            database="postgresql" if self._location.path is None else "sqlite",
            workers=await self._workers(),
            accounts=tuple(of_each),
            # A key that nothing was sealed with yet is missed by nobody.
            locked=locked if found else None,
        )

    async def cases(self, now: datetime, account_id: str) -> tuple[Case, ...]:
        """What there is to look at of an account, by kind, of each kind the latest few."""
        keys = self._keys()
        found = []
        for kind, query in to_look_at(now, account_id).items():
            for row in await self._rows(query.limit(_CASES_OF_A_KIND)):
                reason = row.reason
                if isinstance(reason, bytes):
                    reason = _opened(keys, reason, row.id)
                found.append(Case(kind=kind, number=row.number, reason=reason, since=row.since))
        return tuple(found)

    def _keys(self) -> Keyring | KeyUnusable:
        try:
            return open_keyring(self._key, self._location, may_create=False)
        except KeyUnusable as unusable:
            return unusable

    async def _workers(self) -> tuple[str, ...]:
        """Who is alive by the database's clock, the one that all of them share."""
        now = type_coerce(func.now(), Moment)
        return tuple(
            row.id
            for row in await self._rows(
                select(workers.c.id, workers.c.beat_at, now.label("now")).order_by(workers.c.id)
            )
            if row.now - row.beat_at <= _ALIVE
        )

    async def _buckets(self) -> Mapping[tuple[str, str], Sequence[Row[Any]]]:
        """The quotas of each application and authorisation, be they an account's or a hub's."""
        buckets = defaultdict(list)
        for row in await self._rows(select(quota_buckets).order_by(quota_buckets.c.operation)):
            buckets[row.client_id, row.account].append(row)
        return buckets

    async def _by_account(self, query: Select[Any]) -> _Rows:
        of_accounts = defaultdict(list)
        for row in await self._rows(query):
            of_accounts[row.account_id].append(row)
        return of_accounts

    async def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        def work(connection: Connection) -> Sequence[Row[Any]]:
            rows: Sequence[Row[Any]] = connection.execute(query).all()
            return rows

        return await self._database.run(work)


def _account(row: Row[Any], of: Mapping[str, Sequence[Row[Any]]], now: datetime) -> AccountStatus:
    settings = msgspec.json.decode(row.settings, type=_Settings)
    kinds = {ReadingKind(one.kind): _reading(one) for one in of["readings"]}
    poll = kinds.get(ReadingKind.POLL)
    expires_at = settings.client_secret_expires_at
    return AccountStatus(
        id=row.id,
        paused_at=row.paused_at,
        poll_every=settings.poll_every,
        cursor=poll.upper_bound if poll else settings.start,
        readings=kinds,
        orders=_orders(of),
        outbox=_outbox(of),
        shipments=_shipments(of),
        feeds=_feeds(of["feeds"]),
        client_secret=expiry(expires_at, now) if expires_at else None,
    )


def _reading(row: Row[Any]) -> ReadingStatus:
    return ReadingStatus(
        upper_bound=row.upper_bound,
        until=row.until,
        progress=share(row.since, row.upper_bound, row.until),
        next_attempt_at=row.next_attempt_at,
        attempts=row.attempts,
        last_error=row.last_error,
    )


def _orders(of: Mapping[str, Sequence[Row[Any]]]) -> OrdersStatus:
    held = _by_state(of["held_orders"])
    refused = held.get(OrderState.ADDRESS_REFUSED)
    return OrdersStatus(
        first_seen_last_hour=sum(one.last_hour for one in of["new_orders"]),
        first_seen_last_day=sum(one.last_day for one in of["new_orders"]),
        waiting_price=_number(held, OrderState.WAITING_PRICE),
        address_refused=refused.number if refused else 0,
        address_refused_since=refused.oldest if refused else None,
        quarantined=sum(one.number for one in of["quarantine"]),
    )


def _outbox(of: Mapping[str, Sequence[Row[Any]]]) -> OutboxStatus:
    states = _by_state(of["outbox"])
    pending, parked = states.get(_PENDING), states.get(_PARKED)
    standing = next(iter(of["standings"]), None)
    return OutboxStatus(
        pending=pending.number if pending else 0,
        oldest_pending_at=pending.oldest if pending else None,
        pending_error=pending.error if pending else None,
        parked=parked.number if parked else 0,
        parked_error=parked.error if parked else None,
        expired=_number(states, _EXPIRED),
        expired_lately=sum(one.number for one in of["expired_lately"]),
        rests_until=standing.rests_until if standing else None,
        stopped_at=standing.stopped_at if standing else None,
        store_error=standing.reason if standing else None,
    )


def _shipments(of: Mapping[str, Sequence[Row[Any]]]) -> ShipmentsStatus:
    states = _by_state([*of["open_shipments"], *of["ended_shipments"]])
    return ShipmentsStatus(
        waiting=_number(states, ShipmentState.WAITING),
        sent=_number(states, ShipmentState.SENT),
        doubted=_number(states, ShipmentState.DOUBTED),
        confirmed_last_day=_number(states, ShipmentState.CONFIRMED),
        refused_last_day=_number(states, ShipmentState.REFUSED),
        alarms=sum(one.number for one in of["alarms"]),
    )


def _feeds(rows: Sequence[Row[Any]]) -> FeedsStatus:
    for row in rows:
        return FeedsStatus(in_flight=row.number, oldest_sent_at=row.oldest, alarms=row.alarms)
    return FeedsStatus()


def _by_state(rows: Sequence[Row[Any]]) -> dict[str, Row[Any]]:
    return {row.state: row for row in rows}


def _number(states: Mapping[str, Row[Any]], state: str) -> int:
    return states[state].number if state in states else 0


def _quotas(
    row: Row[Any],
    keys: Keyring,
    buckets: Mapping[tuple[str, str], Sequence[Row[Any]]],
    now: datetime,
) -> tuple[QuotaStatus, ...]:
    """The account's quotas as they are now (`KeyMissing`, `Damaged`)."""
    plain = keys.open(row.secrets, table=accounts.name, row=row.id)
    credentials = decode_credentials(msgspec.json.decode(plain, type=_Secrets).credentials)
    plans = generation_of(credentials).plans
    told = []
    for bucket in buckets[credentials.application, credentials.account]:
        plan = plans.get(bucket.operation)
        if plan is None:
            # Of an operation that an earlier version called.
            continue
        rate = plan.per_second if bucket.learnt_rate is None else bucket.learnt_rate
        kept = Bucket(rate=rate, burst=plan.burst, tokens=bucket.tokens, at=bucket.at)
        told.append(
            QuotaStatus(
                operation=bucket.operation,
                tokens=refill(kept, now).tokens,
                burst=plan.burst,
                per_second=rate,
                next_at=due(kept, 1, now),
            )
        )
    return tuple(told)


def _opened(keys: Keyring | KeyUnusable, sealed: bytes, row: str) -> str | None:
    """Why a shipment was refused, as far as it can be opened."""
    if isinstance(keys, KeyUnusable):
        return None
    try:
        return keys.open(sealed, table=shipments.c.sealed_reason.info["place"], row=row).decode()
    except (KeyMissing, Damaged):
        return None

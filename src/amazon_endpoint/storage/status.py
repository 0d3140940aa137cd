"""The status read from the database: a query for each table, however many accounts there are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Row,
    Select,
    case,
    func,
    null,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection

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
from amazon_endpoint.storage.order_tables import orders, outbox, quarantine, readings, standings
from amazon_endpoint.storage.shipment_tables import shipments, sync_feeds
from amazon_endpoint.storage.sync_tables import accounts, workers
from amazon_endpoint.storage.tables import Moment, quota_buckets
from amazon_endpoint.sync.accounts import AccountUnknown, expiry
from amazon_endpoint.sync.changes import OrderState
from amazon_endpoint.sync.outbox import OutboxState
from amazon_endpoint.sync.reading import ReadingKind, share
from amazon_endpoint.sync.shipping import ShipmentState
from amazon_endpoint.sync.status import (
    ALARMS_SHOWN,
    AccountStatus,
    Case,
    CaseKind,
    FeedsStatus,
    OrdersStatus,
    OutboxStatus,
    QuotaStatus,
    ReadingStatus,
    ShipmentsStatus,
    Status,
)

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

# SQLite looks for what is not NULL in an index only if it is told from where on.
_EVER = datetime.min.replace(tzinfo=UTC)

# As long as the other workers take one for alive.
_ALIVE = timedelta(seconds=30)

_HELD = (OrderState.WAITING_PRICE, OrderState.ADDRESS_REFUSED)
_PENDING, _PARKED, _EXPIRED = OutboxState.PENDING, OutboxState.PARKED, OutboxState.EXPIRED
_OPEN = (ShipmentState.WAITING, ShipmentState.SENT, ShipmentState.DOUBTED)
_ENDED = (ShipmentState.CONFIRMED, ShipmentState.REFUSED)

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
            select(accounts).where(_is(account_id, accounts.c.id)).order_by(accounts.c.id)
        )
        if account_id is not None and not found:
            raise AccountUnknown
        of_accounts = {
            name: await self._by_account(query) for name, query in _queries(now, account_id).items()
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
        for kind, query in _case_queries(now, account_id).items():
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
        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
            return rows

        return await self._database.run(work)


def _is(account_id: str | None, column: Column[str]) -> ColumnElement[bool]:
    return true() if account_id is None else column == account_id


def _queries(now: datetime, account_id: str | None) -> dict[str, Select[Any]]:
    """What is counted, by account.

    What is rare among many is looked for from the accounts on: of an index that begins with the
    account nothing else need be read.
    """
    first_seen = orders.c.first_seen_at
    # SQLite would go through all rows of an index that is sorted by account already.
    lately_seen, in_flight = (table.c.account_id.concat("") for table in (orders, sync_feeds))
    ended = shipments.c.ended_at
    return {
        "readings": select(
            readings.c.account_id,
            readings.c.kind,
            readings.c.since,
            readings.c.upper_bound,
            readings.c.until,
            readings.c.next_attempt_at,
            readings.c.attempts,
            readings.c.last_error,
        ).where(_is(account_id, readings.c.account_id)),
        "new_orders": select(
            lately_seen.label("account_id"),
            func.count().label("last_day"),
            func.sum(case((first_seen > now - _HOUR, 1), else_=0)).label("last_hour"),
        )
        .where(first_seen > now - _DAY, _is(account_id, orders.c.account_id))
        .group_by(lately_seen),
        "held_orders": select(
            accounts.c.id.label("account_id"),
            orders.c.state,
            func.count().label("number"),
            func.min(first_seen).label("oldest"),
        )
        .select_from(accounts.join(orders))
        .where(orders.c.state.in_(_HELD), _is(account_id, accounts.c.id))
        .group_by(accounts.c.id, orders.c.state),
        "quarantine": select(quarantine.c.account_id, func.count().label("number"))
        .where(_is(account_id, quarantine.c.account_id))
        .group_by(quarantine.c.account_id),
        "outbox": select(
            accounts.c.id.label("account_id"),
            outbox.c.state,
            func.count().label("number"),
            func.min(outbox.c.created_at).label("oldest"),
            func.max(outbox.c.last_error).label("error"),
        )
        .select_from(accounts.join(outbox))
        .where(outbox.c.state.in_((_PENDING, _PARKED, _EXPIRED)), _is(account_id, accounts.c.id))
        .group_by(accounts.c.id, outbox.c.state),
        "standings": select(
            standings.c.account_id,
            standings.c.rests_until,
            standings.c.stopped_at,
            standings.c.reason,
        ).where(_is(account_id, standings.c.account_id)),
        "open_shipments": select(
            shipments.c.account_id, shipments.c.state, func.count().label("number")
        )
        .where(shipments.c.state.in_(_OPEN), _is(account_id, shipments.c.account_id))
        .group_by(shipments.c.account_id, shipments.c.state),
        "ended_shipments": select(
            shipments.c.account_id, shipments.c.state, func.count().label("number")
        )
        .where(
            shipments.c.state.in_(_ENDED),
            ended > now - _DAY,
            _is(account_id, shipments.c.account_id),
        )
        .group_by(shipments.c.account_id, shipments.c.state),
        "alarms": select(shipments.c.account_id, func.count().label("number"))
        .where(_has_alarm(now), _is(account_id, shipments.c.account_id))
        .group_by(shipments.c.account_id),
        "feeds": select(
            in_flight.label("account_id"),
            func.count().label("number"),
            func.min(sync_feeds.c.sent_at).label("oldest"),
            func.count(sync_feeds.c.alarm).label("alarms"),
        )
        .where(sync_feeds.c.next_look_at >= _EVER, _is(account_id, sync_feeds.c.account_id))
        .group_by(in_flight),
    }


def _case_queries(now: datetime, account_id: str) -> dict[CaseKind, Select[Any]]:
    return {
        CaseKind.PARKED: select(
            outbox.c.order_number.label("number"),
            outbox.c.last_error.label("reason"),
            outbox.c.created_at.label("since"),
        )
        .where(outbox.c.account_id == account_id, outbox.c.state == _PARKED)
        .order_by(outbox.c.created_at.desc()),
        CaseKind.QUARANTINED: select(
            quarantine.c.number, quarantine.c.reason, quarantine.c.first_seen_at.label("since")
        )
        .where(quarantine.c.account_id == account_id)
        .order_by(quarantine.c.first_seen_at.desc()),
        CaseKind.ADDRESS_REFUSED: select(
            orders.c.number, null().label("reason"), orders.c.first_seen_at.label("since")
        )
        .where(orders.c.account_id == account_id, orders.c.state == OrderState.ADDRESS_REFUSED)
        .order_by(orders.c.first_seen_at.desc()),
        CaseKind.SHIPMENT_ALARM: select(
            shipments.c.order_number.label("number"),
            shipments.c.alarm.label("reason"),
            shipments.c.received_at.label("since"),
        )
        .where(shipments.c.account_id == account_id, _has_alarm(now))
        .order_by(shipments.c.received_at.desc()),
        CaseKind.SHIPMENT_REFUSED: select(
            shipments.c.id,
            shipments.c.order_number.label("number"),
            shipments.c.sealed_reason.label("reason"),
            shipments.c.ended_at.label("since"),
        )
        .where(
            shipments.c.account_id == account_id,
            shipments.c.state == ShipmentState.REFUSED,
            shipments.c.ended_at > now - _DAY,
        )
        .order_by(shipments.c.ended_at.desc()),
        CaseKind.FEED_ALARM: select(
            sync_feeds.c.feed_id.label("number"),
            sync_feeds.c.alarm.label("reason"),
            sync_feeds.c.sent_at.label("since"),
        )
        .where(
            sync_feeds.c.account_id == account_id,
            sync_feeds.c.next_look_at.is_not(None),
            sync_feeds.c.alarm.is_not(None),
        )
        .order_by(sync_feeds.c.sent_at.desc()),
    }


def _has_alarm(now: datetime) -> ColumnElement[bool]:
    """Whether a shipment has an alarm that is shown; in the words of the index."""
    ended = shipments.c.ended_at
    return shipments.c.alarm.is_not(None) & or_(ended.is_(None), ended > now - ALARMS_SHOWN)


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

"""The outbox kept in the database, each message sealed, and how the stores stand."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.encryption import Keyring
from amazon_endpoint.storage.locking import lock_account
from amazon_endpoint.storage.order_tables import outbox, standings
from amazon_endpoint.storage.sync_tables import accounts
from amazon_endpoint.storage.upserting import insert_unless_there
from amazon_endpoint.stores.port import MessageKind
from amazon_endpoint.sync.intake import Draft
from amazon_endpoint.sync.outbox import OutboxMessage, OutboxState, Undelivered
from amazon_endpoint.sync.standing import Standing

_PENDING, _PARKED = OutboxState.PENDING, OutboxState.PARKED
_UNDELIVERED = (_PENDING, _PARKED)

_LAST = (
    select(outbox.c.order_number, func.max(outbox.c.sequence).label("last"))
    .where(
        outbox.c.account_id == bindparam("account_id"),
        outbox.c.order_number.in_(bindparam("order_numbers", expanding=True)),
    )
    .group_by(outbox.c.order_number)
)
_WRITE = insert(outbox)


class StoredOutbox:
    """Implements `sync.outbox.Outbox`."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def due(self, account_id: str, now: datetime, limit: int) -> tuple[OutboxMessage, ...]:
        """Messages to be delivered now, of each order only the first one not delivered."""
        query = (
            select(outbox)
            .where(outbox.c.account_id == account_id, _is_due(now))
            .order_by(outbox.c.next_attempt_at, outbox.c.order_number)
            .limit(limit)
        )

        def work(connection: Connection) -> tuple[OutboxMessage, ...]:
            return tuple(map(_message, connection.execute(query)))

        return await self._database.run(work)

    async def next_due(self, account_id: str) -> datetime | None:
        """When the next message is to be delivered that no other one holds up, be it overdue."""
        query = (
            select(outbox.c.next_attempt_at)
            .where(
                outbox.c.account_id == account_id,
                outbox.c.next_attempt_at.is_not(None),
                ~_held_up,
            )
            .order_by(outbox.c.next_attempt_at)
            .limit(1)
        )

        def work(connection: Connection) -> datetime | None:
            return connection.scalar(query)

        return await self._database.run(work)

    def open(self, message: OutboxMessage) -> bytes:
        """The body, as `stores.messages` wrote it (`KeyMissing`, `Damaged`)."""
        row = f"{message.account_id}/{message.order_number}/{message.sequence}"
        return self._keyring.open(message.sealed, table=outbox.name, row=row)

    async def delivered(self, messages: Sequence[OutboxMessage], now: datetime) -> int:
        """The store has these, of one account; of how many nobody had told otherwise."""
        if not messages:
            return 0
        attempts = [(one.order_number, one.sequence, one.attempts) for one in messages]
        these = and_(
            outbox.c.account_id == messages[0].account_id,
            outbox.c.state == _PENDING,
            tuple_(outbox.c.order_number, outbox.c.sequence, outbox.c.attempts).in_(attempts),
        )
        end = {"state": OutboxState.DELIVERED, "next_attempt_at": None, "delivered_at": now}
        return await self._count(update(outbox).where(these).values(end))

    async def put_off(self, message: OutboxMessage, until: datetime, reason: str) -> bool:
        """The store has it not, and is to be tried again then."""
        return await self._end(
            message, attempts=message.attempts + 1, next_attempt_at=until, last_error=reason
        )

    async def park(self, message: OutboxMessage, reason: str) -> bool:
        """The store will not be tried again."""
        return await self._end(
            message,
            state=_PARKED,
            attempts=message.attempts + 1,
            next_attempt_at=None,
            last_error=reason,
        )

    async def redeliver(
        self, account_id: str, now: datetime, order_number: str | None = None
    ) -> int:
        """Have what failed tried again now, an order's messages or all of the account."""
        failed = or_(
            outbox.c.state == _PARKED, and_(outbox.c.state == _PENDING, outbox.c.attempts > 0)
        )
        again = (
            update(outbox)
            .where(outbox.c.account_id == account_id, failed)
            .values(state=_PENDING, attempts=0, next_attempt_at=now)
        )
        if order_number is not None:
            again = again.where(outbox.c.order_number == order_number)

        def work(connection: Connection) -> int:
            lock_account(connection, account_id)
            latest = _standing(connection, account_id)
            _write_standing(connection, Standing(account_id=account_id, revision=latest.revision))
            return connection.execute(again).rowcount

        return await self._database.run(work)

    async def standing(self, account_id: str) -> Standing:
        """How the account's store stands."""

        def work(connection: Connection) -> Standing:
            return _standing(connection, account_id)

        return await self._database.run(work)

    async def keep_standing(self, standing: Standing) -> bool:
        """Keep how the store stands if nobody else wrote its revision before."""

        def work(connection: Connection) -> bool:
            lock_account(connection, standing.account_id)
            return _write_standing(connection, standing)

        return await self._database.run(work)

    async def undelivered(self, account_id: str) -> int:
        """How many messages the account's store lacks, pending and parked."""

        def work(connection: Connection) -> int:
            return undelivered(connection, account_id)

        return await self._database.run(work)

    async def lacking(
        self, account_id: str | None = None, *, parked: bool = False, limit: int | None = None
    ) -> tuple[Undelivered, ...]:
        """What the stores lack, the oldest first."""
        states = (_PARKED,) if parked else _UNDELIVERED
        query = (
            select(*(outbox.c[name] for name in Undelivered.__struct_fields__))
            .where(outbox.c.state.in_(states))
            .order_by(outbox.c.created_at, outbox.c.order_number, outbox.c.sequence)
            .limit(limit)
        )
        if account_id is not None:
            query = query.where(outbox.c.account_id == account_id)

        def work(connection: Connection) -> tuple[Undelivered, ...]:
            return tuple(map(_undelivered, connection.execute(query)))

        return await self._database.run(work)

    async def due_accounts(self, now: datetime) -> tuple[str, ...]:
        """The accounts, none of them paused, with messages for a store that may be called."""
        due = exists().where(outbox.c.account_id == accounts.c.id, _is_due(now))
        closed = exists().where(
            standings.c.account_id == accounts.c.id,
            or_(standings.c.stopped_at.is_not(None), standings.c.rests_until > now),
        )
        query = select(accounts.c.id).where(accounts.c.paused_at.is_(None), due, ~closed)

        def work(connection: Connection) -> tuple[str, ...]:
            return tuple(connection.scalars(query).all())

        return await self._database.run(work)

    async def _end(self, message: OutboxMessage, **columns: Any) -> bool:
        attempt = and_(
            outbox.c.account_id == message.account_id,
            outbox.c.order_number == message.order_number,
            outbox.c.sequence == message.sequence,
            outbox.c.state == _PENDING,
            outbox.c.attempts == message.attempts,
        )
        return await self._count(update(outbox).where(attempt).values(columns)) == 1

    async def _count(self, change: Update) -> int:
        def work(connection: Connection) -> int:
            return connection.execute(change).rowcount

        return await self._database.run(work)


def _message(row: Row[Any]) -> OutboxMessage:
    return OutboxMessage(
        account_id=row.account_id,
        order_number=row.order_number,
        sequence=row.sequence,
        webhook_id=row.webhook_id,
        kind=MessageKind(row.kind),
        sealed=row.body,
        attempts=row.attempts,
        created_at=row.created_at,
    )


def _undelivered(row: Row[Any]) -> Undelivered:
    words = {"kind": MessageKind(row.kind), "state": OutboxState(row.state)}
    return Undelivered(**row._asdict() | words)


def write_messages(
    connection: Connection,
    account_id: str,
    drafts: Iterable[Draft],
    now: datetime,
    keyring: Keyring,
) -> None:
    """Write messages, each to be delivered after those of its order that are there already.

    The account has to be locked.
    """
    drafts = tuple(drafts)
    if not drafts:
        return
    numbers = list({draft.order_number for draft in drafts})
    last = connection.execute(_LAST, {"account_id": account_id, "order_numbers": numbers})
    sequences: dict[str, int] = {row.order_number: row.last for row in last}
    rows = []
    for draft in drafts:
        number = draft.order_number
        sequence = sequences[number] = sequences.get(number, 0) + 1
        rows.append(
            {
                "account_id": account_id,
                "order_number": number,
                "sequence": sequence,
                # Never given twice, not even after a database was restored from its backup.
                "webhook_id": f"msg_{uuid4().hex}",
                "kind": draft.kind,
                "body": keyring.seal(
                    draft.body, table=outbox.name, row=f"{account_id}/{number}/{sequence}"
                ),
                "state": _PENDING,
                "attempts": 0,
                "next_attempt_at": now,
                "created_at": now,
            }
        )
    connection.execute(_WRITE, rows)


def expire(connection: Connection, which: ColumnElement[bool]) -> tuple[int, int]:
    """Erase these messages' bodies: how many, and how many of them never will be delivered."""
    states = connection.scalars(
        update(outbox)
        .where(which, outbox.c.body.is_not(None))
        .values(
            body=None,
            state=case(
                (outbox.c.state.in_(_UNDELIVERED), OutboxState.EXPIRED), else_=outbox.c.state
            ),
            next_attempt_at=None,
        )
        .returning(outbox.c.state)
    )
    told = Counter(states)
    return told.total(), told[OutboxState.EXPIRED]


def undelivered(connection: Connection, account_id: str) -> int:
    """How many messages the account's store lacks, pending and parked."""
    lacking: ColumnElement[bool] = and_(
        outbox.c.account_id == account_id, outbox.c.state.in_(_UNDELIVERED)
    )
    count: int = connection.execute(select(func.count()).where(lacking)).scalar_one()
    return count


_earlier = outbox.alias()
_held_up = (
    exists()
    .where(
        _earlier.c.account_id == outbox.c.account_id,
        _earlier.c.order_number == outbox.c.order_number,
        _earlier.c.sequence < outbox.c.sequence,
        _earlier.c.state.in_(_UNDELIVERED),
    )
    .correlate(outbox)
)


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Whether a message may be delivered, and none is before it about the same order."""
    return and_(outbox.c.next_attempt_at <= now, ~_held_up)


def _standing(connection: Connection, account_id: str) -> Standing:
    query = select(standings).where(standings.c.account_id == account_id)
    row = connection.execute(query).one_or_none()
    return Standing(account_id=account_id) if row is None else Standing(**row._asdict())


def _write_standing(connection: Connection, standing: Standing) -> bool:
    """Write the revision after the one that `standing` has, if that is the latest."""
    columns = msgspec.structs.asdict(standing) | {"revision": standing.revision + 1}
    if standing.revision == 0:
        return insert_unless_there(connection, standings, columns)
    latest = and_(
        standings.c.account_id == standing.account_id, standings.c.revision == standing.revision
    )
    written = connection.execute(update(standings).where(latest).values(columns))
    return written.rowcount == 1

"""Erasure in the database: all of an order in one transaction, found by indexes made for it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    case,
    delete,
    exists,
    or_,
    select,
    tuple_,
    update,
)

from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.locking import lock_account
from amazon_endpoint.storage.order_tables import orders, outbox, quarantine, wanted_orders
from amazon_endpoint.storage.outbox import expire
from amazon_endpoint.storage.shipment_tables import UNERASED, shipments, sync_feeds
from amazon_endpoint.storage.sync_tables import accounts
from amazon_endpoint.storage.tables import confirmations, known_feeds
from amazon_endpoint.sync.erasure import Deadlines, Erased
from amazon_endpoint.sync.shipping import ShipmentState

AccountId = str | ColumnElement[str]


class StoredBuyersData:
    """Implements `sync.erasure.BuyersData`. No key is needed to erase."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def erase(self, account_id: str, number: str, now: datetime) -> Erased | None:
        """Erase all that is kept of an order; None where nothing is."""

        def work(connection: Connection) -> Erased | None:
            lock_account(connection, account_id)
            query = select(orders.c.erased_at).where(_of(orders, account_id, [number]))
            order = connection.execute(query).one_or_none()
            if order is not None:
                _erase_orders(connection, account_id, [number], now)
            told, expired, shipped = _erase_about(connection, account_id, [number], now)
            if order is None and not (told or shipped):
                return None
            before = order.erased_at if order is not None else None
            return Erased(messages=told, expired=expired, shipments=shipped, before=before)

        return await self._database.run(work)

    async def erase_due(
        self, account_id: str, deadlines: Deadlines, now: datetime, limit: int
    ) -> int:
        """Erase what is due of the account, so much of it at most; how much it was."""

        def work(connection: Connection) -> int:
            lock_account(connection, account_id)
            erased = 0
            for due in _due_orders(account_id, deadlines):
                numbers = connection.scalars(due.limit(limit - erased)).all()
                if numbers:
                    _erase_orders(connection, account_id, numbers, now)
                    _erase_about(connection, account_id, numbers, now)
                erased += len(numbers)
            if erased == limit:
                return erased
            messages, parcels = _left_over(account_id, deadlines)
            told, _ = expire(connection, _few(outbox, messages, limit))
            shipped = _erase_shipments(connection, _few(shipments, parcels, limit), now)
            return max(erased, told, shipped)

        return await self._database.run(work)

    async def forget(self, account_id: str, deadlines: Deadlines, limit: int) -> int:
        """Delete the account's records that are due, so many of a kind at most."""

        def work(connection: Connection) -> int:
            lock_account(connection, account_id)
            deleted = [
                connection.execute(delete(table).where(_few(table, old, limit))).rowcount
                for table, old in _old(account_id, deadlines.records)
            ]
            return max(deleted)

        return await self._database.run(work)

    async def due_accounts(self, deadlines: Deadlines) -> tuple[str, ...]:
        """The accounts, paused ones among them, of which something is to go."""
        mine = accounts.c.id
        to_go = [
            *(due.correlate(accounts).exists() for due in _due_orders(mine, deadlines)),
            *(exists().where(alone) for alone in _left_over(mine, deadlines)),
            *(exists().where(old) for _, old in _old(mine, deadlines.records)),
        ]
        query = select(accounts.c.id).where(or_(*to_go))

        def work(connection: Connection) -> tuple[str, ...]:
            return tuple(connection.scalars(query).all())

        return await self._database.run(work)


def _erase_orders(
    connection: Connection, account_id: str, numbers: Sequence[str], now: datetime
) -> None:
    # What was read again since it was erased holds nothing of the buyer, and stays.
    connection.execute(
        update(orders)
        .where(_of(orders, account_id, numbers), orders.c.erased_at.is_(None))
        .values(body=None, personal_mark=None, erased_at=now)
    )
    # Nobody could use what reading them again would bring.
    for table in (wanted_orders, quarantine):
        connection.execute(delete(table).where(_of(table, account_id, numbers)))


def _erase_about(
    connection: Connection, account_id: str, numbers: Sequence[str], now: datetime
) -> tuple[int, int, int]:
    """Erase what was told about these orders: how many messages, how many of them were not
    delivered, how many shipments."""
    messages = outbox.c.account_id == account_id, outbox.c.order_number.in_(numbers)
    told, expired = expire(connection, and_(*messages))
    parcels = shipments.c.account_id == account_id, shipments.c.order_number.in_(numbers)
    shipped = _erase_shipments(connection, and_(*parcels, UNERASED), now)
    return told, expired, shipped


def _erase_shipments(connection: Connection, which: ColumnElement[bool], now: datetime) -> int:
    # What waits can't be sent any more, which its store is told at once.
    waiting = shipments.c.state == ShipmentState.WAITING
    erased = connection.execute(
        update(shipments)
        .where(which)
        .values(
            body=None,
            sealed_reason=None,
            next_attempt_at=case((waiting, now), else_=shipments.c.next_attempt_at),
        )
    )
    return erased.rowcount


def _of(table: Table, account_id: str, numbers: Sequence[str]) -> ColumnElement[bool]:
    return and_(table.c.account_id == account_id, table.c.number.in_(numbers))


# What is due. Each condition has an index that finds it without passing over the rest.


def _due_orders(account_id: AccountId, deadlines: Deadlines) -> Iterator[Select[Any]]:
    """What `sync.erasure.is_due` says of orders that are not erased."""
    mine = select(orders.c.number).where(
        orders.c.account_id == account_id, orders.c.erased_at.is_(None)
    )
    long_seen = orders.c.first_seen_at <= deadlines.chosen
    yield mine.where(
        orders.c.delivered_at <= deadlines.chosen,
        or_(orders.c.delivered_at <= deadlines.allowed, long_seen),
    )
    yield mine.where(
        orders.c.delivered_at.is_(None), orders.c.status_since <= deadlines.chosen, long_seen
    )


def _left_over(
    account_id: AccountId, deadlines: Deadlines
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The messages and shipments that came after their order was erased, or whose order isn't
    kept."""

    def alone(table: Table) -> ColumnElement[bool]:
        kept = exists().where(
            orders.c.account_id == table.c.account_id,
            orders.c.number == table.c.order_number,
            orders.c.erased_at.is_(None),
        )
        return and_(table.c.account_id == account_id, ~kept.correlate(table))

    since = deadlines.chosen
    ended = or_(shipments.c.ended_at.is_(None), shipments.c.ended_at <= since)
    return (
        and_(alone(outbox), outbox.c.body.is_not(None), outbox.c.created_at <= since),
        and_(alone(shipments), UNERASED, shipments.c.received_at <= since, ended),
    )


def _old(account_id: AccountId, before: datetime) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """The records that are to be deleted, of each table."""
    of_account: Sequence[tuple[Table, Sequence[ColumnElement[bool]]]] = (
        (orders, (orders.c.first_seen_at <= before, orders.c.updated_at <= before)),
        (outbox, (outbox.c.created_at <= before, outbox.c.body.is_(None))),
        (shipments, (shipments.c.received_at <= before, ~UNERASED)),
        (sync_feeds, (sync_feeds.c.sent_at <= before,)),
        (quarantine, (quarantine.c.first_seen_at <= before,)),
        (wanted_orders, (wanted_orders.c.wanted_at <= before,)),
    )
    for table, old in of_account:
        yield table, and_(table.c.account_id == account_id, *old)
    yield confirmations, confirmations.c.created_at <= before
    yield known_feeds, known_feeds.c.sent_at <= before


def _few(table: Table, which: ColumnElement[bool], limit: int) -> ColumnElement[bool]:
    """Some of these rows."""
    key = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(which).limit(limit)
    return key.in_(some)

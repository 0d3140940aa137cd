"""Shipments kept in the database, each with its data sealed, and the feeds they travel in."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)

from amazon_endpoint.services.next_step import content_digest
from amazon_endpoint.shipments import Shipment
from amazon_endpoint.storage.accounts import check_key
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.encryption import Damaged, KeyMissing, Keyring
from amazon_endpoint.storage.locking import lock_account
from amazon_endpoint.storage.outbox import write_messages
from amazon_endpoint.storage.shipment_tables import shipments, sync_feeds
from amazon_endpoint.storage.sync_tables import accounts
from amazon_endpoint.storage.upserting import insert_unless_there
from amazon_endpoint.stores.messages import shipment_message
from amazon_endpoint.stores.port import MessageKind
from amazon_endpoint.sync.intake import Draft
from amazon_endpoint.sync.shipping import (
    DueAccounts,
    KeptShipment,
    Move,
    NextDue,
    SentFeed,
    ShipmentErased,
    ShipmentState,
    ShipmentUnknown,
    shipment_id,
)

_WAITING, _REFUSED = ShipmentState.WAITING, ShipmentState.REFUSED
_REASON = shipments.c.sealed_reason.info["place"]
_CHECKED = (ShipmentState.DOUBTED, ShipmentState.CONFIRMED)

# Amazon's pace of this day, not of last year.
_LATEST_FEEDS = 5


# Built once: that takes longer than it takes SQLite to execute them.

_OF_ACCOUNT = select(shipments).where(shipments.c.account_id == bindparam("account_id"))
_OF_ID = _OF_ACCOUNT.where(shipments.c.id == bindparam("id"))
_DUE = (
    _OF_ACCOUNT.where(shipments.c.next_attempt_at <= bindparam("until"))
    .order_by(shipments.c.received_at, shipments.c.id)
    .limit(bindparam("limit"))
)
_DUE_TO_SEND = _DUE.where(shipments.c.state == _WAITING)
_DUE_TO_CHECK = _DUE.where(or_(*(shipments.c.state == one for one in _CHECKED)))
_STANDING = select(*(shipments.c[name] for name in ("id", "state", "next_attempt_at"))).where(
    shipments.c.account_id == bindparam("account_id"),
    shipments.c.id.in_(bindparam("ids", expanding=True)),
)
# What is not written spares its indices. Without the body, which may have been erased meanwhile.
_MOVABLE = (
    "state",
    "feed_id",
    "sealed_reason",
    "alarm",
    "attempts",
    "left_behind",
    "next_attempt_at",
    "ended_at",
)
_MOVED = (
    update(shipments)
    .where(shipments.c.id == bindparam("its_id"))
    .values({name: bindparam(name) for name in _MOVABLE})
)
# The other contents of a shipment, which wait to be sent, once it came itself.
_REPLACED = (
    update(shipments)
    .where(
        shipments.c.account_id == bindparam("its_account_id"),
        shipments.c.order_number == bindparam("its_order_number"),
        shipments.c.number == bindparam("its_number"),
        shipments.c.id != bindparam("its_id"),
        shipments.c.state == _WAITING,
        shipments.c.received_at <= bindparam("its_received_at"),
    )
    .values(
        state=ShipmentState.REPLACED,
        next_attempt_at=None,
        ended_at=bindparam("now"),
        alarm=None,
    )
)
_DUE_FEEDS = (
    select(sync_feeds)
    .where(
        sync_feeds.c.account_id == bindparam("account_id"),
        sync_feeds.c.next_look_at <= bindparam("until"),
    )
    .order_by(sync_feeds.c.next_look_at)
    .limit(bindparam("limit"))
)
_NEXT_DUE = select(
    select(func.min(shipments.c.next_attempt_at))
    .where(
        shipments.c.account_id == bindparam("account_id"),
        shipments.c.state == _WAITING,
        shipments.c.next_attempt_at.is_not(None),
    )
    .scalar_subquery(),
    select(func.min(sync_feeds.c.next_look_at))
    .where(sync_feeds.c.account_id == bindparam("account_id"))
    .scalar_subquery(),
)


class StoredShipments:
    """Implements `sync.shipping.Shipments`."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def receive(self, shipment: Shipment, *, account_id: str, now: datetime) -> KeptShipment:
        """Keep a shipment to be sent, and return it as it is kept.

        Raises:
            AccountUnknown: there is no such account.
            KeyMissing: the keys here don't open the account.
        """
        row = shipment_id(account_id, shipment)
        new = KeptShipment(
            id=row,
            account_id=account_id,
            order_number=shipment.order_number,
            number=shipment.number,
            content=content_digest(shipment),
            sealed=self._keyring.seal(msgspec.json.encode(shipment), table=shipments.name, row=row),
            received_at=now,
            next_attempt_at=now,
        )

        def work(connection: Connection) -> KeptShipment:
            lock_account(connection, account_id)
            check_key(connection, self._keyring, account_id)
            columns = self._columns(new) | {"body": new.sealed}
            inserted = insert_unless_there(connection, shipments, columns)
            if not inserted:
                # When it came first still tells it from later contents.
                del columns["received_at"]
                connection.execute(
                    update(shipments)
                    .where(shipments.c.id == row, shipments.c.state == _REFUSED)
                    .values(columns)
                )
            found = connection.execute(_OF_ID, {"account_id": account_id, "id": row})
            kept = self._kept(found.one())
            if kept.state is _WAITING:
                its = ("account_id", "order_number", "number", "id", "received_at")
                values = {f"its_{name}": getattr(kept, name) for name in its}
                connection.execute(_REPLACED, values | {"now": now})
            return kept

        return await self._database.run(work)

    async def get(self, account_id: str, shipment_id: str) -> KeptShipment:
        """The shipment of this id (`ShipmentUnknown`)."""
        found = await self._all(_OF_ID, account_id=account_id, id=shipment_id)
        if not found:
            raise ShipmentUnknown
        return found[0]

    async def of(
        self, account_id: str, state: ShipmentState | None = None, limit: int | None = None
    ) -> tuple[KeptShipment, ...]:
        """The account's shipments, or those in one state, the latest first."""
        query = _select(shipments.c.account_id == account_id)
        if state is not None:
            query = query.where(shipments.c.state == state)
        latest = shipments.c.received_at.desc(), shipments.c.id
        return await self._all(query.order_by(*latest).limit(limit))

    def open(self, kept: KeptShipment) -> Shipment:
        """The shipment itself (`ShipmentErased`, `Damaged`, `KeyMissing`)."""
        if kept.sealed is None:
            raise ShipmentErased
        plain = self._keyring.open(kept.sealed, table=shipments.name, row=kept.id)
        try:
            return msgspec.json.decode(plain, type=Shipment)
        except msgspec.MsgspecError:
            raise Damaged from None

    async def waiting(
        self, account_id: str, until: datetime, limit: int
    ) -> tuple[KeptShipment, ...]:
        """What is to be sent until then, what came first before the rest."""
        return await self._all(_DUE_TO_SEND, account_id=account_id, until=until, limit=limit)

    async def to_check(
        self, account_id: str, until: datetime, limit: int
    ) -> tuple[KeptShipment, ...]:
        """What is to be compared with its order until then: doubted or confirmed."""
        return await self._all(_DUE_TO_CHECK, account_id=account_id, until=until, limit=limit)

    async def in_feed(self, account_id: str, feed_id: str) -> tuple[KeptShipment, ...]:
        """What was sent in this feed and has not ended."""
        return await self._all(_in_feed(account_id, feed_id))

    async def move(self, moves: Sequence[Move], *, feed: SentFeed | None = None) -> None:
        """Keep the shipments that nobody moved meanwhile, with their messages and `feed`."""
        of_account: dict[str, list[Move]] = defaultdict(list)
        for one in moves:
            of_account[one[0].account_id].append(one)

        def work(connection: Connection) -> None:
            for account_id, its in of_account.items():
                lock_account(connection, account_id)
                self._move(connection, account_id, its)
            if feed is not None and not insert_unless_there(
                connection, sync_feeds, msgspec.structs.asdict(feed)
            ):
                connection.execute(
                    update(sync_feeds)
                    .where(_is(feed))
                    .values(next_look_at=feed.next_look_at, ended_at=None)
                )

        await self._database.run(work)

    def _move(self, connection: Connection, account_id: str, moves: Sequence[Move]) -> None:
        """Keep those that are as they were seen. The account is locked, so that they stay so."""
        ids = [seen.id for seen, _ in moves]
        found = connection.execute(_STANDING, {"account_id": account_id, "ids": ids})
        standing = {row.id: (row.state, row.next_attempt_at) for row in found}
        unmoved = [
            (seen, new)
            for seen, new in moves
            if standing.get(seen.id) == (seen.state, seen.next_attempt_at)
        ]
        if not unmoved:
            return
        connection.execute(_MOVED, [self._moved(new) for _, new in unmoved])
        ended: dict[datetime, list[Draft]] = defaultdict(list)
        for seen, new in unmoved:
            if new.ended_at and new.ended_at != seen.ended_at:
                ended[new.ended_at].append(_message(new))
        for moment, messages in ended.items():
            write_messages(connection, account_id, messages, moment, self._keyring)

    async def feeds(self, account_id: str, until: datetime, limit: int) -> tuple[SentFeed, ...]:
        """The feeds to be looked at until then."""
        wanted = {"account_id": account_id, "until": until, "limit": limit}

        def work(connection: Connection) -> tuple[SentFeed, ...]:
            found = connection.execute(_DUE_FEEDS, wanted)
            return tuple(SentFeed(**row._asdict()) for row in found)

        return await self._database.run(work)

    async def keep_feed(self, feed: SentFeed) -> None:
        """Keep what is known of a feed now, but no end while shipments of it have none."""
        known = update(sync_feeds).where(_is(feed)).values(msgspec.structs.asdict(feed))
        if feed.next_look_at is None:
            known = known.where(~exists(_in_feed(feed.account_id, feed.feed_id)))

        def work(connection: Connection) -> None:
            lock_account(connection, feed.account_id)
            connection.execute(known)

        await self._database.run(work)

    async def latest_feed(self, account_id: str, until: datetime) -> datetime | None:
        """When the latest of this account's feeds went until then; None where none did."""
        query = select(func.max(sync_feeds.c.sent_at)).where(
            sync_feeds.c.account_id == account_id, sync_feeds.c.sent_at <= until
        )

        def work(connection: Connection) -> datetime | None:
            latest: datetime | None = connection.scalar(query)
            return latest

        return await self._database.run(work)

    async def next_due(self, account_id: str) -> NextDue:
        """When there is something to do for the account that is not to wait, be it overdue."""

        def work(connection: Connection) -> NextDue:
            return NextDue(*connection.execute(_NEXT_DUE, {"account_id": account_id}).one())

        return await self._database.run(work)

    async def processing_time(self, account_id: str) -> timedelta | None:
        """How long Amazon took for this account's latest feeds; None where none has ended.

        What ended before it went was sent by a clock that was ahead, and tells nothing.
        """
        query = (
            select(sync_feeds.c.sent_at, sync_feeds.c.ended_at)
            .where(
                sync_feeds.c.account_id == account_id,
                sync_feeds.c.ended_at >= sync_feeds.c.sent_at,
            )
            .order_by(sync_feeds.c.sent_at.desc())
            .limit(_LATEST_FEEDS)
        )

        def work(connection: Connection) -> timedelta | None:
            took = [row.ended_at - row.sent_at for row in connection.execute(query)]
            return sum(took, timedelta()) / len(took) if took else None

        return await self._database.run(work)

    async def due_accounts(self, now: datetime) -> DueAccounts:
        """The accounts, none of them paused, with something to do now."""
        of_shipments = (
            select(shipments.c.account_id, (shipments.c.state == _WAITING).label("to_send"))
            .join(accounts)
            .where(shipments.c.next_attempt_at <= now, accounts.c.paused_at.is_(None))
            .distinct()
        )
        of_feeds = (
            select(sync_feeds.c.account_id)
            .join(accounts)
            .where(sync_feeds.c.next_look_at <= now, accounts.c.paused_at.is_(None))
            .distinct()
        )

        def work(connection: Connection) -> DueAccounts:
            rows = connection.execute(of_shipments).all()
            to_follow = {row.account_id for row in rows if not row.to_send}
            return DueAccounts(
                to_send=frozenset(row.account_id for row in rows if row.to_send),
                to_follow=frozenset(to_follow.union(connection.scalars(of_feeds))),
            )

        return await self._database.run(work)

    async def _all(self, query: Select[Any], **wanted: Any) -> tuple[KeptShipment, ...]:
        def work(connection: Connection) -> Sequence[Row[Any]]:
            return connection.execute(query, wanted).all()

        return tuple(map(self._kept, await self._database.run(work)))

    def _columns(self, shipment: KeptShipment) -> dict[str, Any]:
        columns = msgspec.structs.asdict(shipment)
        del columns["sealed"]
        reason = columns.pop("reason")
        return columns | {
            "sealed_reason": reason
            and self._keyring.seal(reason.encode(), table=_REASON, row=shipment.id)
        }

    def _moved(self, shipment: KeptShipment) -> dict[str, Any]:
        columns = self._columns(shipment)
        return {name: columns[name] for name in _MOVABLE} | {"its_id": shipment.id}

    def _kept(self, row: Row[Any]) -> KeptShipment:
        columns = row._asdict()
        sealed, reason = columns.pop("body"), columns.pop("sealed_reason")
        if reason is not None:
            try:
                reason = self._keyring.open(reason, table=_REASON, row=row.id).decode()
            except (Damaged, KeyMissing):
                # It only explains: nothing is done for it, and nothing is to wait for it.
                reason = None
        state = ShipmentState(columns.pop("state"))
        return KeptShipment(**columns | {"sealed": sealed, "reason": reason, "state": state})


def _select(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(shipments).where(*conditions)


def _in_feed(account_id: str, feed_id: str) -> Select[Any]:
    return _select(
        shipments.c.account_id == account_id,
        shipments.c.feed_id == feed_id,
        shipments.c.state == ShipmentState.SENT,
    )


def _is(feed: SentFeed) -> ColumnElement[bool]:
    return (sync_feeds.c.account_id == feed.account_id) & (sync_feeds.c.feed_id == feed.feed_id)


def _message(shipment: KeptShipment) -> Draft:
    refused = shipment.state is _REFUSED
    body = shipment_message(
        order_number=shipment.order_number,
        shipment_number=shipment.number,
        feed_id=shipment.feed_id,
        reason=shipment.reason if refused else None,
    )
    kind = MessageKind.SHIPMENT_REFUSED if refused else MessageKind.SHIPMENT_CONFIRMED
    return Draft(order_number=shipment.order_number, kind=kind, body=body)

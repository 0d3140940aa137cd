"""Confirmations kept in the database: committed before anything is sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, select, update

from amazon_endpoint.services.confirmations import (
    Channel,
    Confirmation,
    ConfirmationKey,
    ConfirmationState,
)
from amazon_endpoint.shipments import PackageItem
from amazon_endpoint.storage.database import Database, insert_unless_there
from amazon_endpoint.storage.tables import confirmations, known_feeds

# A feed comes into being some time after `sent_at`. Knowing more feeds than asked for does no
# harm, knowing fewer makes another shipment's feed pass for the lost one.
_SENDING_AT_MOST = timedelta(hours=1)

_KEY = ConfirmationKey.__struct_fields__

# Executed for many rows at once: 10,000 one by one take seconds, and others wait for them.
_REPLACE = update(confirmations).where(
    *(confirmations.c[name] == bindparam(f"seen_{name}") for name in _KEY),
    confirmations.c.state == bindparam("seen_state"),
    confirmations.c.sent_at.is_not_distinct_from(bindparam("seen_sent_at")),
)


class _MovedOn(Exception):
    """A row is no longer as it was seen; raised to undo the transaction."""


class StoredConfirmations:
    """Implements `services.confirmations.Confirmations`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, key: ConfirmationKey) -> Confirmation | None:
        """The confirmation of exactly this content."""
        found = await self._all(_select(key))
        return found[0] if found else None

    async def of_shipment(self, key: ConfirmationKey) -> tuple[Confirmation, ...]:
        """Every content ever confirmed for the shipment that `key` names, oldest first."""
        return await self._all(
            select(confirmations)
            .where(
                confirmations.c.seller_id == key.seller_id,
                confirmations.c.order_number == key.order_number,
                confirmations.c.shipment_number == key.shipment_number,
            )
            .order_by(confirmations.c.created_at)
        )

    async def of_order(self, seller_id: str, order_number: str) -> tuple[Confirmation, ...]:
        """Every content ever confirmed for every shipment of the order, oldest first."""
        return await self._all(
            select(confirmations)
            .where(
                confirmations.c.seller_id == seller_id,
                confirmations.c.order_number == order_number,
            )
            .order_by(confirmations.c.created_at)
        )

    async def add(self, confirmation: Confirmation) -> Confirmation:
        """Store it unless its key is already there; return what is stored then."""

        def work(connection: Connection) -> Confirmation:
            insert_unless_there(connection, confirmations, _columns(confirmation))
            return _confirmation(connection.execute(_select(confirmation.key)).one())

        return await self._database.run(work)

    async def replace(self, seen: Confirmation, new: Confirmation) -> bool:
        """Store `new` if the row is still as `seen` (state and `sent_at`), else return False."""
        return await self.replace_all(((seen, new),))

    async def replace_all(self, moves: Sequence[tuple[Confirmation, Confirmation]]) -> bool:
        """Do as `replace` does for all of these, or for none of them."""

        def work(connection: Connection) -> None:
            # Always in the same order, so that two who move the same rows don't lock each other.
            ordered = sorted(moves, key=lambda move: msgspec.structs.astuple(move[0].key))
            changes = [{**_seen(seen), **_columns(new)} for seen, new in ordered]
            if connection.execute(_REPLACE, changes).rowcount != len(changes):
                raise _MovedOn
            feeds = {
                (new.key.seller_id, new.feed_id): new.sent_at
                for _, new in moves
                if new.feed_id and new.sent_at
            }
            for (seller_id, feed_id), sent_at in sorted(feeds.items()):
                insert_unless_there(
                    connection,
                    known_feeds,
                    {"seller_id": seller_id, "feed_id": feed_id, "sent_at": sent_at},
                )

        try:
            await self._database.run(work)
        except _MovedOn:
            return False
        return True

    async def feed_of_submission(self, seller_id: str, submission: str) -> str | None:
        """The feed in which any of what was sent together is known to be."""
        query = (
            select(confirmations.c.feed_id)
            .where(
                confirmations.c.seller_id == seller_id,
                confirmations.c.submission == submission,
                confirmations.c.feed_id.is_not(None),
            )
            .limit(1)
        )

        def work(connection: Connection) -> str | None:
            feed_id: str | None = connection.scalar(query)
            return feed_id

        return await self._database.run(work)

    async def rivals(self, seller_id: str, submission: str) -> tuple[Confirmation, ...]:
        """The other contents of the shipments that were sent together."""
        mine = confirmations.alias()
        same_shipment = and_(
            mine.c.seller_id == confirmations.c.seller_id,
            mine.c.order_number == confirmations.c.order_number,
            mine.c.shipment_number == confirmations.c.shipment_number,
            mine.c.content != confirmations.c.content,
        )
        return await self._all(
            select(confirmations)
            .join(mine, same_shipment)
            .where(mine.c.seller_id == seller_id, mine.c.submission == submission)
        )

    async def of_feed(self, seller_id: str, feed_id: str) -> tuple[Confirmation, ...]:
        """The confirmations that travelled in this feed, oldest first."""
        return await self._all(
            select(confirmations)
            .where(confirmations.c.seller_id == seller_id, confirmations.c.feed_id == feed_id)
            .order_by(confirmations.c.created_at)
        )

    async def feeds_known_since(self, seller_id: str, moment: datetime) -> frozenset[str]:
        """The feed ids that we were given for this seller since `moment`, and maybe older ones."""
        query = select(known_feeds.c.feed_id).where(
            known_feeds.c.seller_id == seller_id,
            known_feeds.c.sent_at >= moment - _SENDING_AT_MOST,
        )

        def work(connection: Connection) -> frozenset[str]:
            return frozenset(connection.scalars(query).all())

        return await self._database.run(work)

    async def _all(self, query: Select[Any]) -> tuple[Confirmation, ...]:
        def work(connection: Connection) -> tuple[Confirmation, ...]:
            return tuple(map(_confirmation, connection.execute(query).all()))

        return await self._database.run(work)


def _select(key: ConfirmationKey) -> Select[Any]:
    return select(confirmations).where(_is(key))


def _is(key: ConfirmationKey) -> ColumnElement[bool]:
    return and_(
        confirmations.c.seller_id == key.seller_id,
        confirmations.c.order_number == key.order_number,
        confirmations.c.shipment_number == key.shipment_number,
        confirmations.c.content == key.content,
    )


def _seen(confirmation: Confirmation) -> dict[str, Any]:
    key = {f"seen_{name}": getattr(confirmation.key, name) for name in _KEY}
    return {**key, "seen_state": confirmation.state, "seen_sent_at": confirmation.sent_at}


def _columns(confirmation: Confirmation) -> dict[str, Any]:
    columns = msgspec.structs.asdict(confirmation)
    key = msgspec.structs.asdict(columns.pop("key"))
    return {**key, **columns, "items": msgspec.json.encode(confirmation.items).decode()}


def _confirmation(row: Row[Any]) -> Confirmation:
    columns = row._asdict()
    del columns["reason"]
    key = ConfirmationKey(*(columns.pop(field) for field in _KEY))
    items = msgspec.json.decode(columns.pop("items"), type=tuple[PackageItem, ...])
    channel = Channel(columns.pop("channel"))
    state = ConfirmationState(columns.pop("state"))
    return Confirmation(key=key, items=items, channel=channel, state=state, **columns)

"""Confirmations kept in the database: committed before anything is sent."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, and_, bindparam, select, update

from amazon_endpoint.services.confirmations import (
    Channel,
    Confirmation,
    ConfirmationKey,
    ConfirmationState,
)
from amazon_endpoint.shipments import PackageItem
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.tables import confirmations, known_feeds
from amazon_endpoint.storage.upserting import insert_unless_there, upsert

# A feed comes into being some time after `sent_at`. Knowing more feeds than asked for does no
# harm, knowing fewer makes another shipment's feed pass for the lost one.
_SENDING_AT_MOST = timedelta(hours=1)

_KEY = ConfirmationKey.__struct_fields__

# Built once: that takes longer than it takes SQLite to execute them.

_mine = confirmations.alias()

_OF_SELLER = select(confirmations).where(confirmations.c.seller_id == bindparam("seller_id"))
_IN_ORDERS = confirmations.c.order_number.in_(bindparam("order_numbers", expanding=True))
_OF_ORDERS = _OF_SELLER.where(_IN_ORDERS).order_by(confirmations.c.created_at)
_OF_FEED = _OF_SELLER.where(confirmations.c.feed_id == bindparam("feed_id")).order_by(
    confirmations.c.created_at
)
_RIVALS = (
    select(confirmations)
    .join(
        _mine,
        and_(
            _mine.c.seller_id == confirmations.c.seller_id,
            _mine.c.order_number == confirmations.c.order_number,
            _mine.c.shipment_number == confirmations.c.shipment_number,
            _mine.c.content != confirmations.c.content,
        ),
    )
    .where(
        _mine.c.seller_id == bindparam("seller_id"), _mine.c.submission == bindparam("submission")
    )
)

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

    async def of_orders(
        self, seller_id: str, order_numbers: Collection[str]
    ) -> tuple[Confirmation, ...]:
        """Every content ever confirmed for every shipment of these orders, oldest first."""
        return await self._all(_OF_ORDERS, seller_id=seller_id, order_numbers=list(order_numbers))

    async def add(self, new: Sequence[Confirmation]) -> None:
        """Store those whose keys are not there yet."""
        rows = [_columns(one) for one in sorted(new, key=_in_sequence)]

        def work(connection: Connection) -> None:
            upsert(connection, confirmations, rows, leave=confirmations.c.keys())

        await self._database.run(work)

    async def begin(self, new: Confirmation) -> bool:
        """Store it if its key is not there yet, else return False."""

        def work(connection: Connection) -> bool:
            return insert_unless_there(connection, confirmations, _columns(new))

        return await self._database.run(work)

    async def replace(self, seen: Confirmation, new: Confirmation) -> bool:
        """Store `new` if the row is still as `seen` (state and `sent_at`), else return False."""
        return await self.replace_all(((seen, new),))

    async def replace_all(self, moves: Sequence[tuple[Confirmation, Confirmation]]) -> bool:
        """Do as `replace` does for all of these, or for none of them."""

        def work(connection: Connection) -> None:
            ordered = sorted(moves, key=lambda move: _in_sequence(move[0]))
            changes = [{**_seen(seen), **_written(new)} for seen, new in ordered]
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
        return await self._all(_RIVALS, seller_id=seller_id, submission=submission)

    async def of_feed(self, seller_id: str, feed_id: str) -> tuple[Confirmation, ...]:
        """The confirmations that travelled in this feed, oldest first."""
        return await self._all(_OF_FEED, seller_id=seller_id, feed_id=feed_id)

    async def feeds_known_since(self, seller_id: str, moment: datetime) -> frozenset[str]:
        """The feed ids that we were given for this seller since `moment`, and maybe older ones."""
        query = select(known_feeds.c.feed_id).where(
            known_feeds.c.seller_id == seller_id,
            known_feeds.c.sent_at >= moment - _SENDING_AT_MOST,
        )

        def work(connection: Connection) -> frozenset[str]:
            return frozenset(connection.scalars(query).all())

        return await self._database.run(work)

    async def _all(self, query: Select[Any], **wanted: Any) -> tuple[Confirmation, ...]:
        def work(connection: Connection) -> Sequence[Row[Any]]:
            return connection.execute(query, wanted).all()

        return tuple(map(_confirmation, await self._database.run(work)))


def _in_sequence(confirmation: Confirmation) -> tuple[str, ...]:
    """Always the same, so that two who write the same rows don't lock each other."""
    key: tuple[str, ...] = msgspec.structs.astuple(confirmation.key)
    return key


def _seen(confirmation: Confirmation) -> dict[str, Any]:
    key = {f"seen_{name}": getattr(confirmation.key, name) for name in _KEY}
    return {**key, "seen_state": confirmation.state, "seen_sent_at": confirmation.sent_at}


def _written(confirmation: Confirmation) -> dict[str, Any]:
    """What is written over a row that is there. What stays as it is spares its indices."""
    columns = _columns(confirmation)
    for name in (*_KEY, "created_at"):
        del columns[name]
    return columns


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

"""The quarantine kept in the database."""

from collections.abc import Collection, Iterable
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, delete, select

from amazon_endpoint.amazon.port import UnreadableOrder
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.order_tables import quarantine
from amazon_endpoint.storage.upserting import upsert
from amazon_endpoint.sync.quarantine import QuarantinedOrder


class StoredQuarantine:
    """Implements `sync.quarantine.Quarantine`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, account_id: str | None = None) -> tuple[QuarantinedOrder, ...]:
        """The account's, or those of all accounts, the longest there first."""
        query = select(
            *(quarantine.c[name] for name in QuarantinedOrder.__struct_fields__)
        ).order_by(quarantine.c.first_seen_at, quarantine.c.name)
        if account_id is not None:
            query = query.where(quarantine.c.account_id == account_id)

        def work(connection: Connection) -> tuple[QuarantinedOrder, ...]:
            found = connection.execute(query)
            return tuple(QuarantinedOrder(**row._asdict()) for row in found)

        return await self._database.run(work)


def write_quarantine(
    connection: Connection,
    account_id: str,
    unreadable: Iterable[UnreadableOrder],
    readable: Collection[str],
    now: datetime,
) -> None:
    """Put aside what could not be read, and take out what could."""
    rows = {
        _name(one): {
            "account_id": account_id,
            "name": _name(one),
            "number": one.number,
            "reason": one.reason.replace("\0", ""),
            "first_seen_at": now,
            "last_seen_at": now,
        }
        for one in unreadable
    }
    if readable:
        connection.execute(
            delete(quarantine).where(
                quarantine.c.account_id == account_id,
                quarantine.c.name.in_(set(readable) - rows.keys()),
            )
        )
    upsert(connection, quarantine, list(rows.values()), leave={"first_seen_at"})


def _name(one: UnreadableOrder) -> str:
    return one.number or sha256(one.reason.encode()).hexdigest()

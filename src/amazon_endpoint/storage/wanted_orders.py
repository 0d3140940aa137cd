"""The orders to be read by number, kept in the database."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, exists, select, update

from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.locking import lock_account
from amazon_endpoint.storage.order_tables import wanted_orders
from amazon_endpoint.storage.sync_tables import accounts
from amazon_endpoint.storage.upserting import upsert
from amazon_endpoint.sync.known_orders import WantedOrder


class StoredWantedOrders:
    """Implements `sync.known_orders.WantedOrders`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def want(self, account_id: str, numbers: Sequence[str], now: datetime) -> None:
        """Have these read now, whether they were wanted before or not."""

        def work(connection: Connection) -> None:
            lock_account(connection, account_id)
            upsert(
                connection,
                wanted_orders,
                [
                    {
                        "account_id": account_id,
                        "number": number,
                        "wanted_at": now,
                        "next_attempt_at": now,
                        "attempts": 0,
                        "last_error": None,
                    }
                    for number in dict.fromkeys(numbers)
                ],
            )

        await self._database.run(work)

    async def due(
        self, account_id: str, now: datetime, limit: int, *, latest_first: bool = False
    ) -> tuple[WantedOrder, ...]:
        """Those to be read now: the longest due first, or those that were wanted last."""
        moment = (
            wanted_orders.c.wanted_at.desc() if latest_first else wanted_orders.c.next_attempt_at
        )
        query = (
            select(wanted_orders)
            .where(wanted_orders.c.account_id == account_id, wanted_orders.c.next_attempt_at <= now)
            .order_by(moment, wanted_orders.c.number)
            .limit(limit)
        )

        def work(connection: Connection) -> tuple[WantedOrder, ...]:
            return tuple(WantedOrder(**row._asdict()) for row in connection.execute(query))

        return await self._database.run(work)

    async def put_off(self, wanted: WantedOrder) -> None:
        """Keep what became of an attempt, unless the order was wanted anew or settled since."""
        this = (
            wanted_orders.c.account_id == wanted.account_id,
            wanted_orders.c.number == wanted.number,
            wanted_orders.c.wanted_at == wanted.wanted_at,
        )
        later = {
            "next_attempt_at": wanted.next_attempt_at,
            "attempts": wanted.attempts,
            "last_error": wanted.last_error,
        }

        def work(connection: Connection) -> None:
            connection.execute(update(wanted_orders).where(*this).values(later))

        await self._database.run(work)

    async def due_accounts(self, now: datetime) -> tuple[str, ...]:
        """The accounts, none of them paused, with orders to be read now."""
        due = exists().where(
            wanted_orders.c.account_id == accounts.c.id, wanted_orders.c.next_attempt_at <= now
        )
        query = select(accounts.c.id).where(accounts.c.paused_at.is_(None), due)

        def work(connection: Connection) -> tuple[str, ...]:
            return tuple(connection.scalars(query).all())

        return await self._database.run(work)

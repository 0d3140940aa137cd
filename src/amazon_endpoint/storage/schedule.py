"""The schedule: every moment in the database until which something is put off."""

from datetime import datetime

from sqlalchemy import Connection, update

from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.order_tables import outbox, readings, standings, wanted_orders
from amazon_endpoint.storage.shipment_tables import shipments, sync_feeds

_PUT_OFF = (
    readings.c.next_attempt_at,
    wanted_orders.c.next_attempt_at,
    outbox.c.next_attempt_at,
    standings.c.rests_until,
    shipments.c.next_attempt_at,
    sync_feeds.c.next_look_at,
)


class StoredSchedule:
    """Implements `sync.clock_watch.Schedule`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bring_forward(self, latest: datetime, *, beyond: datetime) -> int:
        """Have due by `latest` all that is put off beyond that moment; how much it was."""

        def work(connection: Connection) -> int:
            return sum(
                connection.execute(
                    update(moment.table).where(moment > beyond).values({moment: latest})
                ).rowcount
                for moment in _PUT_OFF
            )

        return await self._database.run(work)

"""Workers' heartbeats kept in the database, seen by every process that uses it."""

from sqlalchemy import Connection, delete, func, select, update

from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.sync_tables import workers
from amazon_endpoint.storage.upserting import insert_unless_there


class StoredWorkers:
    """Implements `sync.workers.Workers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def beat(self, worker: str) -> None:
        """Count one more beat of this worker, its first if it is new."""

        def work(connection: Connection) -> None:
            if not insert_unless_there(connection, workers, {"id": worker, "beats": 1}):
                connection.execute(
                    update(workers)
                    .where(workers.c.id == worker)
                    .values(beats=workers.c.beats + 1, beat_at=func.now())
                )

        await self._database.run(work)

    async def beats(self) -> dict[str, int]:
        """How many beats of each worker have been counted."""

        def work(connection: Connection) -> dict[str, int]:
            return {row.id: row.beats for row in connection.execute(select(workers))}

        return await self._database.run(work)

    async def claim(self, worker: str, beats: int) -> bool:
        """Count a beat in its place, if `beats` is where it still is."""

        def work(connection: Connection) -> bool:
            result = connection.execute(
                update(workers)
                .where(workers.c.id == worker, workers.c.beats == beats)
                .values(beats=beats + 1)
            )
            return result.rowcount == 1

        return await self._database.run(work)

    async def forget(self, worker: str) -> None:
        """Count this worker no more."""

        def work(connection: Connection) -> None:
            connection.execute(delete(workers).where(workers.c.id == worker))

        await self._database.run(work)

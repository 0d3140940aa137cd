"""Storage: the database opened, and what is kept in it."""

from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from amazon_endpoint.location import Location, StorageUnusable, locate
from amazon_endpoint.storage.confirmations import StoredConfirmations
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.encryption import Keyring, open_keyring
from amazon_endpoint.storage.engine import create_engine
from amazon_endpoint.storage.quotas import StoredQuotas
from amazon_endpoint.storage.resealing import holds_sealed
from amazon_endpoint.storage.schema import migrate
from amazon_endpoint.storage.status import StoredStatus
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.storage.windows import StoredWindows
from amazon_endpoint.storage.workers import StoredWorkers


class Storage:
    """What is kept, opened by `Storage.open` and to be closed; `async with` closes it."""

    def __init__(self, database: Database, location: Location) -> None:
        self._database = database
        self._location = location
        self.quotas = StoredQuotas(database)
        self.confirmations = StoredConfirmations(database)
        self.windows = StoredWindows(database)
        self.workers = StoredWorkers(database)

    @classmethod
    async def open(cls, setting: str) -> Self:
        """Open the database that `setting` names, create it if need be, bring it up to date.

        Raises:
            StorageUnusable: it can't be reached, read or written, or a newer version wrote it.
        """
        location = locate(setting)
        try:
            database = Database(create_engine(location))
            try:
                await database.uninterrupted(migrate)
            except BaseException:
                await database.close()
                raise
        except OSError as error:
            raise StorageUnusable(
                f"{location.shown} can't be written: {error.strerror}."
            ) from error
        except DBAPIError as error:
            reason = " ".join(str(error.orig).split())
            raise StorageUnusable(f"{location.shown} can't be used: {reason}") from error
        return cls(database, location)

    async def unlock(self, key: str | None) -> SyncStorage:
        """What is kept sealed as well, opened with the keys of the setting `key`.

        Without any, SQLite has a file with a key beside its own; it is created at first use.

        Raises:
            KeyUnusable: there is no key that can be used.
            StorageUnavailable: the database doesn't answer as it should at the moment.
        """

        def work(connection: Connection) -> Keyring:
            # SQLite's transactions come one after the other: nobody creates another file meanwhile.
            fresh = not holds_sealed(connection)
            return open_keyring(key, self._location, may_create=fresh)

        return SyncStorage(self._database, await self._database.run(work))

    def status(self, key: str | None) -> StoredStatus:
        """How it goes with the accounts. Without the keys it lacks only what credentials tell."""
        return StoredStatus(self._database, self._location, key)

    async def close(self) -> None:
        """Close every connection."""
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

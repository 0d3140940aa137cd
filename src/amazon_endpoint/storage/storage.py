"""Storage: the database opened, and what is kept in it."""

from types import TracebackType
from typing import Self

from sqlalchemy.exc import DBAPIError

from amazon_endpoint.storage.confirmations import StoredConfirmations
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.engine import StorageUnusable, create_engine, locate
from amazon_endpoint.storage.quotas import StoredQuotas
from amazon_endpoint.storage.schema import migrate


class Storage:
    """What is kept, opened by `Storage.open` and to be closed; `async with` closes it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.quotas = StoredQuotas(database)
        self.confirmations = StoredConfirmations(database)

    @classmethod
    async def open(cls, database: str) -> Self:
        """Open the database that the setting names, create it if need be, bring it up to date.

        Raises:
            StorageUnusable: it can't be reached, read or written, or a newer version wrote it.
        """
        location = locate(database)
        try:
            engine = create_engine(location)
            try:
                await migrate(engine)
            except BaseException:
                await engine.dispose()
                raise
        except OSError as error:
            raise StorageUnusable(
                f"{location.shown} can't be written: {error.strerror}."
            ) from error
        except DBAPIError as error:
            reason = " ".join(str(error.orig).split())
            raise StorageUnusable(f"{location.shown} can't be used: {reason}") from error
        return cls(Database(engine))

    async def close(self) -> None:
        """Close every connection."""
        await self._database.engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

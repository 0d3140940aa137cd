"""Transactions, and what their failures mean to the rest of the house."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from amazon_endpoint.errors import InvalidInput, Later

T = TypeVar("T")


class StorageUnavailable(Later):
    """The endpoint's own database doesn't answer as it should at the moment."""


class Database:
    """Where transactions are carried out."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do `work` in a transaction and commit it, unless it raises.

        Raises:
            StorageUnavailable: the database is gone, locked or full. What was to be committed
                may have been.
            InvalidInput: a value holds what the database can't keep.
        """
        try:
            return await self.uninterrupted(work)
        except (OperationalError, InterfaceError, InternalError, PoolTimeout) as error:
            raise StorageUnavailable from error
        except DataError as error:
            raise InvalidInput from error

    async def uninterrupted(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """As `run`, with the database's own errors.

        A caller that is cancelled doesn't wait, but the transaction goes on to its end: drivers
        that are cancelled halfway may hang, and leave nobody knowing what was committed.
        """
        task = asyncio.create_task(self._transaction(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _transaction(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._engine.begin() as connection:
            return await work(connection)

    async def close(self) -> None:
        """Close every connection, once the last transaction has come to its end."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._engine.dispose()


async def insert_unless_there(
    connection: AsyncConnection, table: Table, values: dict[str, Any]
) -> bool:
    """Insert a row and return True; do nothing where its key is taken already, by whomever."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # Drivers don't agree on what to count of an insert.
    inserted = insert(table).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return (await connection.execute(inserted, values)).first() is not None

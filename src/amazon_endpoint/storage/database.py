"""Transactions, and what their failures mean to the rest of the house."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from amazon_endpoint.errors import InvalidInput, Later


class StorageUnavailable(Later):
    """The endpoint's own database doesn't answer as it should at the moment."""


class Database:
    """Where transactions begin."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, committed at the end of the block unless it raises.

        Raises:
            StorageUnavailable: the database is gone, locked or full. What was to be committed
                may have been.
            InvalidInput: a value holds what the database can't keep.
        """
        try:
            async with self.engine.begin() as connection:
                yield connection
        except (OperationalError, InterfaceError, InternalError, PoolTimeout) as error:
            raise StorageUnavailable from error
        except DataError as error:
            raise InvalidInput from error


async def insert_unless_there(
    connection: AsyncConnection, table: Table, values: dict[str, Any]
) -> None:
    """Insert a row; do nothing where its key is taken already, by whomever."""
    if connection.dialect.name == "postgresql":
        await connection.execute(postgresql.insert(table).on_conflict_do_nothing(), values)
    else:
        await connection.execute(sqlite.insert(table).on_conflict_do_nothing(), values)

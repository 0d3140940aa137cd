"""Resealing: the first key takes over what others sealed, so that those can be dropped."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Table, exists, func, select, tuple_, update

from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.encryption import HEADER_BYTES, Damaged, KeyMissing, Keyring
from amazon_endpoint.storage.sync_tables import sealed_columns

_BATCH = 500


class Resealed(msgspec.Struct, frozen=True):
    """How many values were sealed anew, and why others could not be opened."""

    count: int
    failures: tuple[str, ...]


def holds_sealed(connection: Connection) -> bool:
    """Whether anything was sealed in this database."""
    for _, column in sealed_columns():
        if connection.scalar(select(exists().where(column.is_not(None)))):
            return True
    return False


async def reseal(database: Database, keyring: Keyring) -> Resealed:
    """Seal with the first key what others sealed, a batch of rows in each transaction.

    What can't be opened stays as it is and is told. It may be interrupted and begun again at will.

    Raises:
        KeyMissing: there is no key.
        StorageUnavailable: the database doesn't answer as it should at the moment.
    """
    count, failures = 0, list[str]()
    for table, column in sealed_columns():
        walk = _Walk(table, column, keyring)
        while await database.run(walk.step):
            pass
        count += walk.count
        failures += walk.failures
    return Resealed(count, tuple(failures))


class _Walk:
    """Through the rows of a table that another key sealed, in the order of their keys."""

    def __init__(self, table: Table, column: Column[bytes], keyring: Keyring) -> None:
        self._table = table
        self._column = column
        self._keyring = keyring
        self._key = tuple(table.primary_key.columns)
        self._last: Sequence[Any] = ()
        self.count = 0
        self.failures: list[str] = []

    def step(self, connection: Connection) -> bool:
        """Seal the next rows anew; False when there are no more."""
        sealed_first = func.substr(self._column, 1, HEADER_BYTES) == self._keyring.header
        query = (
            select(*self._key, self._column)
            .where(~sealed_first)
            .order_by(*self._key)
            .limit(_BATCH)
            .with_for_update()
        )
        if self._last:
            query = query.where(tuple_(*self._key) > tuple(self._last))
        rows = connection.execute(query).all()
        for *key, sealed in rows:
            self._last = key
            self._reseal(connection, key, sealed)
        return bool(rows)

    def _reseal(self, connection: Connection, key: Sequence[Any], sealed: bytes) -> None:
        table = self._column.info.get("place", self._table.name)
        place = {"table": table, "row": "/".join(map(str, key))}
        try:
            anew = self._keyring.seal(self._keyring.open(sealed, **place), **place)
        except (KeyMissing, Damaged) as error:
            self.failures.append(error.message)
            return
        this = [column == value for column, value in zip(self._key, key, strict=True)]
        connection.execute(update(self._table).where(*this).values({self._column: anew}))
        self.count += 1

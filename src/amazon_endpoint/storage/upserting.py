"""Upserting: rows are written whether they are there already or not."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[dict[str, Any]],
    *,
    leave: Collection[str] = (),
) -> None:
    """Insert the rows; of those that are there, overwrite all columns but those to `leave`.

    With all columns left but the key, what is there stays as it is. All rows have the same columns.
    """
    if rows:
        written = tuple(one for one in rows[0] if one not in leave)
        connection.execute(_statement(connection.dialect.name, table, written), rows)


def insert_unless_there(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert a row and return True; do nothing where its key is taken already, by whomever."""
    inserted = _insert_unless_there(connection.dialect.name, table)
    return connection.execute(inserted, values).first() is not None


# Building one takes as long as ten rows take to write.
@cache
def _statement(dialect: str, table: Table, written: tuple[str, ...]) -> Executable:
    new = _insert(dialect, table)
    key = table.primary_key.columns
    overwritten = {one: new.excluded[one] for one in written if one not in key}
    if not overwritten:
        return new.on_conflict_do_nothing()
    return new.on_conflict_do_update(index_elements=list(key), set_=overwritten)


@cache
def _insert_unless_there(dialect: str, table: Table) -> Executable:
    # Drivers don't agree on what to count of an insert.
    return _insert(dialect, table).on_conflict_do_nothing().returning(*table.primary_key.columns)


def _insert(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)

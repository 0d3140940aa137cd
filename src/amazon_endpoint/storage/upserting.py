"""Upserting: many rows at once, whether they are there already or not."""

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


# Building one takes as long as ten rows take to write.
@cache
def _statement(dialect: str, table: Table, written: tuple[str, ...]) -> Executable:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    new = insert(table)
    key = table.primary_key.columns
    overwritten = {one: new.excluded[one] for one in written if one not in key}
    if not overwritten:
        return new.on_conflict_do_nothing()
    return new.on_conflict_do_update(index_elements=list(key), set_=overwritten)

"""Upserting: many rows at once, whether they are there already or not."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Table
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
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(table)
    key = table.primary_key.columns
    written = [one for one in rows[0] if one not in key and one not in leave]
    if written:
        new = new.on_conflict_do_update(
            index_elements=list(key), set_={one: new.excluded[one] for one in written}
        )
    else:
        new = new.on_conflict_do_nothing()
    connection.execute(new, rows)

"""The tables of sync: what happens when.

A column whose `info` has `SEALED` holds what the keyring sealed: for its table or, where that has
another such column, for the place that `info` names. Its row's identity is the primary key, several
columns of it joined with slashes.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, Text, func, text

from amazon_endpoint.storage.tables import Moment, metadata

SEALED: dict[Any, Any] = {"sealed": True}

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("seller_id", String(64), nullable=False),
    Column("settings", Text, nullable=False),
    Column("secrets", LargeBinary, nullable=False, info=SEALED),
    Column("paused_at", Moment),
    Column("created_at", Moment, nullable=False),
)

# `beat_at` is by the database's own clock, and may be compared with nothing but that.
workers = Table(
    "workers",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("beats", BigInteger, nullable=False),
    Column("beat_at", Moment, nullable=False, server_default=func.now()),
)


def sealed_columns() -> tuple[tuple[Table, Column[bytes]], ...]:
    """Every sealed column, with its table."""
    return tuple(
        (table, column)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.info.get("sealed")
    )


def where(condition: str) -> dict[str, Any]:
    """What makes an index one of these rows alone, on a database of either kind."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}

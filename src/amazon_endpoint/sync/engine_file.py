"""The engine's own SQLite file, beside the database: it may be lost, and is written accordingly."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event

from amazon_endpoint.location import StorageUnusable


def open_engine_file(database: Path) -> Engine:
    """Connections to the file, created for nobody else. To be disposed of.

    Raises:
        StorageUnusable: it can't be written.
    """
    file = Path(f"{database}.engine")
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    except (OSError, sqlite3.Error) as error:
        raise StorageUnusable(
            f"{file} can't be used: {error}. It may be deleted: what is due is found again."
        ) from error
    engine = create_engine(URL.create("sqlite", database=str(file)))

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute("PRAGMA busy_timeout = 30000")
        connection.execute("PRAGMA foreign_keys = ON")
        # What a loss of power takes is found again: no commit has to wait for the disk.
        connection.execute("PRAGMA synchronous = NORMAL")

    return engine

"""The engine: from the database's location to connections that keep what they commit."""

import os
import sqlite3
from contextlib import suppress
from typing import Any

import sqlalchemy
from sqlalchemy import URL, Connection, Engine, QueuePool, event
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random

from amazon_endpoint.location import Location, StorageUnusable

_SECONDS_TO_WAIT = 30


def create_engine(location: Location) -> Engine:
    """An engine for this database. It connects when it is first used.

    Raises:
        OSError: SQLite's file can't be created.
        StorageUnusable: what has its name is no file that can be read and written.
    """
    if location.path is None:
        return _postgresql_engine(location.url)
    location.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(location.path, os.O_CREAT | os.O_EXCL, 0o600))
    if not (location.path.is_file() and os.access(location.path, os.R_OK | os.W_OK)):
        raise StorageUnusable(f"{location.shown} is no file that can be read and written.")
    return _sqlite_engine(location.url)


def _sqlite_engine(url: URL) -> Engine:
    engine = sqlalchemy.create_engine(
        url,
        hide_parameters=True,
        # SQLite writes one at a time. One connection makes this process queue for it fairly,
        # where several would poll for its lock.
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        # Without an isolation level the driver begins no transactions: we do, below.
        connect_args={"timeout": _SECONDS_TO_WAIT, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: Any) -> None:
        try:
            _write_ahead(connection)
            # An intent that is committed must outlive a loss of power.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            # What is erased must not be found in the file's free space.
            connection.execute("PRAGMA secure_delete = ON")
        except Exception:
            # The pool doesn't know it yet.
            connection.close()
            raise

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads before it writes would lose to another writer without waiting.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _is_busy(error: BaseException) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


# SQLite's own waiting doesn't cover this statement when processes meet over a new file.
@retry(
    retry=retry_if_exception(_is_busy),
    wait=wait_random(0, 0.05),
    stop=stop_after_delay(_SECONDS_TO_WAIT),
    reraise=True,
)
def _write_ahead(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")


def _postgresql_engine(url: URL) -> Engine:
    engine = sqlalchemy.create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=10,
        max_overflow=0,
        pool_pre_ping=True,
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # A host that dies inside a transaction must not keep its locks until TCP notices.
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{_SECONDS_TO_WAIT}s'")
        cursor.execute(f"SET lock_timeout = '{_SECONDS_TO_WAIT}s'")
        cursor.close()
        connection.autocommit = False

    return engine

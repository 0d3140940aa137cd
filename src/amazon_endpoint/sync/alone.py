"""Alone on a file: SQLite serves one process at work, and a second one is refused."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amazon_endpoint.location import StorageUnusable


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """Be the only process at work on this SQLite file.

    The lock is the system's, on a file beside the database: it ends with the process, however
    that ends. On the database itself it would take away SQLite's own locks when it is closed.

    Raises:
        StorageUnusable: another process is at work, or the lock can't be written.
    """
    lock = Path(f"{database.resolve()}.lock")
    try:
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StorageUnusable(f"{lock} can't be written: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StorageUnusable(
                f"Another process is at work on {database}, and SQLite serves only one. Stop that "
                "one first, or give a PostgreSQL database, which serves many."
            ) from None
        yield
    finally:
        os.close(descriptor)

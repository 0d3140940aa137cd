"""Backup: SQLite's file copied as it is at one moment, while others go on writing to it."""

import os
import sqlite3
from contextlib import closing
from errno import EEXIST
from pathlib import Path

from amazon_endpoint.location import StorageUnusable


def back_up(database: Path, target: Path) -> None:
    """Copy the database, in whatever version it is, into a new file for the owner alone.

    The file appears under its name once it is whole, checked and on the disk. The key isn't in it,
    nor are the engine's own tables, which nothing depends on.

    Raises:
        StorageUnusable: it isn't there, or can't be read or copied.
        FileExistsError: the target is there already, or half of it.
        OSError: the target can't be written.
    """
    if not database.is_file():
        raise StorageUnusable(f"There is no database at {database}.")
    if target.exists():
        raise FileExistsError(EEXIST, os.strerror(EEXIST), str(target))
    draft = target.with_name(f"{target.name}.part")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        _copy(database, draft)
        _keep(draft)
        draft.replace(target)
    except sqlite3.Error as error:
        raise StorageUnusable(f"{database} can't be copied: {error}.") from error
    finally:
        draft.unlink(missing_ok=True)
    _keep(target.parent)


def _copy(database: Path, draft: Path) -> None:
    # Named by its path alone, a file that went away would be created anew.
    with (
        closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)) as source,
        closing(sqlite3.connect(draft, isolation_level=None)) as copy,
    ):
        # In a single step, and so as of a single moment.
        source.backup(copy)
        # Else it would go on in files beside it.
        copy.execute("PRAGMA journal_mode = DELETE")
        (told,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        if told != "ok":
            raise sqlite3.DatabaseError(f"it is damaged: {told}")


def _keep(path: Path) -> None:
    """Have the disk hold it, though the power be lost."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Backing SQLite's file up: whole, as of one moment, and never over another file."""

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from amazon_endpoint.location import StorageUnusable
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.backup import back_up
from amazon_endpoint.storage.encryption import KeyMissing
from tests.integration.sync.accounts import ACCOUNT, KEY

OTHER_KEY = "b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVyb3Q="


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with an account, its key in the file beside it."""
    path = tmp_path / "state" / "endpoint.db"

    async def fill() -> None:
        async with await Storage.open(str(path)) as storage:
            await (await storage.unlock(None)).accounts.add(ACCOUNT)

    anyio.run(fill)
    return path


def in_file(database: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def holds(file: Path, content: bytes) -> bool:
    return content in file.read_bytes()


async def test_it_holds_what_was_committed_and_not_yet_in_the_file(
    database: Path, tmp_path: Path
) -> None:
    async with await Storage.open(str(database)) as storage:
        await storage.workers.beat("here")
        assert not holds(database, b"here")
        back_up(database, tmp_path / "backup.db")
        await storage.workers.beat("later")

    assert in_file(tmp_path / "backup.db", "SELECT id FROM workers") == [("here",)]


def test_it_is_one_file_for_the_owner_alone(database: Path, tmp_path: Path) -> None:
    target = tmp_path / "backups" / "monday.db"
    target.parent.mkdir()
    back_up(database, target)

    assert list(target.parent.iterdir()) == [target]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


async def test_it_is_of_one_moment_whatever_is_written_meanwhile(
    database: Path, tmp_path: Path
) -> None:
    # Two tables that are always changed together.
    in_file(database, "CREATE TABLE one AS SELECT 0 AS n")
    in_file(database, "CREATE TABLE other AS SELECT 0 AS n")
    stopped = asyncio.Event()

    def write() -> None:
        with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE one SET n = n + 1")
            connection.execute("UPDATE other SET n = n + 1")
            connection.execute("COMMIT")

    async def keep_writing() -> None:
        while not stopped.is_set():
            await asyncio.to_thread(write)

    writer = asyncio.create_task(keep_writing())
    seen = set()
    for number in range(20):
        target = tmp_path / f"{number}.db"
        await asyncio.to_thread(back_up, database, target)
        ((one, other),) = in_file(target, "SELECT one.n, other.n FROM one, other")
        assert one == other
        seen.add(one)
    stopped.set()
    await writer
    assert len(seen) > 1


def test_it_overwrites_nothing(database: Path, tmp_path: Path) -> None:
    (tmp_path / "monday.db").write_text("precious")
    (tmp_path / "tuesday.db.part").write_text("another backup is under way")

    for name in ("monday.db", "tuesday.db"):
        with pytest.raises(FileExistsError):
            back_up(database, tmp_path / name)

    assert (tmp_path / "monday.db").read_text() == "precious"
    assert (tmp_path / "tuesday.db.part").read_text() == "another backup is under way"


def test_of_a_damaged_database_no_backup_is_left(database: Path, tmp_path: Path) -> None:
    in_file(database, "PRAGMA journal_mode = DELETE")
    content = bytearray(database.read_bytes())
    page = 4096
    content[2 * page : 3 * page] = bytes(page)
    database.write_bytes(content)

    with pytest.raises(StorageUnusable, match="can't be copied"):
        back_up(database, tmp_path / "backup.db")

    assert list(tmp_path.glob("backup*")) == []


def test_where_there_is_no_database_none_is_created(tmp_path: Path) -> None:
    with pytest.raises(StorageUnusable, match="no database"):
        back_up(tmp_path / "typing-error.db", tmp_path / "backup.db")

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("These are notes, and not a database at all.\n" * 100)

    with pytest.raises(StorageUnusable, match="not a database"):
        back_up(tmp_path / "notes", tmp_path / "backup.db")

    assert list(tmp_path.glob("backup*")) == []


def test_a_database_of_a_newer_version_is_copied_as_it_is(database: Path, tmp_path: Path) -> None:
    in_file(database, "UPDATE alembic_version SET version_num = '9999'")

    back_up(database, tmp_path / "backup.db")

    assert in_file(tmp_path / "backup.db", "SELECT * FROM alembic_version") == [("9999",)]


# Restored


async def restored(database: Path, tmp_path: Path) -> Path:
    """A backup, put where nothing was before."""
    target = tmp_path / "elsewhere" / "endpoint.db"
    target.parent.mkdir()
    back_up(database, target)
    return target


async def test_with_its_key_it_opens_elsewhere(database: Path, tmp_path: Path) -> None:
    target = await restored(database, tmp_path)
    key = target.with_name("endpoint.db.key")
    key.write_bytes(database.with_name("endpoint.db.key").read_bytes())
    key.chmod(0o600)

    async with await Storage.open(str(target)) as storage:
        assert await (await storage.unlock(None)).accounts.all() == (ACCOUNT,)


async def test_without_its_key_what_is_missing_is_told(database: Path, tmp_path: Path) -> None:
    target = await restored(database, tmp_path)

    async with await Storage.open(str(target)) as storage:
        sync = await storage.unlock(None)
        with pytest.raises(KeyMissing, match=r"endpoint\.db\.key is gone.*Restore it"):
            await sync.accounts.all()
    # A new key would only hide that the old one is missing.
    assert not target.with_name("endpoint.db.key").exists()


@pytest.mark.parametrize("key", [KEY, OTHER_KEY])
async def test_with_another_key_the_right_one_is_named(
    database: Path, tmp_path: Path, key: str
) -> None:
    target = await restored(database, tmp_path)

    async with await Storage.open(str(target)) as storage:
        sync = await storage.unlock(key)
        with pytest.raises(KeyMissing, match=r"shop-us was sealed with key [0-9a-f]{16}, which is"):
            await sync.accounts.all()

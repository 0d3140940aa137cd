"""Opening a database: created, brought up to date, or refused in words that help."""

import multiprocessing
import stat
from pathlib import Path

import anyio
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from amazon_endpoint.location import locate
from amazon_endpoint.storage import Storage, StorageUnavailable, StorageUnusable
from amazon_endpoint.storage.engine import create_engine
from amazon_endpoint.storage.schema import LATEST
from amazon_endpoint.storage.tables import metadata
from tests.postgresql import PostgreSQL

pytestmark = pytest.mark.no_tables


def open_and_close(database_url: str) -> None:
    async def main() -> None:
        async with await Storage.open(database_url):
            pass

    anyio.run(main)


async def execute(database_url: str, statement: str) -> None:
    engine = create_engine(locate(database_url))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


async def test_the_history_leads_to_the_tables(storage: Storage) -> None:
    def differences(connection: Connection) -> object:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == LATEST
        return compare_metadata(context, metadata)

    assert await storage._database.run(differences) == []


async def test_opening_again_changes_nothing(database_url: str) -> None:
    for _ in range(2):
        async with await Storage.open(database_url):
            pass


def test_processes_that_start_together_create_it_once(database_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as processes:
        processes.map(open_and_close, [database_url] * 6, chunksize=1)


async def test_a_newer_version_is_refused(database_url: str) -> None:
    async with await Storage.open(database_url):
        pass
    await execute(database_url, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StorageUnusable, match=r"AMAZON_ENDPOINT_DATABASE: .*9999.*newer"):
        await Storage.open(database_url)


async def test_a_failed_migration_leaves_nothing_behind(database_url: str) -> None:
    await execute(database_url, "CREATE TABLE confirmations (odd INTEGER)")

    with pytest.raises(StorageUnusable, match="confirmations"):
        await Storage.open(database_url)
    with pytest.raises(StorageUnusable, match="confirmations"):
        await Storage.open(database_url)


async def test_the_file_and_its_folder_are_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "endpoint.db"
    async with await Storage.open(str(path)):
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


async def test_what_is_committed_outlives_a_loss_of_power(tmp_path: Path) -> None:
    def pragmas(connection: Connection) -> list[object]:
        return [
            connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    async with await Storage.open(str(tmp_path / "endpoint.db")) as storage:
        told = await storage._database.run(pragmas)

    full = 2
    assert told == ["wal", full, 1]


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are notes, and not a database at all.\n" * 100)

    with pytest.raises(
        StorageUnusable, match=r"AMAZON_ENDPOINT_DATABASE: .*notes\.txt.*not a data"
    ):
        await Storage.open(str(path))


async def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageUnusable, match=r"AMAZON_ENDPOINT_DATABASE: .* is no file"):
        await Storage.open(str(tmp_path))


async def test_a_file_inside_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StorageUnusable, match="can't be written"):
        await Storage.open(str(tmp_path / "file" / "endpoint.db"))


async def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql://shop:hunter2@/orders?host={tmp_path}"

    with pytest.raises(StorageUnusable) as raised:
        await Storage.open(url)
    assert f"postgresql://shop:***@/orders?host={tmp_path}" in str(raised.value)
    assert "hunter2" not in str(raised.value)


async def test_a_database_that_is_not_there_is_refused(postgresql_server: PostgreSQL) -> None:
    with pytest.raises(StorageUnusable, match='database "nowhere" does not exist'):
        await Storage.open(f"postgresql://postgres@/nowhere?host={postgresql_server.host}")


async def test_a_connection_that_died_is_replaced(postgresql_url: str) -> None:
    async with await Storage.open(postgresql_url) as storage:
        await execute(
            postgresql_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        assert await storage.confirmations.of_feed("A1SELLER", "50013018") == ()


async def test_a_database_that_goes_away_is_worth_another_try(postgresql_url: str) -> None:
    def lose(connection: Connection) -> None:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    async with await Storage.open(postgresql_url) as storage:
        with pytest.raises(StorageUnavailable):
            await storage._database.run(lose)


async def test_once_closed_it_is_used_no_more(database_url: str) -> None:
    async with await Storage.open(database_url) as storage:
        pass
    with pytest.raises(StorageUnavailable):
        await storage.confirmations.of_feed("A1SELLER", "50013018")

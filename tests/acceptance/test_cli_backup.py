"""`amazon-endpoint backup` copies SQLite's file, and says what it leaves out."""

import stat

from tests.acceptance.conftest import Command


def test_it_is_copied_while_it_is_served(bare_command: Command) -> None:
    with bare_command.running("serve", "--port", "0") as server:
        assert server.stdout is not None
        server.stdout.readline()
        done = bare_command("backup", "monday.db")

    target = bare_command.folder / "monday.db"
    assert done.returncode == 0
    assert done.stdout.startswith("monday.db holds the database (")
    assert "The key is not in it." in done.stderr
    assert f"{bare_command.folder}/endpoint.db.key" in done.stderr
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert bare_command("accounts", "list", database="monday.db").returncode == 0


def test_a_file_that_is_there_is_left_alone(bare_command: Command) -> None:
    bare_command("accounts", "list")
    (bare_command.folder / "monday.db").write_text("precious")
    done = bare_command("backup", "monday.db")
    assert done.returncode == 2
    assert "nothing is overwritten" in done.stderr
    assert (bare_command.folder / "monday.db").read_text() == "precious"


def test_the_key_of_the_settings_is_named(bare_command: Command) -> None:
    bare_command("accounts", "list")
    done = bare_command("backup", "monday.db", key="azFrMWsxazFrMWsxazFrMWsxazFrMWsxazFrMWsxazE=")
    assert "AMAZON_ENDPOINT_KEY" in done.stderr
    assert "azFr" not in done.stdout + done.stderr


def test_postgresql_has_tools_of_its_own(bare_command: Command) -> None:
    done = bare_command("backup", "monday.db", database="postgresql://127.0.0.1/shop")
    assert done.returncode == 2
    assert "docs/backup.md" in done.stderr
    assert not (bare_command.folder / "monday.db").exists()


def test_where_nothing_is_there_nothing_is_made(bare_command: Command) -> None:
    done = bare_command("backup", "monday.db")
    assert done.returncode == 2
    assert "There is no database" in done.stderr
    assert list(bare_command.folder.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(bare_command: Command) -> None:
    bare_command("accounts", "list")
    done = bare_command("backup", "nowhere/monday.db")
    assert done.returncode == 1
    assert "nowhere/monday.db" in done.stderr

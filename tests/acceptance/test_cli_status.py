"""`amazon-endpoint status` tells how it goes, and by its exit code whether somebody is wanted."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from amazon_endpoint.storage import Storage
from tests.acceptance.conftest import Command
from tests.acceptance.test_cli_erase import NUMBER, keep

WEBHOOK = ("--to", "https://shop.example/hooks")


def at_work(command: Command) -> None:
    """As a worker leaves it whose heart beat just now."""

    async def work() -> None:
        async with await Storage.open(command.settings["AMAZON_ENDPOINT_DATABASE"]) as storage:
            await storage.workers.beat("worker")

    asyncio.run(work())


def parked(command: Command) -> None:
    """As a store leaves it that refused a message for three days."""
    now = datetime.now(UTC)

    async def work() -> None:
        async with await Storage.open(command.settings["AMAZON_ENDPOINT_DATABASE"]) as storage:
            outbox = (await storage.unlock(None)).outbox
            (message,) = await outbox.due("shop", now, 9)
            await outbox.park(message, "The store answered 422.")

    keep(command)
    asyncio.run(work())


@pytest.fixture
def shop(command: Command) -> Command:
    assert command("accounts", "add", "shop", *WEBHOOK).returncode == 0
    at_work(command)
    return command


def test_without_accounts_all_is_well(command: Command) -> None:
    done = command("status")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "0 accounts, 0 workers at work, SQLite: all is well\n"


def test_where_all_is_well_the_exit_code_is_0(shop: Command) -> None:
    done = shop("status", "--json")

    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["healthy"], told["findings"], told["cases"]) == (True, [], [])
    assert (told["status"]["database"], told["status"]["workers"]) == ("sqlite", ["worker"])
    (account,) = told["status"]["accounts"]
    assert (account["id"], account["outbox"]["pending"], account["quotas"]) == ("shop", 0, [])
    assert "all is well" in shop("status").stdout


def test_what_needs_attention_is_told_with_what_to_do_and_exit_code_1(shop: Command) -> None:
    parked(shop)

    done = shop("status", "--json")

    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["healthy"] is False
    (finding,) = told["findings"]
    assert (finding["severity"], finding["account_id"]) == ("problem", "shop")
    assert "amazon-endpoint deliveries redeliver shop" in finding["next_step"]
    shown = shop("status")
    assert shown.returncode == 1
    assert shown.stdout.index("problem") < shown.stdout.index("Read up to")
    assert "The store answered 422." in shown.stdout


def test_a_notice_needs_no_attention(shop: Command) -> None:
    assert shop("accounts", "pause", "shop").returncode == 0

    done = shop("status", "--json")

    assert done.returncode == 0
    assert [one["severity"] for one in json.loads(done.stdout)["findings"]] == ["notice"]


def test_one_account_is_told_with_what_there_is_to_look_at(shop: Command) -> None:
    parked(shop)

    (case,) = json.loads(shop("status", "--account", "shop", "--json").stdout)["cases"]

    assert (case["kind"], case["number"]) == ("parked message", NUMBER)
    shown = shop("status", "--account", "shop").stdout
    assert NUMBER in shown
    assert "1 parked" in shown
    assert shop("status", "--account", "nobody").stderr.startswith("Error: There is no account")


def test_without_its_key_the_rest_is_told(shop: Command) -> None:
    (shop.folder / "endpoint.db.key").unlink()

    done = shop("status", "--json")

    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["status"]["accounts"][0]["quotas"] is None
    assert "endpoint.db.key" in told["status"]["locked"]
    assert not (shop.folder / "endpoint.db.key").exists()


def test_a_secret_that_expires_soon_is_told(command: Command) -> None:
    expires = (datetime.now(UTC) + timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    command("accounts", "add", "shop", *WEBHOOK, "--secret-expires", expires)
    at_work(command)

    done = command("status")

    assert done.returncode == 1
    assert "expires in 9 days" in done.stdout
    assert "accounts rotate shop" in done.stdout


def test_watching_ends_with_a_signal(shop: Command) -> None:
    refused = shop("status", "--watch", "--json")
    assert refused.returncode == 2

    with shop.running("status", "--watch") as watching:
        assert watching.stdout is not None
        assert "all is well" in watching.stdout.readline()
        watching.terminate()
        assert watching.wait(30) == 0

"""`amazon-endpoint deliveries` and `quarantine`: what is stuck is seen, and set going again."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from amazon_endpoint.amazon.port import UnreadableOrder
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.sync.intake import take_in
from tests.acceptance.conftest import Command
from tests.unit.hub.examples import order

WEBHOOK = ("--to", "https://shop.example/hooks")
NOW = datetime.now(UTC)
NUMBERS = [f"111-0000000-000000{number}" for number in range(4)]
UNREADABLE = "111-0000000-0000009"


def with_kept(command: Command, work: Callable[[SyncStorage], Awaitable[None]]) -> None:
    async def run() -> None:
        async with await Storage.open(command.settings["AMAZON_ENDPOINT_DATABASE"]) as storage:
            await work(await storage.unlock(None))

    asyncio.run(run())


async def keep_orders(kept: SyncStorage) -> None:
    """Four orders to be told: one parked, one put off. A fifth one can't be read."""
    await kept.orders.take_in(
        "shop",
        NUMBERS,
        lambda known, marker: take_in(
            [order(number=number) for number in NUMBERS],
            [UnreadableOrder(UNREADABLE, "This order can't be read: [no] price.")],
            known,
            marker=marker,
            shipping_methods={},
            read_at=NOW,
            behind=NOW,
            now=NOW,
        ),
    )
    parked, put_off, *_ = await kept.outbox.due("shop", NOW, 9)
    await kept.outbox.park(parked, "The store answered 422.")
    await kept.outbox.put_off(put_off, NOW + timedelta(days=1), "The store answered 500.")


@pytest.fixture
def shop(command: Command) -> Command:
    assert command("accounts", "add", "shop", *WEBHOOK).returncode == 0
    with_kept(command, keep_orders)
    return command


def lacking(command: Command, *options: str) -> dict[str, dict[str, Any]]:
    listed = json.loads(command("deliveries", "list", "--json", *options).stdout)
    return {one["order_number"]: one for one in listed}


def test_what_the_store_lacks_is_listed(shop: Command) -> None:
    listed = lacking(shop, "--account", "shop")

    assert list(listed) == NUMBERS
    told = [(one["state"], one["attempts"], one["last_error"]) for one in listed.values()]
    assert told == [
        ("parked", 1, "The store answered 422."),
        ("pending", 1, "The store answered 500."),
        *2 * [("pending", 0, None)],
    ]
    assert list(lacking(shop, "--parked")) == NUMBERS[:1]
    shown = shop("deliveries", "list")
    assert "order:import" in shown.stdout
    assert "The store answered 500." in shown.stdout
    assert "Patrick" not in shown.stdout


def test_what_failed_is_delivered_again(shop: Command) -> None:
    one = shop("deliveries", "redeliver", "shop", "--order", NUMBERS[0])
    assert one.stdout.startswith("1 message that failed before")
    assert lacking(shop, "--parked") == {}
    assert shop("deliveries", "redeliver", "shop").stdout.startswith("1 message that failed")

    assert {one["attempts"] for one in lacking(shop).values()} == {0}
    assert shop("deliveries", "redeliver", "shop").stdout == "No message has failed.\n"
    assert shop("deliveries", "list", "--parked").stderr == "Nothing is parked.\n"


@pytest.mark.parametrize(
    "line",
    [
        ("deliveries", "redeliver", "shop"),
        ("accounts", "change", "shop", "--to", "https://next.example"),
        ("accounts", "rotate-store", "shop"),
    ],
    ids=["redeliver", "new address", "new secret"],
)
def test_a_store_that_was_gone_is_called_again(shop: Command, line: tuple[str, ...]) -> None:
    async def stop(kept: SyncStorage) -> None:
        standing = await kept.outbox.standing("shop")
        assert await kept.outbox.keep_standing(msgspec.structs.replace(standing, stopped_at=NOW))

    async def check(kept: SyncStorage) -> None:
        assert (await kept.outbox.standing("shop")).is_open(NOW)

    with_kept(shop, stop)
    done = shop(*line)
    assert done.returncode == 0
    with_kept(shop, check)
    if line[0] == "deliveries":
        assert "The store is called again." in done.stdout


def test_an_order_in_quarantine_is_read_again(shop: Command) -> None:
    listed = json.loads(shop("quarantine", "list", "--json").stdout)
    assert [(one["account_id"], one["number"]) for one in listed] == [("shop", UNREADABLE)]
    assert "[no] price" in shop("quarantine", "list", "--account", "shop").stdout

    assert shop("quarantine", "retry", "shop").stdout.startswith("1 order to be read again")
    other = shop("quarantine", "retry", "shop", "--order", NUMBERS[0])
    assert other.returncode == 1
    assert "not in quarantine" in other.stderr


@pytest.mark.parametrize(
    "line",
    [
        ("deliveries", "list", "--account", "nobody"),
        ("deliveries", "redeliver", "nobody"),
        ("quarantine", "list", "--account", "nobody"),
        ("quarantine", "retry", "nobody"),
    ],
)
def test_an_unknown_account_is_told(command: Command, line: tuple[str, ...]) -> None:
    unknown = command(*line)
    assert unknown.returncode == 1
    assert "accounts list" in unknown.stderr

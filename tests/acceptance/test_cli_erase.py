"""`amazon-endpoint orders erase` erases an order's buyer on request."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

from amazon_endpoint.amazon.port import OrderPage
from amazon_endpoint.storage import Storage
from amazon_endpoint.sync.changes import KnownOrder
from amazon_endpoint.sync.intake import sort_out, take_in
from tests.acceptance.conftest import Command
from tests.integration.sync.accounts import find_order
from tests.unit.hub.examples import order

WEBHOOK = ("--to", "https://shop.example/hooks")
NUMBER = "111-0000000-0000001"
NOW = datetime.now(UTC)
ORDER = order(number=NUMBER, updated_at=NOW - timedelta(hours=1))


def with_an_order(command: Command) -> None:
    assert command("accounts", "add", "shop", *WEBHOOK).returncode == 0
    keep(command)


def keep(command: Command) -> KnownOrder | None:
    """Keep the order as a poll does that comes right now, and return how it is kept then."""

    async def work() -> KnownOrder | None:
        async with await Storage.open(command.settings["AMAZON_ENDPOINT_DATABASE"]) as storage:
            kept = await storage.unlock(None)
            orders, unreadable = sort_out(OrderPage(orders=(ORDER,)))
            await kept.orders.take_in(
                "shop",
                [NUMBER],
                lambda known, marker: take_in(
                    orders,
                    unreadable,
                    known,
                    marker=marker,
                    shipping_methods={},
                    read_at=NOW,
                    behind=NOW,
                    now=NOW,
                ),
            )
            return await find_order(kept, NUMBER, "shop")

    return asyncio.run(work())


def test_an_order_is_erased_and_stays_so_when_it_is_polled_again(command: Command) -> None:
    with_an_order(command)

    done = command("orders", "erase", "shop", NUMBER, "--yes")

    assert (done.returncode, done.stderr) == (0, "")
    told = f"Order {NUMBER} is erased, with 1 message (1 that the store never got).\n"
    assert done.stdout == told
    kept = keep(command)
    assert kept is not None
    assert (kept.marks.personal, kept.order) == (None, None)


def test_a_second_time_says_so(command: Command) -> None:
    with_an_order(command)
    first = json.loads(command("orders", "erase", "shop", NUMBER, "--yes", "--json").stdout)

    again = command("orders", "erase", "shop", NUMBER, "--yes")

    assert first == {
        "account": "shop",
        "order": NUMBER,
        "erased_at": first["erased_at"],
        "messages": 1,
        "undelivered": 1,
        "shipments": 0,
    }
    assert (again.returncode, again.stdout) == (
        0,
        f"Order {NUMBER} was erased already, {first['erased_at']}.\n",
    )


def test_nothing_is_erased_unless_it_is_confirmed(command: Command) -> None:
    with_an_order(command)

    assert command("orders", "erase", "shop", NUMBER, given="n\n").returncode == 1

    kept = keep(command)
    assert kept is not None
    assert kept.order == ORDER


def test_an_order_or_account_that_is_not_kept_is_told(command: Command) -> None:
    with_an_order(command)

    unknown = command("orders", "erase", "shop", "111-0000000-0000002", "--yes")
    assert unknown.returncode == 1
    assert unknown.stderr == "Error: Nothing is kept of order 111-0000000-0000002 for shop.\n"
    nobody = command("orders", "erase", "nobody", NUMBER, "--yes")
    assert nobody.returncode == 1
    assert "account" in nobody.stderr

"""`amazon-endpoint shipments` and `feeds`: shipments are told to Amazon once, and followed."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from amazon_endpoint.cli.sandbox import environment
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from tests.acceptance.conftest import Command


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """A local Amazon that takes an hour over a feed."""
    with run_in_thread(SandboxOptions(orders=5, queue_seconds=1800)) as running:
        yield running


@pytest.fixture
def command(sandbox: RunningSandbox, tmp_path: Path) -> Command:
    return Command(environment(sandbox.url), tmp_path)


def shipment(sandbox: RunningSandbox, **other: Any) -> dict[str, Any]:
    order = sandbox.orders()[0]
    item = {"sku": order["orderItems"][0]["product"]["sellerSku"], "quantity": 1}
    return {
        "number": "H1",
        "order_number": order["orderId"],
        "tracking": "1Z999AA10123456784",
        "shipping_method": "UPS Ground",
        "items": [item],
    } | other


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(1)


def test_confirms_a_shipment_once_and_follows_its_feed(
    command: Command, sandbox: RunningSandbox
) -> None:
    file = command.folder / "shipment.json"
    file.write_text(json.dumps(shipment(sandbox)))
    confirmed = command("shipments", "confirm", str(file))
    message = {"message_id": "1", "payload": {"shipment": shipment(sandbox)}}
    again = command("shipments", "confirm", "-", "--json", given=json.dumps(message))

    assert confirmed.returncode == 0, confirmed.stderr
    feed_id = json.loads(again.stdout)["feed_id"]
    assert f"feed {feed_id}." in confirmed.stdout
    assert sandbox.calls("createFeed") == 1

    waiting = command("feeds", "status", feed_id)
    assert (waiting.returncode, waiting.stdout) == (75, "")
    sandbox.advance(3600)
    ended = command("feeds", "status", feed_id)
    assert ended.returncode == 0, ended.stderr
    assert f"Succesfully processed feed #{feed_id}" in ended.stdout


def test_a_feed_that_amazon_gave_up_on_is_a_failure(
    command: Command, sandbox: RunningSandbox
) -> None:
    sandbox.fault("createFeed", "feed_fatal")
    given = json.dumps(shipment(sandbox))
    feed_id = json.loads(command("shipments", "confirm", "-", "--json", given=given).stdout)[
        "feed_id"
    ]
    sandbox.advance(3600)
    ended = command("feeds", "status", feed_id, "--json")
    assert ended.returncode == 1
    assert [one["level"] for one in json.loads(ended.stdout)["results"]] == ["error"]


def test_confirms_directly(command: Command, sandbox: RunningSandbox) -> None:
    done = command("shipments", "confirm", "-", "--direct", given=json.dumps(shipment(sandbox)))
    assert done.returncode == 0, done.stderr
    assert "Amazon has shipment H1 of order" in done.stdout
    assert (sandbox.calls("confirmShipment"), sandbox.calls("createFeed")) == (1, 0)


def test_a_lost_answer_is_looked_into_later(command: Command, sandbox: RunningSandbox) -> None:
    sandbox.fault("createFeed", "lost_answer")
    done = command("shipments", "confirm", "-", given=json.dumps(shipment(sandbox)))
    assert (done.returncode, done.stdout) == (75, "")
    assert "answer was lost" in done.stderr


def test_what_may_not_be_confirmed_is_told(command: Command, sandbox: RunningSandbox) -> None:
    wrong = shipment(sandbox, items=[{"sku": "NOT-IN-IT", "quantity": 1}])
    done = command("shipments", "confirm", "-", given=json.dumps(wrong))
    assert done.returncode == 1
    assert "NOT-IN-IT" in done.stderr
    assert sandbox.calls("createFeed") == 0


WEBHOOK = ("--to", "https://shop.example/hooks")


@pytest.fixture
def shop(command: Command) -> Command:
    """The command, with the account `shop` configured."""
    added = command("accounts", "add", "shop", *WEBHOOK)
    assert added.returncode == 0, added.stderr
    return command


def kept(command: Command, *options: str) -> list[dict[str, Any]]:
    done = command("shipments", "list", "shop", "--json", *options)
    assert done.returncode == 0, done.stderr
    listed: list[dict[str, Any]] = json.loads(done.stdout)
    return listed


def take_in(command: Command, shipment: object, *options: str) -> dict[str, Any]:
    arguments = ("shipments", "confirm", "-", "--account", "shop", "--json", *options)
    done = command(*arguments, given=json.dumps(shipment))
    assert (done.returncode, done.stderr) == (0, "")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_shipment_is_left_to_who_works_for_the_account(
    shop: Command, sandbox: RunningSandbox
) -> None:
    parcel = shipment(sandbox)
    file = shop.folder / "shipment.json"
    file.write_text(json.dumps(parcel))
    done = shop("shipments", "confirm", str(file), "--account", "shop")
    (waiting,) = kept(shop)
    assert (done.returncode, waiting["state"]) == (0, "waiting")
    assert f"Shipment H1 is taken in as {waiting['id']}; Amazon will be told." in done.stdout
    assert f"shipments show shop {waiting['id']}" in done.stderr
    assert sandbox.calls("createFeed") == sandbox.calls("confirmShipment") == 0

    with shop.running("worker"):
        until(lambda: kept(shop)[0]["state"] == "confirmed")
    assert sandbox.calls("createFeed") + sandbox.calls("confirmShipment") == 1

    (confirmed,) = kept(shop, "--state", "confirmed")
    assert kept(shop, "--state", "refused") == []
    assert take_in(shop, parcel) == confirmed
    shown = shop("shipments", "show", "shop", waiting["id"], "--json")
    assert json.loads(shown.stdout) == confirmed


def test_shipments_of_an_account_are_shown_to_people(
    shop: Command, sandbox: RunningSandbox
) -> None:
    assert "There are none." in shop("shipments", "list", "shop").stderr
    told = take_in(shop, {"shipment": shipment(sandbox, tracking=None)})
    for arguments in (("list", "shop"), ("show", "shop", told["id"])):
        done = shop("shipments", *arguments)
        assert done.returncode == 0, done.stderr
        assert told["id"] in done.stdout
        assert "waiting" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("confirm", "-", "--account", "nobody"), 1, "There is no account of this id."),
        (("confirm", "-", "--account", "shop", "--direct"), 2, "without --direct or --via"),
        (("confirm", "-", "--account", "shop", "--via", "http://localhost"), 2, "without --direct"),
        (("list", "nobody"), 1, "There is no account"),
        (("list", "shop", "--state", "lost"), 2, "--state"),
        (("show", "nobody", "1"), 1, "There is no account"),
        (("show", "shop", "1"), 1, "This account has no such shipment."),
    ],
)
def test_what_is_not_there_is_told(
    shop: Command, sandbox: RunningSandbox, arguments: tuple[str, ...], code: int, told: str
) -> None:
    done = shop("shipments", *arguments, given=json.dumps(shipment(sandbox)))
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr


def test_a_shipment_that_can_not_be_used_is_not_kept(
    shop: Command, sandbox: RunningSandbox
) -> None:
    wrong = shipment(sandbox, items=[{"sku": "MUG", "quantity": 0}])
    done = shop("shipments", "confirm", "-", "--account", "shop", given=json.dumps(wrong))
    assert (done.returncode, done.stdout) == (1, "")
    assert "shipment.items[0].quantity" in done.stderr
    assert kept(shop) == []


@pytest.mark.parametrize("given", ["", "[]", "{", '{"payload": 1}'])
def test_a_file_that_holds_no_shipment_is_told(command: Command, given: str) -> None:
    done = command("shipments", "confirm", "-", given=given)
    assert done.returncode == 2
    assert "no shipment in JSON" in done.stderr


def test_an_unknown_feed_is_told(command: Command) -> None:
    done = command("feeds", "status", "12345")
    assert done.returncode == 1
    assert "no feed 12345" in done.stderr

"""`amazon-endpoint shipments` and `feeds`: shipments are told to Amazon once, and followed."""

import json
from collections.abc import Iterator
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


@pytest.mark.parametrize("given", ["", "[]", "{", '{"payload": 1}'])
def test_a_file_that_holds_no_shipment_is_told(command: Command, given: str) -> None:
    done = command("shipments", "confirm", "-", given=given)
    assert done.returncode == 2
    assert "no shipment in JSON" in done.stderr


def test_an_unknown_feed_is_told(command: Command) -> None:
    done = command("feeds", "status", "12345")
    assert done.returncode == 1
    assert "no feed 12345" in done.stderr

"""The example store, as it runs: each order once, nothing from strangers, nothing backwards."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from amazon_endpoint.outbound import Outbound
from amazon_endpoint.stores.port import Delivered, Delivery, MessageKind, Refused
from amazon_endpoint.stores.webhook import WebhookStore
from tests.turned_clock import ShiftedClock
from tests.unit.hub.examples import order
from tests.unit.stores.examples import OLD_SECRET, SECRET, order_delivery, shipment_delivery

RECEIVER = Path(__file__).parents[3] / "examples/receiver.py"
IMPORT, UPDATE, CANCEL = (
    MessageKind.ORDER_IMPORT,
    MessageKind.ORDER_UPDATE,
    MessageKind.ORDER_CANCEL,
)


class Shop:
    """The running example and what it keeps."""

    def __init__(self, url: str, database: Path) -> None:
        self.url = url
        self._database = database

    def orders(self) -> dict[str, dict[str, object]]:
        return {
            number: json.loads(content)
            for number, content in self._rows("SELECT number, content FROM orders")
        }

    def messages(self) -> list[tuple[str, str]]:
        return self._rows("SELECT id, message FROM messages ORDER BY rowid")

    def _rows(self, query: str) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self._database)) as database:
            return database.execute(query).fetchall()


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    database = tmp_path_factory.mktemp("store") / "orders.db"
    with subprocess.Popen(
        [sys.executable, RECEIVER, "0", database],
        env={**os.environ, "WEBHOOK_SECRET": SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        words = process.stdout.readline().split()
        yield Shop(next(word for word in words if word.startswith("http://")), database)
        process.terminate()


@pytest.fixture
def receiver(example: Shop) -> Iterator[Shop]:
    yield example
    with closing(sqlite3.connect(example._database)) as database, database:
        database.execute("DELETE FROM orders")
        database.execute("DELETE FROM messages")


@pytest.fixture
def webhooks(receiver: Shop, outbound: Outbound) -> WebhookStore:
    return WebhookStore(receiver.url, (SECRET,), outbound=outbound, clock=ShiftedClock())


def changed(kind: MessageKind, webhook_id: str, minutes: int, **changes: object) -> Delivery:
    moment = order().updated_at + timedelta(minutes=minutes)
    one = msgspec.structs.replace(order(), updated_at=moment, **changes)
    return order_delivery(kind, one, webhook_id=webhook_id)


def test_it_is_as_short_as_is_said() -> None:
    assert len(RECEIVER.read_text(encoding="utf-8").splitlines()) == 35


async def test_an_order_is_kept_once(receiver: Shop, webhooks: WebhookStore) -> None:
    for _ in range(3):
        assert await webhooks.deliver(order_delivery()) == Delivered()

    assert receiver.messages() == [("msg_1", "order:import")]
    (kept,) = receiver.orders().values()
    assert kept["totals"] == {
        "item": 64.0,
        "adjustment": 0.0,
        "tax": 0.0,
        "shipping": 0.0,
        "order": 64.0,
        "payment": 64.0,
    }


async def test_a_late_message_undoes_nothing(receiver: Shop, webhooks: WebhookStore) -> None:
    for delivery in (
        changed(IMPORT, "msg_1", 0),
        changed(UPDATE, "msg_3", 2, status="Shipped"),
        changed(UPDATE, "msg_2", 1, status="PartiallyShipped"),
    ):
        assert await webhooks.deliver(delivery) == Delivered()

    assert [kept["status"] for kept in receiver.orders().values()] == ["Shipped"]


async def test_a_cancellation_without_prices_leaves_the_rest(
    receiver: Shop, webhooks: WebhookStore
) -> None:
    await webhooks.deliver(changed(IMPORT, "msg_1", 0))
    await webhooks.deliver(changed(CANCEL, "msg_2", 1, status="Canceled", charges=None))

    (kept,) = receiver.orders().values()
    assert kept["status"] == "Canceled"
    assert kept["email"] == order().buyer_email


async def test_what_became_of_a_shipment_is_noted(receiver: Shop, webhooks: WebhookStore) -> None:
    told = shipment_delivery(MessageKind.SHIPMENT_CONFIRMED, feed_id="7")

    assert await webhooks.deliver(told) == Delivered()

    assert receiver.messages() == [("msg_1", "shipment:confirmed")]


async def test_a_stranger_is_sent_away(receiver: Shop, outbound: Outbound) -> None:
    stranger = WebhookStore(receiver.url, (OLD_SECRET,), outbound=outbound, clock=ShiftedClock())

    outcome = await stranger.deliver(order_delivery())

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("The store answered 401 ")
    assert receiver.messages() == []


async def test_a_message_of_yesterday_is_sent_away(receiver: Shop, outbound: Outbound) -> None:
    clock = ShiftedClock()
    clock.advance(-86_400)
    late = WebhookStore(receiver.url, (SECRET,), outbound=outbound, clock=clock)

    assert isinstance(await late.deliver(order_delivery()), Refused)


async def test_while_secrets_change_the_store_may_know_either(
    receiver: Shop, outbound: Outbound
) -> None:
    both = WebhookStore(receiver.url, (OLD_SECRET, SECRET), outbound=outbound, clock=ShiftedClock())

    assert await both.deliver(order_delivery()) == Delivered()


@pytest.mark.parametrize(
    "headers",
    [{}, {"webhook-id": "1", "webhook-timestamp": "now", "webhook-signature": "none"}],
    ids=["none", "nonsense"],
)
async def test_what_is_no_webhook_is_sent_away(
    receiver: Shop, outbound: Outbound, headers: dict[str, str]
) -> None:
    answer = await outbound.send("POST", receiver.url, headers=headers, content=b"{}")

    assert answer.status == 401

"""Deliveries to a store with the hub's old extension."""

import json
from typing import Any

import pytest

from amazon_endpoint.orders import OrderItem
from amazon_endpoint.outbound import Outbound
from amazon_endpoint.stores.port import Delivered, Gone, MessageKind, Refused
from amazon_endpoint.stores.v6_push import V6Store
from tests.integration.spapi.scripted_amazon import LOST, Reply
from tests.integration.stores.hub_extension import HubExtension
from tests.turned_clock import TurnedClock
from tests.unit.hub.examples import order
from tests.unit.stores.examples import TOKEN, order_delivery, shipment_delivery

NUMBER = order().number
ORDER_KINDS = [MessageKind.ORDER_IMPORT, MessageKind.ORDER_UPDATE, MessageKind.ORDER_CANCEL]


def shop(
    extension: HubExtension, outbound: Outbound, clock: TurnedClock, token: str = TOKEN
) -> V6Store:
    return V6Store(f"{extension.url}/wombat/", token, outbound=outbound, clock=clock)


@pytest.fixture
def push(extension: HubExtension, outbound: Outbound, clock: TurnedClock) -> V6Store:
    return shop(extension, outbound, clock)


def body(extension: HubExtension, call: int = -1) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(extension.asked[call].body)
    return read


async def test_a_new_order_is_added(extension: HubExtension, push: V6Store) -> None:
    delivery = order_delivery(webhook_id="msg_7", Standard="UPS Ground")

    assert await push.deliver(delivery) == Delivered()

    assert extension.asked[0].path == "/wombat/add_order"
    call = body(extension)
    assert call.keys() == {"request_id", "order"}
    assert call["request_id"] == "msg_7"
    assert call["order"]["id"] == NUMBER
    assert call["order"]["line_items"][0]["product_id"] == "100TSBXXL"
    assert call["order"]["payments"][0]["status"] == "completed"
    assert call["order"]["shipping_address"]["state"] == "PA"
    assert call["order"]["shipping_method"] == "UPS Ground"


async def test_an_order_whose_answer_was_lost_is_found_at_the_next_attempt(
    extension: HubExtension, push: V6Store
) -> None:
    extension.forget_to_answer = 1

    assert isinstance(await push.deliver(order_delivery()), Refused)
    assert await push.deliver(order_delivery()) == Delivered()

    assert extension.hooks == ["add_order", "add_order", "update_order"]
    assert extension.states == {NUMBER: "complete"}


async def test_an_order_that_the_store_can_not_take_is_refused(
    extension: HubExtension, push: V6Store
) -> None:
    extension.will(Reply(500, b'{"request_id": "msg_1", "summary": "Patrick Cook?"}'))

    outcome = await push.deliver(order_delivery())

    assert isinstance(outcome, Refused)
    assert outcome.reason == "The store answered 500."
    assert extension.hooks == ["add_order", "update_order"]
    assert extension.orders == {}


@pytest.mark.parametrize("question", [LOST, Reply(503), Reply(200, b"garbage")])
async def test_an_order_whose_presence_can_not_be_told_is_refused(
    extension: HubExtension, push: V6Store, question: Reply
) -> None:
    extension.will(Reply(500), question)

    assert await push.deliver(order_delivery()) == Refused("The store answered 500.")


@pytest.mark.parametrize("status", [400, 404, 422, 502, 503, 504])
async def test_only_a_500_is_asked_about(
    extension: HubExtension, push: V6Store, status: int
) -> None:
    extension.will(Reply(status))

    assert isinstance(await push.deliver(order_delivery()), Refused)

    assert extension.hooks == ["add_order"]


@pytest.mark.parametrize("status", ["Unshipped", "PartiallyShipped", "Shipped", "Unheard"])
async def test_a_changed_order_stays_complete_in_the_store(
    extension: HubExtension, push: V6Store, status: str
) -> None:
    await push.deliver(order_delivery())

    changed = order_delivery(MessageKind.ORDER_UPDATE, order(status=status))
    assert await push.deliver(changed) == Delivered()

    assert extension.hooks == ["add_order", "update_order"]
    assert extension.states == {NUMBER: "complete"}


@pytest.mark.parametrize("prices", [{}, {"charges": None}], ids=["with prices", "without"])
async def test_a_cancelled_order_is_cancelled(
    extension: HubExtension, push: V6Store, prices: dict[str, None]
) -> None:
    await push.deliver(order_delivery())

    cancelled = order_delivery(MessageKind.ORDER_CANCEL, order(status="Canceled", **prices))
    assert await push.deliver(cancelled) == Delivered()

    assert extension.states == {NUMBER: "canceled"}


async def test_a_buyers_request_cancels_nothing_by_itself(
    extension: HubExtension, push: V6Store
) -> None:
    await push.deliver(order_delivery())
    item = OrderItem(item_id="1", quantity=1, cancellation_requested_by="BUYER")

    asked = order_delivery(
        MessageKind.ORDER_CANCEL, order(items=(item,), charges=None), webhook_id="msg_2"
    )
    assert await push.deliver(asked) == Delivered()

    assert extension.states == {NUMBER: "complete"}


@pytest.mark.parametrize("kind", [MessageKind.ORDER_UPDATE, MessageKind.ORDER_CANCEL])
async def test_a_change_of_an_order_that_the_store_has_not_is_refused(
    push: V6Store, kind: MessageKind
) -> None:
    assert isinstance(await push.deliver(order_delivery(kind)), Refused)


@pytest.mark.parametrize("kind", [MessageKind.SHIPMENT_CONFIRMED, MessageKind.SHIPMENT_REFUSED])
async def test_what_no_hook_takes_is_not_sent(
    extension: HubExtension, push: V6Store, kind: MessageKind
) -> None:
    assert await push.deliver(shipment_delivery(kind)) == Delivered()

    assert extension.asked == []


async def test_a_wrong_token_is_told(
    extension: HubExtension, outbound: Outbound, clock: TurnedClock
) -> None:
    outcome = await shop(extension, outbound, clock, "other-token").deliver(order_delivery())

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("The store answered 401 (application/json).")
    assert "other-token" not in outcome.reason


@pytest.mark.parametrize("kind", ORDER_KINDS)
@pytest.mark.parametrize(
    "answer",
    [b"", b"<p>Please log in</p>", b"[]", b"{}", b'{"request_id": "msg_2"}', b"\xff", b"[" * 9999],
    ids=["nothing", "HTML", "a list", "no id", "another id", "no text", "a tower"],
)
async def test_what_answers_without_our_id_is_no_hub_extension(
    extension: HubExtension, push: V6Store, kind: MessageKind, answer: bytes
) -> None:
    extension.will(Reply(200, answer))

    outcome = await push.deliver(order_delivery(kind))

    assert isinstance(outcome, Refused)
    assert "no hub extension" in outcome.reason


@pytest.mark.parametrize("kind", ORDER_KINDS)
async def test_a_store_that_is_gone_stops_everything(
    extension: HubExtension, push: V6Store, kind: MessageKind
) -> None:
    extension.will(Reply(410))

    assert isinstance(await push.deliver(order_delivery(kind)), Gone)

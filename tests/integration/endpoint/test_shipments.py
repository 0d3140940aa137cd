"""Confirming shipments through the endpoint, once, with proof."""

import asyncio
import copy
from typing import Any

import pytest

from amazon_endpoint.sandbox.testing import RunningSandbox
from amazon_endpoint.settings import Settings
from tests.integration.endpoint.generations import GENERATIONS, SELLING_PARTNER, Generation
from tests.integration.endpoint.hub import Hub, serving, told
from tests.turned_clock import ShiftedClock

ORDER = "103-6652650-4045858"
SHIPMENT: dict[str, Any] = {
    "number": "H00000000001",
    "order_number": ORDER,
    "shipping_method": "UPS Ground",
    "tracking": "1Z0000000000000000",
    "shipped_at": None,
    "updated_at": "2013-08-17T10:00:00Z",
    "items": [{"sku": "27368845791002", "external_ref": "", "quantity": 1}],
}


def feed_of(answer: dict[str, Any]) -> str:
    (message,) = answer["messages"]
    assert message["message"] == "amazon:feed:status"
    return str(message["payload"]["feed_id"])


def accepted(amazon: RunningSandbox) -> int:
    return sum(one["quantity"] for one in amazon.state()["confirmations"].get(ORDER, ()))


async def test_from_shipment_to_proof(hub: Hub, amazon: RunningSandbox) -> None:
    feed_id = feed_of(await hub.confirm(SHIPMENT))
    answer = await hub.feed(feed_id)
    assert told(answer) == [("info", f"Succesfully processed feed #{feed_id}")]
    assert accepted(amazon) == 1
    assert amazon.order(ORDER)["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    (package,) = amazon.order(ORDER)["packages"]
    assert (package["carrier"], package["trackingNumber"]) == ("UPS", "1Z0000000000000000")


async def test_the_same_shipment_again_answers_the_first_feed(
    hub: Hub,
    settings: Settings,
    amazon: RunningSandbox,
    generation: Generation,
    parameters: dict[str, Any],
    clock: ShiftedClock,
) -> None:
    first = feed_of(await hub.confirm(SHIPMENT))
    again = copy.deepcopy(SHIPMENT) | {"updated_at": "2013-08-18T10:00:00Z"}
    assert feed_of(await hub.confirm(again)) == first
    await hub.feed(first)
    async with serving(settings, parameters, clock) as restarted:
        assert feed_of(await restarted.confirm(SHIPMENT)) == first
    assert amazon.calls(generation.submit_feed) == 1


async def test_many_at_once_confirm_once(
    hub: Hub, amazon: RunningSandbox, generation: Generation
) -> None:
    answers = await asyncio.gather(*(hub.confirm(SHIPMENT) for _ in range(10)))
    assert len({feed_of(one) for one in answers if "messages" in one}) == 1
    assert all("messages" in one or "delay" in one for one in answers)
    assert amazon.calls(generation.submit_feed) == 1


@pytest.mark.parametrize(
    ("generation", "fault"),
    [(one, fault) for one in GENERATIONS for fault in one.lost_answers],
    ids=lambda one: one.name if isinstance(one, Generation) else one,
)
async def test_a_lost_answer_is_checked_before_anything_is_sent_again(
    hub: Hub, amazon: RunningSandbox, generation: Generation, clock: ShiftedClock, fault: str
) -> None:
    amazon.fault(generation.submit_feed, fault)
    answer = await hub.confirm(SHIPMENT)
    for _ in range(20):
        if "messages" in answer:
            await hub.feed(feed_of(answer))
            break
        clock.advance(answer["delay"])
        amazon.advance(answer["delay"])
        answer = await hub.confirm(SHIPMENT)
    assert accepted(amazon) == 1
    assert amazon.order(ORDER)["fulfillment"]["fulfillmentStatus"] == "SHIPPED"


async def test_of_several_lost_answers_what_did_not_arrive_alone_is_sent_again(
    hub: Hub, amazon: RunningSandbox, generation: Generation, clock: ShiftedClock
) -> None:
    order = amazon.order(ORDER)
    (item,) = order["orderItems"]
    order["orderItems"] = []
    shipments = []
    for number in range(3):
        product = item["product"] | {"sellerSku": f"SKU-{number}"}
        order["orderItems"].append(item | {"orderItemId": f"9{number:013}", "product": product})
        items = [{"sku": f"SKU-{number}", "quantity": 1}]
        changes = {"number": f"H{number}", "tracking": f"1Z{number:016}", "items": items}
        shipments.append(SHIPMENT | changes)
    amazon.add_orders(order)
    amazon.fault(generation.submit_feed, "lost_answer", times=2)
    amazon.fault(generation.submit_feed, "internal500")
    waiting = [shipment for shipment in shipments if "delay" in await hub.confirm(shipment)]
    assert waiting == shipments

    for _ in range(5):
        clock.advance(180)
        amazon.advance(180)
        answers = [await hub.confirm(shipment) for shipment in shipments]
        for answer in answers:
            if "messages" in answer:
                await hub.feed(feed_of(answer))
    assert not any("delay" in answer for answer in answers)
    confirmed = [one["orderItemId"] for one in amazon.state()["confirmations"][ORDER]]
    assert sorted(confirmed) == [f"9{number:013}" for number in range(3)]


async def test_a_feed_in_progress_is_asked_for_again_later(
    hub: Hub, amazon: RunningSandbox, generation: Generation
) -> None:
    feed_id = feed_of(await hub.confirm(SHIPMENT))
    amazon.fault(generation.feed_state, "throttle", times=10)
    answer = await hub.feed(feed_id)
    assert set(answer) == {"message_id", "delay"}


@pytest.mark.parametrize("fault", ["feed_fatal", "feed_cancelled"])
async def test_a_feed_that_ended_badly_is_told_and_may_be_tried_again(
    hub: Hub, amazon: RunningSandbox, generation: Generation, clock: ShiftedClock, fault: str
) -> None:
    amazon.fault(generation.submit_feed, fault)
    feed_id = feed_of(await hub.confirm(SHIPMENT))
    (level, description) = told(await hub.feed(feed_id))[0]
    assert level == "error"
    assert feed_id in description
    clock.advance(3600)
    amazon.advance(3600)
    second = feed_of(await hub.confirm(SHIPMENT))
    assert second != feed_id
    await hub.feed(second)
    assert accepted(amazon) == 1


@pytest.mark.parametrize("amazon", [60], indirect=True)
async def test_a_refusal_of_amazons_report_is_told_with_its_code(
    hub: Hub, amazon: RunningSandbox
) -> None:
    shipped_elsewhere = amazon.order(ORDER)
    shipped_elsewhere["orderItems"][0]["fulfillment"] = {
        "quantityFulfilled": 1,
        "quantityUnfulfilled": 0,
    }
    feed_id = feed_of(await hub.confirm(SHIPMENT))
    amazon.add_orders(shipped_elsewhere)
    amazon.advance(60)
    (level, description) = told(await hub.feed(feed_id))[0]
    assert level == "error"
    assert "18021" in description
    assert accepted(amazon) == 0


@pytest.mark.parametrize("generation", [SELLING_PARTNER], ids=["SP-API"])
async def test_a_corrected_tracking_number_edits_the_package(
    hub: Hub, amazon: RunningSandbox
) -> None:
    await hub.feed(feed_of(await hub.confirm(SHIPMENT)))
    corrected = await hub.confirm(SHIPMENT | {"tracking": "1Z1111111111111111"})
    assert [level for level, _ in told(corrected)] == ["info"]
    (package,) = amazon.order(ORDER)["packages"]
    assert package["trackingNumber"] == "1Z1111111111111111"
    assert amazon.calls("createFeed") == 1


async def test_a_correction_ships_no_further_units(
    hub: Hub, amazon: RunningSandbox, clock: ShiftedClock
) -> None:
    order = amazon.order(ORDER)
    order["orderItems"][0] |= {
        "quantityOrdered": 5,
        "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": 5},
    }
    amazon.add_orders(order)
    await hub.feed(feed_of(await hub.confirm(SHIPMENT)))
    for _ in range(40):
        answer = await hub.confirm(SHIPMENT | {"tracking": "1Z1111111111111111"})
        if "delay" not in answer:
            break
        clock.advance(answer["delay"])
        amazon.advance(answer["delay"])
    assert amazon.order(ORDER)["orderItems"][0]["fulfillment"]["quantityFulfilled"] == 1


async def test_two_parcels_of_one_order(hub: Hub, amazon: RunningSandbox) -> None:
    number = "100-EXAMPLE-1000000"
    for parcel, sku in (("H1", "100TSBXXL"), ("H2", "100TSWXXL")):
        shipment = SHIPMENT | {
            "number": parcel,
            "order_number": number,
            "items": [{"sku": sku, "quantity": 1}],
        }
        answer = await hub.feed(feed_of(await hub.confirm(shipment)))
        assert told(answer)[0][0] == "info"
    assert len(amazon.order(number)["packages"]) == 2
    assert amazon.order(number)["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    answer = await hub.ask("amazon:import:by_number", {"amazon_order_id": number})
    assert answer["messages"][0]["payload"]["order"]["status"] == "Shipped"


async def test_nothing_is_sent_while_amazon_throttles_feeds(
    hub: Hub, amazon: RunningSandbox, generation: Generation, clock: ShiftedClock
) -> None:
    amazon.fault(generation.submit_feed, "throttle", times=1)
    answer = await hub.confirm(SHIPMENT)
    assert set(answer) == {"message_id", "delay"}
    clock.advance(answer["delay"] + 1)
    amazon.advance(answer["delay"] + 1)
    feed_of(await hub.confirm(SHIPMENT))
    assert len(amazon.state()["feeds"]) == 2  # the scenario's own and ours

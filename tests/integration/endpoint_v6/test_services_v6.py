"""Orders, shipments and feeds in the later format, from the poll to the proof."""

import copy
from typing import Any

import pytest
from msgspec.structs import replace

from amazon_endpoint.sandbox.testing import RunningSandbox
from amazon_endpoint.settings import Settings
from tests.integration.endpoint.generations import GENERATIONS, Generation
from tests.integration.endpoint.hub import TOKEN
from tests.integration.endpoint_v6.hubs import TWIN_HEADERS, Cangaroo, check_schema, numbers
from tests.turned_clock import ShiftedClock

ORDER = "103-6652650-4045858"
SHIPMENT: dict[str, Any] = {
    "id": "H00000000001",
    "order_id": ORDER,
    "status": "ready",
    "shipping_method": "UPS Ground",
    "tracking": "",
    "items": [{"product_id": "27368845791002", "quantity": 1, "name": "A shirt", "price": 1.25}],
}
SENT = SHIPMENT | {"status": "shipped", "tracking": "1Z0000000000000000"}


def shipment(**changes: Any) -> dict[str, Any]:
    return {"shipment": copy.deepcopy(SENT) | changes}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, poll_start=None)


over_both = pytest.mark.parametrize("generation", GENERATIONS, ids=lambda one: one.name)


@over_both
async def test_from_the_poll_to_the_proof(
    hub: Cangaroo, generation: Generation, amazon: RunningSandbox
) -> None:
    reply = await hub.ask("/get_orders", {}, last_updated_after="2013-08-16T01:00:00Z")
    assert reply["summary"].startswith(f"Received {len(reply['orders'])} order(s).")
    assert "100-EXAMPLE-1000000" in numbers(reply)

    waits = await hub.ask("/add_shipment", {"shipment": SHIPMENT})
    assert waits["feeds"] == []
    assert "no tracking number yet" in waits["summary"]
    assert amazon.calls(generation.submit_feed) == 0

    submitted = await hub.ask("/update_shipment", {"shipment": SENT})
    (feed,) = submitted["feeds"]
    assert feed == {"id": feed["id"], "shipment_id": "H00000000001", "order_id": ORDER}

    result = await hub.ask("/feed_status", {"feed": feed})
    assert (
        result["summary"]
        == f"Feed #{feed['id']} is DONE. Succesfully processed feed #{feed['id']}."
    )
    assert result["feed_results"] == [
        {"id": feed["id"], "status": "DONE", "processed": 1, "successful": 1, "failed": 0}
    ]
    (package,) = amazon.order(ORDER)["packages"]
    assert (package["carrier"], package["trackingNumber"]) == ("UPS", "1Z0000000000000000")


async def test_an_order_by_number(hub: Cangaroo) -> None:
    number = "100-EXAMPLE-1000000"
    replies = [
        await hub.ask("/get_order_by_number", {"order": {"id": number}}),
        await hub.ask("/get_order_by_number", {"amazon_order_id": number}),
        await hub.ask("/get_order_by_number", {}, amazon_order_id=number),
    ]
    assert [numbers(reply) for reply in replies] == [[number]] * 3
    assert "parameters" not in replies[0]


async def test_the_same_shipment_again_answers_the_first_feed(
    hub: Cangaroo, amazon: RunningSandbox
) -> None:
    first = await hub.ask("/update_shipment", shipment())
    again = await hub.ask("/add_shipment", shipment(updated_at="2013-08-18T10:00:00Z"))
    assert again == first
    assert amazon.calls("createFeed") == 1


async def test_repeated_items_are_added_up(hub: Cangaroo, amazon: RunningSandbox) -> None:
    order = amazon.order(ORDER)
    order["orderItems"][0]["quantityOrdered"] = 3
    order["orderItems"][0]["fulfillment"] = {"quantityUnfulfilled": 3}
    amazon.add_orders(order)
    unit = {"product_id": "27368845791002", "quantity": 1}
    (feed,) = (await hub.ask("/update_shipment", shipment(items=[unit, unit, unit])))["feeds"]
    await hub.ask("/feed_status", {"feed": feed})
    told = amazon.state()["confirmations"][ORDER]
    assert sum(one["quantity"] for one in told) == 3


async def test_the_carrier_has_its_own_field(hub: Cangaroo, amazon: RunningSandbox) -> None:
    sent = shipment(shipping_method="Overnight", shipping_carrier="FedEx")
    (feed,) = (await hub.ask("/add_shipment", sent))["feeds"]
    await hub.ask("/feed_status", {"feed": feed})
    (package,) = amazon.order(ORDER)["packages"]
    assert package["carrier"] == "FedEx"


async def test_a_cancelled_shipment_is_not_confirmed(hub: Cangaroo) -> None:
    reply = await hub.ask("/update_shipment", shipment(status="canceled"))
    assert reply["feeds"] == []
    assert "is cancelled" in reply["summary"]


@pytest.mark.parametrize("amazon", [60], indirect=True)
async def test_a_feed_that_failed_is_told_with_its_reason(
    hub: Cangaroo, amazon: RunningSandbox
) -> None:
    shipped_elsewhere = amazon.order(ORDER)
    for item in shipped_elsewhere["orderItems"]:
        item["fulfillment"] = {
            "quantityFulfilled": item["quantityOrdered"],
            "quantityUnfulfilled": 0,
        }
    (feed,) = (await hub.ask("/update_shipment", shipment()))["feeds"]
    amazon.add_orders(shipped_elsewhere)
    amazon.advance(60)
    result = await hub.ask("/feed_status", {"feed_id": feed["id"]})
    assert "Error: " in result["summary"]
    assert "18021" in result["summary"]
    assert ORDER in result["summary"]
    assert result["feed_results"][0]["failed"] == 1


async def test_a_shipment_whose_answer_was_lost_fails_and_is_found_later(
    hub: Cangaroo, amazon: RunningSandbox, clock: ShiftedClock
) -> None:
    amazon.fault("createFeed", "lost_answer")
    lost = await hub.post("/update_shipment", hub.body(shipment()))
    assert lost.status_code == 503
    assert int(lost.headers["Retry-After"]) > 60
    clock.advance(180)
    amazon.advance(180)
    reply = await hub.ask("/update_shipment", shipment())
    assert len(reply["feeds"]) == 1
    assert amazon.calls("createFeed") == 1


async def test_a_fault_of_ours_is_answered_in_the_hubs_format(
    hub: Cangaroo, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a buyer's name")

    monkeypatch.setattr("amazon_endpoint.web.hub_services.import_order", fail)
    body = hub.body({"order": {"id": ORDER}})
    response = await hub.post("/get_order_by_number", body)
    assert response.status_code == 500
    assert response.json() == {
        "request_id": "job-1",
        "summary": "The endpoint failed. Its log says where.",
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Token": TOKEN},
        {"X_HUB_TOKEN": TOKEN},
        {"X-Hub-Token": f"{TOKEN},{TOKEN}"},
        {"X_HUB_TOKEN": f"{TOKEN}, {TOKEN}"},
        {"X-Hub-Token": "a guess", "X_HUB_TOKEN": TOKEN},
        {"X-Hub-Token": f"a guess,{TOKEN}"},
    ],
)
async def test_one_right_token_in_either_header_admits(
    hub: Cangaroo, headers: dict[str, str]
) -> None:
    assert (await hub.client.get("/auth", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("name", "password", "status"),
    [
        (TOKEN, "", 200),
        ("", TOKEN, 200),
        ("somebody", TOKEN, 200),
        (TOKEN, "x", 200),
        ("", "", 401),
        ("somebody", "a guess", 401),
    ],
)
async def test_basic_authentication_takes_the_token_as_name_or_password(
    hub: Cangaroo, name: str, password: str, status: int
) -> None:
    assert (await hub.client.get("/auth", auth=(name, password))).status_code == status


async def test_of_several_wrong_tokens_none_admits(hub: Cangaroo) -> None:
    headers = {"X-Hub-Token": f"a guess,{TOKEN[:-1]}", "X_HUB_TOKEN": ","}
    assert (await hub.client.get("/auth", headers=headers)).status_code == 401


async def test_the_two_formats_are_told_apart_by_the_body(hub: Cangaroo) -> None:
    """A message of the 2013 format that has a `request_id` too is of the 2013 format."""
    body = {"message_id": "7", "request_id": "job-1", "payload": {"parameters": []}}
    assert (await hub.post("/get_orders", body)).json()["message_id"] == "7"


async def test_the_description_covers_the_paths_of_this_format(hub: Cangaroo) -> None:
    description = (await hub.client.get("/openapi.json", headers=TWIN_HEADERS)).json()
    for path in ("/add_shipment", "/update_shipment"):
        operation = description["paths"][path]["post"]
        example = operation["requestBody"]["content"]["application/json"]["example"]
        assert example["shipment"]["id"]
        assert set(operation["responses"]) >= {"200", "401", "406", "413", "500", "503"}


def test_the_schema_refuses_what_cangaroo_refuses() -> None:
    for refused in (
        {"request_id": "1", "summary": "fine"},
        {"request_id": "1", "orders": [{"number": "1"}]},
        {"request_id": "1", "orders": {"id": "1"}},
        {"request_id": "1", "Orders": [{"id": "1"}]},
        {"request_id": "1", "orders": [], "delay": 120},
    ):
        with pytest.raises(AssertionError):
            check_schema(refused)
    check_schema({"request_id": "1", "orders": []})

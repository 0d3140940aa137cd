"""The four services answer what was published, to the letter."""

import json
from pathlib import Path
from typing import Any

from tests.integration.endpoint.hub import Hub

CONTRACT = Path(__file__).parents[2] / "contract"


def published(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((CONTRACT / f"{name}.json").read_text(encoding="utf-8"))
    return read


async def answer_to(hub: Hub, service: str, path: str, **parameters: Any) -> dict[str, Any]:
    request = published(f"{service}.request")
    payload = request["payload"]
    request["payload"] = hub.message("", payload, **parameters)["payload"]
    response = await hub.post(path, request)
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


async def test_return_orders(hub: Hub) -> None:
    answer = await answer_to(
        hub, "order_poll", "/get_orders", last_updated_after="2013-08-16T01:00:00Z"
    )
    assert answer == published("order_poll.response")


async def test_return_specific_order(hub: Hub) -> None:
    answer = await answer_to(hub, "import_by_number", "/get_order_by_number")
    assert answer == published("import_by_number.response")


async def test_confirm_shipment(hub: Hub) -> None:
    answer = await answer_to(hub, "shipment_confirm", "/confirm_shipment")
    (message,) = answer["messages"]
    assert answer == {
        "message_id": "1234567",
        "messages": [
            {
                "message": "amazon:feed:status",
                "payload": {"feed_id": message["payload"]["feed_id"]},
            }
        ],
    }
    assert isinstance(message["payload"]["feed_id"], str)


async def test_get_feed_status(hub: Hub) -> None:
    answer = await answer_to(hub, "feed_status", "/feed_status")
    expected = published("feed_status.response") | {"message_id": "!23456"}
    assert answer == expected

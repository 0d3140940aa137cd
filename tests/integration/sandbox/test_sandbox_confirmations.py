from typing import Any

import pytest

from tests.integration.sandbox.seller import order, selling

ORDER = "111-0000000-0000001"
ITEM = "00000010000001"
PATH = f"/orders/v0/orders/{ORDER}/shipmentConfirmation"
OPEN = order(ORDER, "2024-05-02T10:00:00.000Z")


def confirmation(quantity: int = 5, **changes: Any) -> dict[str, Any]:
    detail = {
        "packageReferenceId": "1",
        "carrierCode": "UPS",
        "trackingNumber": "1Z-17",
        "shipDate": "2024-05-03T10:00:00Z",
        "orderItems": [{"orderItemId": ITEM, "quantity": quantity}],
    }
    return {"marketplaceId": "ATVPDKIKX0DER", "packageDetail": detail | changes}


def test_a_confirmed_part_leaves_the_rest_open() -> None:
    with selling() as (sandbox, seller):
        sandbox.add_orders(OPEN)
        answer = seller.post(PATH, confirmation(2))
        assert (answer.status_code, answer.content) == (204, b"")
        after = sandbox.order(ORDER)
        assert after["fulfillment"]["fulfillmentStatus"] == "PARTIALLY_SHIPPED"
        assert after["orderItems"][0]["fulfillment"] == {
            "quantityFulfilled": 2,
            "quantityUnfulfilled": 3,
        }
        assert after["packages"][0]["trackingNumber"] == "1Z-17"
        assert after["lastUpdatedTime"] > "2026"


def test_the_same_reference_edits_the_package() -> None:
    with selling() as (sandbox, seller):
        sandbox.add_orders(OPEN)
        seller.post(PATH, confirmation()).raise_for_status()
        again = seller.post(PATH, confirmation(trackingNumber="1Z-18"))
        assert again.status_code == 204
        packages = sandbox.order(ORDER)["packages"]
        assert [package["trackingNumber"] for package in packages] == ["1Z-18"]
        accepted = sandbox.state()["confirmations"][ORDER]
        assert [entry["edit"] for entry in accepted] == [False, True]
        assert accepted[0]["via"] == "api"


def test_another_reference_is_another_package() -> None:
    with selling() as (sandbox, seller):
        sandbox.add_orders(OPEN)
        seller.post(PATH, confirmation(2)).raise_for_status()
        assert seller.post(PATH, confirmation(4, packageReferenceId="2")).status_code == 400
        seller.post(PATH, confirmation(3, packageReferenceId="2")).raise_for_status()
        assert sandbox.order(ORDER)["fulfillment"]["fulfillmentStatus"] == "SHIPPED"


@pytest.mark.parametrize(
    "changes",
    [
        {"packageReferenceId": 1},
        {"packageReferenceId": "0"},
        {"packageReferenceId": "box"},
        {"carrierCode": None},
        {"carrierCode": "Other"},
        {"trackingNumber": ""},
        {"shipDate": "02/21/2022"},
        {"orderItems": {"orderItemId": ITEM, "quantity": 1}},
        {"orderItems": [{"orderItemId": ITEM, "quantity": 0}]},
        {"orderItems": [{"orderItemId": "00000000000000", "quantity": 1}]},
        {"orderItems": [{"orderItemId": ITEM, "quantity": 3}] * 2},
    ],
    ids=str,
)
def test_a_broken_rule_is_refused_and_changes_nothing(changes: dict[str, Any]) -> None:
    with selling() as (sandbox, seller):
        sandbox.add_orders(OPEN)
        answer = seller.post(PATH, confirmation(**changes))
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == "InvalidInput"
        assert sandbox.order(ORDER) == OPEN
        assert sandbox.state()["confirmations"] == {}


@pytest.mark.parametrize(
    "blocks",
    [
        {"fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "AMAZON"}},
        {"fulfillment": {"fulfillmentStatus": "CANCELLED", "fulfilledBy": "MERCHANT"}},
        {"programs": ["FBM_SHIP_PLUS"]},
    ],
    ids=["amazon", "cancelled", "ship plus"],
)
def test_some_orders_cannot_be_confirmed(blocks: dict[str, Any]) -> None:
    with selling() as (sandbox, seller):
        sandbox.add_orders(OPEN | blocks)
        assert seller.post(PATH, confirmation()).status_code == 400


def test_an_unknown_order_cannot_be_found() -> None:
    with selling() as (_, seller):
        assert seller.post(PATH, confirmation()).status_code == 404


def test_an_other_carrier_is_known_by_its_name() -> None:
    with selling() as (sandbox, seller):
        sandbox.add_orders(OPEN)
        named = confirmation(carrierCode="Other", carrierName="Pigeon Post")
        assert seller.post(PATH, named).status_code == 204
        assert sandbox.order(ORDER)["packages"][0]["carrier"] == "Pigeon Post"

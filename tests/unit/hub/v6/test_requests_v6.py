from datetime import UTC, datetime
from typing import Any

import pytest

from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.hub.requests import Confirm
from amazon_endpoint.hub.v6.call import Call, read_call
from amazon_endpoint.hub.v6.requests import (
    NotToConfirm,
    read_by_number,
    read_confirm,
    read_feed_status,
    read_poll,
)
from amazon_endpoint.shipments import Shipment, ShipmentItem
from tests.unit.hub.examples import NOW, PARAMETERS

START = datetime(2026, 11, 20, tzinfo=UTC)
BARE = {name.removeprefix("amazon."): value for name, value in PARAMETERS.items()}
NUMBER = "100-EXAMPLE-1000000"
SHIPMENT: dict[str, Any] = {
    "id": "H1",
    "order_id": NUMBER,
    "tracking": "1Z0000000000000000",
    "shipping_method": "UPS Ground",
    "shipped_at": "2026-11-22T10:00:00Z",
    "items": [{"product_id": "100TSBXXL", "quantity": 2}],
}


def call(content: dict[str, Any], **parameters: Any) -> Call:
    return read_call({"request_id": "1", "parameters": BARE | parameters, **content})


def shipment(**changes: Any) -> Call:
    return call({"shipment": SHIPMENT | changes})


def test_a_hubs_own_cursor_counts_before_its_last_poll() -> None:
    poll = read_poll(call({"last_poll": 1}), NOW, START)
    assert poll.asked.updated_after == datetime(2026, 11, 1, tzinfo=UTC)
    assert poll.last_poll is None


@pytest.mark.parametrize(("content", "last_poll"), [({}, None), ({"last_poll": 0}, 0)])
def test_without_a_cursor_the_start_is_the_operators(
    content: dict[str, Any], last_poll: int | None
) -> None:
    poll = read_poll(call(content, last_updated_after=""), NOW, START)
    assert poll.asked.updated_after == START
    assert poll.last_poll == last_poll


@pytest.mark.parametrize("last_poll", ["0", True, -1, 1e9, 1_763_000_000_000, [0]])
def test_a_last_poll_is_whole_seconds_that_have_passed(last_poll: object) -> None:
    with pytest.raises(InvalidInput) as raised:
        read_poll(call({"last_poll": last_poll}, last_updated_after=None), NOW, START)
    assert raised.value.field == "last_poll"


@pytest.mark.parametrize(
    "asked",
    [
        call({"order": {"id": NUMBER}}),
        call({"order": {"id": NUMBER}, "amazon_order_id": "other"}),
        call({"amazon_order_id": NUMBER}),
        call({}, amazon_order_id=NUMBER),
    ],
)
def test_an_order_is_named_by_object_key_or_parameter(asked: Call) -> None:
    assert read_by_number(asked).order_number == NUMBER


@pytest.mark.parametrize(
    "asked", [call({"feed": {"id": 77}}), call({"feed_id": "77"}), call({}, feed_id="77")]
)
def test_a_feed_is_named_by_object_key_or_parameter(asked: Call) -> None:
    assert read_feed_status(asked).feed_id == "77"


def test_a_shipment_as_a_store_sends_it() -> None:
    read = read_confirm(shipment(id=7, status="shipped", updated_at=None), NOW)
    assert isinstance(read, Confirm)
    assert read.shipment == Shipment(
        number="7",
        order_number=NUMBER,
        tracking="1Z0000000000000000",
        shipping_method="UPS Ground",
        shipped_at=datetime(2026, 11, 22, 10, tzinfo=UTC),
        items=(ShipmentItem(sku="100TSBXXL", quantity=2),),
    )


def test_repeated_products_are_added_up_in_the_order_they_come() -> None:
    items = [
        {"product_id": "B", "quantity": 1},
        {"product_id": "A", "quantity": "2"},
        {"product_id": "B", "quantity": 1},
    ]
    read = read_confirm(shipment(items=items), NOW)
    assert isinstance(read, Confirm)
    assert read.shipment.items == (
        ShipmentItem(sku="B", quantity=2),
        ShipmentItem(sku="A", quantity=2),
    )


@pytest.mark.parametrize(
    ("changes", "carrier"),
    [
        ({"shipping_carrier": "UPS"}, "UPS"),
        ({"carrier": "DHL"}, "DHL"),
        ({"shipping_carrier": "UPS", "carrier": "DHL"}, "UPS"),
        ({}, None),
    ],
)
def test_the_carrier(changes: dict[str, Any], carrier: str | None) -> None:
    read = read_confirm(shipment(**changes), NOW)
    assert isinstance(read, Confirm)
    assert read.shipment.carrier == carrier


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tracking": None, "items": None}, "has no tracking number yet"),
        ({"tracking": " "}, "has no tracking number yet"),
        ({"status": "canceled"}, "is cancelled"),
        ({"status": "Cancelled"}, "is cancelled"),
    ],
)
def test_what_is_not_sent_off_is_not_confirmed(changes: dict[str, Any], reason: str) -> None:
    assert read_confirm(shipment(**changes), NOW) == NotToConfirm(
        number="H1", order_number=NUMBER, reason=reason
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": ""}, "shipment.id"),
        ({"order_id": None}, "shipment.order_id"),
        ({"tracking": "1" * 51}, "shipment.tracking"),
        ({"shipping_method": "U " * 60_000}, "shipment.shipping_method"),
        ({"shipping_carrier": "U" * 201}, "shipment.shipping_carrier"),
        ({"carrier": "U" * 201}, "shipment.carrier"),
        ({"shipped_at": "2999-01-01T00:00:00Z"}, "shipment.shipped_at"),
        ({"items": {}}, "shipment.items"),
        ({"items": ["A"]}, "shipment.items[0]"),
        ({"items": [*SHIPMENT["items"], {"quantity": 1}]}, "shipment.items[1].product_id"),
        ({"items": [{"product_id": "A", "quantity": 0.5}]}, "shipment.items[0].quantity"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        read_confirm(shipment(**changes), NOW)
    assert raised.value.field == field


def test_a_shipment_of_another_shops_order_is_not_confirmed() -> None:
    read = read_confirm(shipment(order_id="R123", items=None), NOW)
    assert read == NotToConfirm(number="H1", order_number="R123", reason="is of no Amazon order")
    assert isinstance(read_confirm(shipment(channel="Our own"), NOW), Confirm)

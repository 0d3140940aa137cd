import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.hub.requests import Confirm
from amazon_endpoint.hub.v5.message import Message, decode
from amazon_endpoint.hub.v5.requests import (
    read_by_number,
    read_confirm,
    read_feed_status,
    read_poll,
)
from amazon_endpoint.shipments import Shipment, ShipmentItem
from tests.contract import published
from tests.unit.hub.examples import NOW, PARAMETERS, message


def published_with_parameters(name: str) -> Message:
    body = json.loads(published(name))
    body["payload"]["parameters"] = [{"name": n, "value": v} for n, v in PARAMETERS.items()]
    return decode(json.dumps(body).encode())


def shipment(**changes: Any) -> dict[str, Any]:
    """The payload of a shipment that can be confirmed, changed."""
    whole = {
        "number": "H1",
        "order_number": "100-EXAMPLE-1000000",
        "tracking": "T1",
        "items": [{"sku": "100TSBXXL", "quantity": 1}],
    }
    return {"shipment": {**whole, **changes}}


def confirm(**changes: Any) -> Shipment:
    return read_confirm(message(shipment(**changes)), NOW).shipment


def refused_field(payload: dict[str, Any]) -> str | None:
    with pytest.raises(InvalidInput) as invalid:
        read_confirm(message(payload), NOW)
    return invalid.value.field


def test_a_poll_is_read() -> None:
    poll = read_poll(published_with_parameters("order_poll.request"), NOW)

    assert poll.account.seller_id == "SELLEROFTESTS"
    assert poll.updated_after == datetime(2026, 11, 1, tzinfo=UTC)
    assert (poll.resume, poll.seen) == (None, None)
    assert poll.statuses == ("Unshipped", "PartiallyShipped")
    assert poll.fulfilled_by == ("MERCHANT",)
    assert poll.shipping_methods == {}


def test_an_order_number_is_read() -> None:
    request = read_by_number(published_with_parameters("import_by_number.request"))

    assert request.order_number == "100-EXAMPLE-1000000"
    assert request.account.marketplace_ids == ("ATVPDKIKX0DER",)


@pytest.mark.parametrize(
    "number",
    [
        None,
        "",
        7,
        {},
        "100-EXAMPLE-100000",
        "100-EXAMPLE-10000000",
        "100EXAMPLE1000000",
        "100-EXAMPLE-1000000/../x",
        "100-EXÄMPLE-1000000",
        "١٠٠-1234567-1234567",
    ],
)
def test_what_is_no_order_number_is_refused(number: object) -> None:
    with pytest.raises(InvalidInput) as invalid:
        read_by_number(message({"amazon_order_id": number}))

    assert invalid.value.field == "payload.amazon_order_id"
    assert "100-EXAMPLE-1000000" in str(invalid.value)


@pytest.mark.parametrize(("given", "feed_id"), [("7891011", "7891011"), (7891011, "7891011")])
def test_a_feed_id_is_text_or_a_number(given: object, feed_id: str) -> None:
    assert read_feed_status(message({"feed_id": given})).feed_id == feed_id


@pytest.mark.parametrize(
    "given", [None, "", "a/b", "x" * 65, 10**64, 10**300, -1, True, 1.5, ["1"], "1 2", "é"]
)
def test_what_is_no_feed_id_is_refused(given: object) -> None:
    with pytest.raises(InvalidInput) as invalid:
        read_feed_status(message({"feed_id": given}))

    assert invalid.value.field == "payload.feed_id"


def test_the_published_shipment_is_read() -> None:
    request = read_confirm(published_with_parameters("shipment_confirm.request"), NOW)

    assert isinstance(request, Confirm)
    assert request.shipment == Shipment(
        number="H03606064322",
        order_number="103-6652650-4045858",
        tracking="915293072790129",
        shipping_method="UPS Ground",
        items=(ShipmentItem(sku="27368845791002", quantity=1),),
    )
    assert request.carriers == {}


def test_a_flat_shipment_is_read() -> None:
    read = confirm(
        number=None,
        shipment_number="H2",
        tracking="",
        tracking_number="T2",
        carrier="UPS",
        shipped_date="2026-11-22T10:00:00Z",
    )

    assert (read.number, read.tracking, read.carrier) == ("H2", "T2", "UPS")
    assert read.shipped_at == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_the_own_key_wins_over_the_flat_one() -> None:
    assert confirm(shipment_number="other", tracking_number="other").number == "H1"


def test_numbers_for_texts_of_digits_are_taken() -> None:
    read = confirm(
        number=36, tracking=915293072790129, items=[{"sku": 27368845791002, "quantity": 1}]
    )

    assert (read.number, read.tracking) == ("36", "915293072790129")
    assert read.items[0].sku == "27368845791002"


def test_an_item_may_be_named_by_its_external_ref_alone() -> None:
    item = confirm(items=[{"external_ref": "11122233344455", "quantity": 1}]).items[0]

    assert (item.sku, item.external_ref) == ("", "11122233344455")


@pytest.mark.parametrize("key", ["number", "order_number", "tracking", "items"])
@pytest.mark.parametrize("value", [None, "", [], {}, True, 1.5])
def test_what_the_shipment_lacks_is_named(key: str, value: object) -> None:
    assert refused_field(shipment(**{key: value})) == f"payload.shipment.{key}"


@pytest.mark.parametrize("value", [None, "H1", [], 7])
def test_a_shipment_is_an_object(value: object) -> None:
    assert refused_field({"shipment": value}) == "payload.shipment"


def test_the_item_that_is_wrong_is_named() -> None:
    good = {"sku": "A", "quantity": 1}

    assert refused_field(shipment(items=[good, "A"])) == "payload.shipment.items[1]"
    assert refused_field(shipment(items=[good, {"quantity": 1}])) == "payload.shipment.items[1].sku"
    assert (
        refused_field(shipment(items=[{"sku": 1.5, "quantity": 1}]))
        == "payload.shipment.items[0].sku"
    )


@pytest.mark.parametrize("quantity", [b"2", b"2.0", b"20e-1", b'"2"', b"2.000000"])
def test_a_whole_quantity_is_read_however_it_is_written(quantity: bytes) -> None:
    payload = message(shipment(items=[{"sku": "A", "quantity": msgspec.Raw(quantity)}]))

    read = read_confirm(payload, NOW).shipment.items[0].quantity

    assert read == 2
    assert type(read) is int


@pytest.mark.parametrize(
    "quantity",
    [
        *(b"null", b"0", b"-1", b"1.5", b"1000000", b"1e999999", b"1e-999999", b"1" + b"0" * 4000),
        *(b"true", b'""', b'"two"', b'"1.0"', b'"-1"', b'" 1"', '"²"'.encode(), b"[1]", b"{}"),
    ],
)
def test_any_other_quantity_is_refused(quantity: bytes) -> None:
    payload = shipment(items=[{"sku": "A", "quantity": msgspec.Raw(quantity)}])

    assert refused_field(payload) == "payload.shipment.items[0].quantity"


def test_an_item_without_a_quantity_is_refused() -> None:
    assert refused_field(shipment(items=[{"sku": "A"}])) == "payload.shipment.items[0].quantity"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tracking", "T" * 51),
        ("tracking", "T\n1"),
        ("tracking", "T\x001"),
        ("tracking", 10**50),
        ("number", "H" * 101),
        ("carrier", "U\x1bPS"),
        ("carrier", "U" * 201),
        ("shipping_method", "U " * 60_000),
        ("carrier", 7),
        ("shipping_method", ["UPS"]),
        ("shipping_method", "U\uffffPS"),
        ("order_number", "100-EXAMPLE-1000000\x00"),
    ],
)
def test_text_that_amazon_can_not_take_is_refused(key: str, value: object) -> None:
    assert refused_field(shipment(**{key: value})) == f"payload.shipment.{key}"


def test_fifty_characters_of_tracking_are_taken() -> None:
    assert confirm(tracking="T" * 50).tracking == "T" * 50


def test_the_moments_of_a_shipment_are_read() -> None:
    read = confirm(shipped_at="2026-11-22T10:00:00+01:00", updated_at="2026-11-22T10:00:00Z")

    assert read.shipped_at == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert read.updated_at == datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize("key", ["shipped_at", "shipped_date", "updated_at"])
@pytest.mark.parametrize(
    "value", ["2026-11-22T10:00:00", "2026-11-22", "soon", 7, "2026-11-24T00:00:00Z"]
)
def test_a_moment_without_zone_or_still_to_come_is_refused(key: str, value: object) -> None:
    assert refused_field(shipment(**{key: value})) == f"payload.shipment.{key}"


def test_a_stores_clock_may_run_a_little_ahead() -> None:
    ahead = NOW + timedelta(minutes=4)

    assert confirm(shipped_at=ahead.isoformat()).shipped_at == ahead


def test_keys_that_no_one_needs_are_ignored() -> None:
    read = confirm(cost=Decimal("1.5"), status=7, shipping_address=[], email={"a": []})

    assert read == confirm()


def test_an_error_never_shows_the_value() -> None:
    with pytest.raises(InvalidInput) as invalid:
        read_confirm(message(shipment(tracking="buyer\x00buyer")), NOW)

    assert "buyer" not in str(invalid.value)

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from amazon_endpoint.charges import ItemParts
from amazon_endpoint.hub.order_parts import ShippingMethods
from amazon_endpoint.hub.v5.order import encode_order
from amazon_endpoint.orders import Address, Order, OrderItem, OrderPackage, bill
from tests.contract import published
from tests.unit.hub.examples import ADDRESS, order, parts


def written(one: Order, **shipping_methods: str) -> dict[str, Any]:
    """The order object as a store parses it, its numbers as exact texts."""
    encoder = msgspec.json.Encoder(decimal_format="number")
    body = encoder.encode(
        encode_order(bill(one), shipping_methods=ShippingMethods(shipping_methods))
    )
    read: dict[str, Any] = json.loads(body, parse_float=str)
    return read


def shipped_to(**changes: Any) -> dict[str, Any]:
    """The shipping address of an order sent to the example's address, changed."""
    address = msgspec.structs.replace(ADDRESS, **changes)
    one: dict[str, Any] = written(order(shipping_address=address))["shipping_address"]
    return one


def test_the_published_order_comes_out_to_the_letter() -> None:
    response = json.loads(published("import_by_number.response"))
    encoder = msgspec.json.Encoder(decimal_format="number")

    ours = json.loads(
        encoder.encode(encode_order(bill(order()), shipping_methods=ShippingMethods({})))
    )

    # As text: the same keys in the same order, numbers of the same type.
    assert json.dumps(ours) == json.dumps(response["messages"][0]["payload"]["order"])


def test_rows_and_totals_add_up_to_the_cent() -> None:
    discounted = ItemParts(
        item=Decimal("59.97"),
        shipping=Decimal("4.99"),
        gift_wrap=Decimal("3.50"),
        tax=Decimal("5.40"),
        shipping_tax=Decimal("0.40"),
        discount=Decimal("7.00"),
        shipping_discount=Decimal("2.00"),
    )
    one = order(discounted, total="66.86")

    read = written(one)

    assert read["totals"] == {
        "item": "59.97",
        "adjustment": "1.90",
        "tax": "5.40",
        "shipping": "4.99",
        "order": "66.86",
        "payment": "66.86",
    }
    assert read["adjustments"] == [
        {"name": "Shipping Discount", "value": "-2.00"},
        {"name": "Promotion Discount", "value": "-5.00"},
        {"name": "Amazon Tax", "value": "5.00"},
        {"name": "Gift Wrap Price", "value": "3.50"},
        {"name": "Gift Wrap Tax", "value": "0.00"},
        {"name": "Shipping Tax", "value": "0.40"},
    ]
    assert read["payments"] == [
        {"amount": "66.86", "payment_method": "Amazon", "status": "complete"}
    ]
    assert read["shipments"][0]["cost"] == "4.99"


@pytest.mark.parametrize(
    ("currency", "price", "told"),
    [
        ("USD", "1", "1.00"),
        ("USD", "1E+2", "100.00"),
        ("JPY", "5980", "5980.0"),
        ("KWD", "1.5", "1.500"),
        ("USD", "123456789012345.67", "123456789012345.67"),
    ],
)
def test_amounts_are_exact_and_always_have_a_fraction(currency: str, price: str, told: str) -> None:
    read = written(order(parts(price), currency=currency))

    assert read["totals"]["order"] == told
    assert read["line_items"][0]["price"] == told


def test_digits_beyond_the_currencys_are_kept() -> None:
    assert written(order(parts("1.005")))["totals"]["order"] == "1.005"


def test_the_items_of_the_shipment_are_those_of_the_order() -> None:
    read = written(order())

    assert read["shipments"][0]["items"] == read["line_items"]
    assert len(read["shipments"]) == 1


def test_cancelled_lines_are_left_out() -> None:
    one = order(parts("29.00"), parts("0"))
    cancelled = msgspec.structs.replace(one.items[1], quantity=0)

    read = written(msgspec.structs.replace(one, items=(one.items[0], cancelled)))

    assert [line["sku"] for line in read["line_items"]] == ["100TSBXXL"]


def test_a_line_without_sku_or_title_has_both_keys() -> None:
    one = order(parts("1.00"), items=(OrderItem(item_id="1", quantity=1),))

    line = written(one)["line_items"][0]

    assert (line["name"], line["sku"]) == ("", "")


def test_an_order_without_prices_is_not_written() -> None:
    with pytest.raises(ValueError, match="no prices"):
        bill(order(charges=None))


def test_an_order_whose_prices_are_of_other_items_has_no_bill() -> None:
    one = order()

    with pytest.raises(ValueError, match="other items"):
        bill(msgspec.structs.replace(one, items=one.items[:1]))


def test_times_are_utc_cut_to_the_second() -> None:
    read = written(order(updated_at=datetime(2026, 1, 1, 0, 0, 59, 999_999, tzinfo=UTC)))

    assert read["updated_at"] == "2026-01-01T00:00:59Z"


def test_an_unknown_email_is_blank() -> None:
    assert written(order(buyer_email=None))["email"] == ""


def test_unpublished_words_stay_as_they_are() -> None:
    read = written(order(status="NEW_WORD", shipping_service_level="NewLevel"))

    assert (read["status"], read["shipments"][0]["status"]) == ("NEW_WORD", "NEW_WORD")
    assert read["shipments"][0]["shipping_method"] == "NewLevel"


@pytest.mark.parametrize("key", ["SecondDay", "SECOND_DAY", "secondday", "second day"])
def test_the_shipping_method_is_looked_up(key: str) -> None:
    read = written(order(shipping_service_level="SecondDay"), **{key: "UPS 2 Day"})

    assert read["shipments"][0]["shipping_method"] == "UPS 2 Day"


def test_an_unknown_service_level_is_blank() -> None:
    read = written(order(shipping_service_level=None), Standard="UPS Ground")

    assert read["shipments"][0]["shipping_method"] == ""


def test_a_single_package_gives_its_tracking_and_number() -> None:
    one = OrderPackage(reference="1", tracking="T1")

    def told(*packages: OrderPackage) -> tuple[str, str, str]:
        read = written(order(packages=packages))["shipments"][0]
        return read["tracking"], read["number"], read["stock_location"]

    assert told(one) == ("T1", "1", "")
    assert told(OrderPackage(reference="1")) == ("", "1", "")
    assert told(one, OrderPackage(reference="2", tracking="T2")) == ("", "", "")


def test_a_missing_address_has_every_key() -> None:
    read = written(order(shipping_address=None))

    assert read["shipping_address"] == dict.fromkeys(shipped_to(), "")
    assert read["billing_address"] == read["shipping_address"]


def test_an_empty_address_is_as_a_missing_one() -> None:
    nothing = written(order(shipping_address=None))
    empty = written(order(shipping_address=Address()))

    assert empty["shipping_address"] == nothing["shipping_address"]


def test_every_address_line_is_kept() -> None:
    address = shipped_to(lines=("c/o Example", "1 Example Street", "Floor 2"))

    assert address["address1"] == "c/o Example"
    assert address["address2"] == "1 Example Street, Floor 2"


def test_a_company_is_told_only_where_there_is_one() -> None:
    assert shipped_to(company="Example Ltd")["company"] == "Example Ltd"
    assert "company" not in shipped_to(company=None)
    assert "company" not in shipped_to(company="")


def test_only_us_states_are_spelt_out() -> None:
    assert shipped_to(state="N.Y.")["state"] == "New York"
    assert shipped_to(state="WA", country="AU")["state"] == "WA"
    assert shipped_to(state="WA", country=None)["state"] == "WA"


def test_a_district_is_appended_nowhere() -> None:
    assert shipped_to(district="Example County") == shipped_to()


def test_a_missing_phone_is_blank() -> None:
    assert shipped_to(phone=None)["phone"] == ""

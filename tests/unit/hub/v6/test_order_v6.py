import json
from decimal import Decimal

import msgspec
import pytest

from amazon_endpoint.charges import ItemParts
from amazon_endpoint.hub.order_parts import ShippingMethods
from amazon_endpoint.hub.v6.order import encode_order
from amazon_endpoint.orders import Order, bill
from tests.unit.hub.examples import ADDRESS, order, parts


def encoded(given: Order, **shipping_methods: str) -> dict[str, object]:
    written = encode_order(bill(given), shipping_methods=ShippingMethods(shipping_methods))
    body = msgspec.json.Encoder(decimal_format="number").encode(written)
    read: dict[str, object] = json.loads(body, parse_float=Decimal)
    return read


def test_the_published_order_in_the_later_format() -> None:
    address = {
        "firstname": "Patrick",
        "lastname": "Cook",
        "address1": "7159 edwards rd",
        "address2": "Apartment A-12",
        "city": "Seymour",
        "zipcode": "37284",
        "phone": "471-543-4073",
        "country": "US",
        "state": "PA",
    }
    adjustments = [
        *("Shipping Discount", "Promotion Discount", "Amazon Tax"),
        *("Gift Wrap Price", "Gift Wrap Tax"),
    ]
    assert encoded(order()) == {
        "id": "100-EXAMPLE-1000000",
        "number": "100-EXAMPLE-1000000",
        "channel": "Amazon.com",
        "currency": "USD",
        "status": "Unshipped",
        "placed_on": "2013-08-16T01:25:00Z",
        "updated_at": "2013-08-16T01:30:00Z",
        "email": "ceth5ni9mo4whyc@marketplace.amazon.com",
        "totals": {
            "item": Decimal("64.00"),
            "adjustment": Decimal("0.00"),
            "tax": Decimal("0.00"),
            "shipping": Decimal("0.00"),
            "order": Decimal("64.00"),
            "payment": Decimal("64.00"),
        },
        "adjustments": [{"name": name, "value": Decimal("0.00")} for name in adjustments],
        "line_items": [
            {
                "product_id": "100TSBXXL",
                "name": "T-Shirt, Black, XX-Large",
                "quantity": 1,
                "price": Decimal("29.00"),
            },
            {
                "product_id": "100TSWXXL",
                "name": "T-Shirt, White, XX-Large",
                "quantity": 1,
                "price": Decimal("35.00"),
            },
        ],
        "payments": [
            {"amount": Decimal("64.00"), "payment_method": "Amazon", "status": "completed"}
        ],
        "shipping_address": address,
        "billing_address": address,
        "shipping_method": "Standard",
        "amazon_shipping_method": "Standard",
        "fulfillment_channel": "MFN",
    }


def test_discounts_are_negative() -> None:
    discounted = ItemParts(item=Decimal("10.00"), discount=Decimal("1.50"))
    adjustments = encoded(order(discounted, total="8.50"))["adjustments"]
    assert {"name": "Promotion Discount", "value": Decimal("-1.50")} in adjustments  # type: ignore[operator]


@pytest.mark.parametrize("state", ["PA", "pa", "P.A.", "Pennsylvania", "PENNSYLVANIA"])
def test_a_us_state_has_two_letters(state: str) -> None:
    given = order(shipping_address=msgspec.structs.replace(ADDRESS, state=state))
    assert encoded(given)["shipping_address"]["state"] == "PA"  # type: ignore[index]


def test_states_elsewhere_and_unknown_ones_stay_as_amazon_has_them() -> None:
    abroad = msgspec.structs.replace(ADDRESS, state="Ontario", country="CA")
    odd = msgspec.structs.replace(ADDRESS, state="Californa")
    for address, state in ((abroad, "Ontario"), (odd, "Californa")):
        given = encoded(order(shipping_address=address))
        assert given["shipping_address"]["state"] == state  # type: ignore[index]


def test_a_missing_address_has_every_key() -> None:
    address = encoded(order(shipping_address=None))["billing_address"]
    assert set(address.values()) == {""}  # type: ignore[attr-defined]
    assert {"country", "state"} <= address.keys()  # type: ignore[attr-defined]


def test_the_shipping_method_is_looked_up_and_amazons_stays() -> None:
    given = encoded(order(), standard="UPS Ground")
    assert given["shipping_method"] == "UPS Ground"
    assert given["amazon_shipping_method"] == "Standard"


def test_an_order_without_prices_is_not_written() -> None:
    with pytest.raises(ValueError, match="no prices"):
        bill(order(charges=None))


def test_asin_and_channel_are_there_where_amazon_tells_them() -> None:
    (item, *_) = order().items
    given = order(
        parts("29.00"),
        items=(msgspec.structs.replace(item, asin="B000000000"),),
        fulfilled_by="AMAZON",
    )
    assert encoded(given)["line_items"][0]["asin"] == "B000000000"  # type: ignore[index]
    assert encoded(given)["fulfillment_channel"] == "AFN"
    assert "fulfillment_channel" not in encoded(order(fulfilled_by=None))

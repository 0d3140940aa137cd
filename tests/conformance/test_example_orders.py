"""Every example order in Amazon's model comes out as it stands there, row by row.

What is due is computed here from the JSON alone.
"""

import json
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from amazon_endpoint.amazon.spapi.order_reader import read_order
from amazon_endpoint.orders import Order, bill
from tests.conformance.amazon_models import example_orders, read_model
from tests.conformance.referees import MODELS, Models

pytestmark = pytest.mark.conformance

PUBLISHED_STATUS = {
    "PENDING_AVAILABILITY": "PendingAvailability",
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
}
CHARGE_ROWS = {
    "ITEM": "item",
    "SHIPPING": "shipping",
    "GIFT_WRAP": "Gift Wrap Price",
    "COD_FEE": "COD Fee",
    "OTHER": "Amazon Other",
}
TAX_ROWS = {"SHIPPING": "Shipping Tax", "GIFT_WRAP": "Gift Wrap Tax"}
DISCOUNT_ROWS = {"SHIPPING": "Shipping Discount"}

Json = dict[str, Any]
Rows = dict[str, Decimal]


@pytest.fixture(scope="module")
def examples(models: Models) -> list[tuple[Json, Order]]:
    found = list(example_orders(read_model(models["orders_2026-01-01.json"])))
    return [(order, read(order)) for order in found]


def read(order: Json) -> Order:
    text = json.dumps(order).encode()
    found = read_order(msgspec.Raw(text), personal_data_asked=True)
    assert isinstance(found, Order), found
    return found


def test_the_model_holds_orders(examples: list[tuple[Json, Order]]) -> None:
    assert len(examples) >= 8
    assert len({order.number for _, order in examples}) == len(examples)


def test_each_row_of_the_bill_equals_its_source(examples: list[tuple[Json, Order]]) -> None:
    for source, order in examples:
        read_bill, due = bill(order), rows(source)
        told = {row.name: row.amount for row in read_bill.adjustments}
        assert "Amazon Difference" not in told
        assert read_bill.currency == source["proceeds"]["grandTotal"]["currencyCode"]
        for name in told.keys() | due.keys() - {"item", "shipping", "tax"}:
            MODELS.expect(told.get(name, 0), due.get(name, 0), f"{order.number}: {name}")
        totals = read_bill.totals
        for name in ("item", "shipping", "tax"):
            MODELS.expect(getattr(totals, name), due[name], f"{order.number}: {name}")
        grand_total = amount(source["proceeds"]["grandTotal"])
        MODELS.expect(totals.order, grand_total, f"{order.number}: order")
        sums = totals.item + totals.adjustment + totals.shipping
        MODELS.expect(sums, grand_total, f"{order.number}: sum")


def test_the_rows_equal_the_sums_that_amazon_states_for_the_order(
    examples: list[tuple[Json, Order]],
) -> None:
    for source, order in examples:
        totals, adjustments = bill(order).totals, bill(order).adjustments
        tip = next((row.amount for row in adjustments if row.name == "Delivery Tip"), 0)
        told = {"ITEM": totals.item, "SHIPPING": totals.shipping, "TAX": totals.tax}
        for stated in source["proceeds"].get("breakdowns", ()):
            mine = (told | {"DELIVERY_TIP": tip})[stated["type"]]
            MODELS.expect(mine, amount(stated["subtotal"]), f"{order.number}: {stated['type']}")


def test_each_line_equals_its_item(examples: list[tuple[Json, Order]]) -> None:
    for source, order in examples:
        for item, mine in zip(source["orderItems"], order.items, strict=True):
            fulfillment, gift = item["fulfillment"], gift_option(item)
            due = {
                "item_id": item["orderItemId"],
                "quantity": item["quantityOrdered"],
                "sku": item["product"]["sellerSku"],
                "title": item["product"]["title"],
                "asin": item["product"]["asin"],
                "quantity_fulfilled": fulfillment["quantityFulfilled"],
                "quantity_unfulfilled": fulfillment["quantityUnfulfilled"],
                "quantity_open": fulfillment["quantityUnfulfilled"],
                "gift_message": gift.get("giftMessage"),
                "gift_wrap_level": gift.get("giftWrapLevel"),
            }
            for name, value in due.items():
                MODELS.expect(getattr(mine, name), value, f"{order.number}: {name}")
            lines = [line for line in bill(order).lines if line.item == mine]
            units = sum(line.quantity for line in lines)
            MODELS.expect(units, item["quantityOrdered"], f"{order.number}: units")
            price = amount(item["product"]["price"]["unitPrice"])
            assert mine.unit_price is not None
            MODELS.expect(mine.unit_price.amount, price, f"{order.number}: unit price")
            MODELS.expect({line.price for line in lines}, {price}, f"{order.number}: price")


def test_each_order_is_told_as_it_is(examples: list[tuple[Json, Order]]) -> None:
    for source, order in examples:
        fulfillment, buyer = source["fulfillment"], source.get("buyer", {})
        due = {
            "number": source["orderId"],
            "status": PUBLISHED_STATUS[fulfillment["fulfillmentStatus"]],
            "fulfilled_by": fulfillment["fulfilledBy"],
            "shipping_service_level": fulfillment["fulfillmentServiceLevel"].capitalize(),
            "placed_at": datetime.fromisoformat(source["createdTime"]),
            "updated_at": datetime.fromisoformat(source["lastUpdatedTime"]),
            "channel": source["salesChannel"]["marketplaceName"],
            "marketplace_id": source["salesChannel"]["marketplaceId"],
            "buyer_name": buyer.get("buyerName"),
            "buyer_email": buyer.get("buyerEmail"),
            "buyer_company": buyer.get("buyerCompanyName"),
            "purchase_order_number": buyer.get("buyerPurchaseOrderNumber"),
            "programs": tuple(source.get("programs", ())),
            "personal_data_refused": False,
            "remarks": (),
        }
        for name, value in due.items():
            MODELS.expect(getattr(order, name), value, f"{order.number}: {name}")


def test_each_address_is_told_as_it_is(examples: list[tuple[Json, Order]]) -> None:
    for source, order in examples:
        address = source["recipient"]["deliveryAddress"]
        lines = (address.get(f"addressLine{number}") for number in (1, 2, 3))
        due = {
            "name": address["name"],
            "company": address.get("companyName"),
            "lines": tuple(line for line in lines if line),
            "city": address["city"],
            "district": address.get("districtOrCounty") or None,
            "state": address.get("stateOrRegion"),
            "postal_code": address["postalCode"],
            "country": address["countryCode"],
            "phone": address.get("phone"),
        }
        for name, value in due.items():
            MODELS.expect(getattr(order.shipping_address, name), value, f"{order.number}: {name}")


def test_each_package_is_told_as_it_is(examples: list[tuple[Json, Order]]) -> None:
    for source, order in examples:
        for package, mine in zip(source.get("packages", ()), order.packages, strict=True):
            units = {one["orderItemId"]: one["quantity"] for one in package["packageItems"]}
            due = {
                "reference": package["packageReferenceId"],
                "status": package["packageStatus"]["status"],
                "carrier": package["carrier"],
                "shipping_service": package["shippingService"],
                "tracking": package["trackingNumber"],
                "shipped_at": datetime.fromisoformat(package["shipTime"]),
                "items": units,
            }
            for name, value in due.items():
                MODELS.expect(getattr(mine, name), value, f"{order.number}: package {name}")


def rows(order: Json) -> Rows:
    """The rows of an order's bill, added up from what stands at its items and at itself.

    Amazon's examples add the tax to the prices, and none of them has a discount yet.
    """
    due: Rows = defaultdict(Decimal)
    for item in order["orderItems"]:
        for stated in item["proceeds"]["breakdowns"]:
            if stated["type"] == "TAX":
                due["tax"] += amount(stated["subtotal"])
                divide(stated, TAX_ROWS, "Amazon Tax", due)
            elif stated["type"] == "DISCOUNT":
                divide(stated, DISCOUNT_ROWS, "Promotion Discount", due)
            else:
                due[CHARGE_ROWS[stated["type"]]] += amount(stated["subtotal"])
    for stated in order["proceeds"].get("breakdowns", ()):
        if stated["type"] == "DELIVERY_TIP":
            due["Delivery Tip"] += amount(stated["subtotal"])
    return due


def divide(stated: Json, rows_of: dict[str, str], own_row: str, due: Rows) -> None:
    """A tax or discount: what its details name goes to their rows, the rest to the item's own."""
    rest = amount(stated["subtotal"])
    for detail in stated.get("detailedBreakdowns", ()):
        row = rows_of.get(detail["subtype"])
        if row is not None:
            due[row] += amount(detail["value"])
            rest -= amount(detail["value"])
    due[own_row] += rest


def gift_option(item: Json) -> Json:
    option: Json = item["fulfillment"].get("packing", {}).get("giftOption", {})
    return option


def amount(money: Json) -> Decimal:
    return Decimal(money["amount"])

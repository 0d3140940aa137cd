from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from amazon_endpoint.sandbox.clock import read_time
from amazon_endpoint.sandbox.generator import made_up_orders
from amazon_endpoint.sandbox.generator.shapes import SHAPES
from amazon_endpoint.sandbox.options import DEFAULT_MARKETPLACES, SandboxOptions

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ORDERS = list(made_up_orders(SandboxOptions(orders=600), NOW))
PRICED = [order for order in ORDERS if "proceeds" in order]
ITEMS = [item for order in PRICED for item in order["orderItems"]]


def amount(money: dict[str, str]) -> Decimal:
    return Decimal(money["amount"])


def parts(item: dict[str, Any]) -> dict[str, Decimal]:
    return {b["type"]: amount(b["subtotal"]) for b in item["proceeds"]["breakdowns"]}


def tip(order: dict[str, Any]) -> Decimal:
    told = order["proceeds"].get("breakdowns", [])
    return sum((amount(b["subtotal"]) for b in told if b["type"] == "DELIVERY_TIP"), Decimal())


def test_the_same_seed_makes_the_same_orders() -> None:
    again = list(made_up_orders(SandboxOptions(orders=600), NOW))
    other = list(made_up_orders(SandboxOptions(orders=600, seed=2), NOW))
    assert again == ORDERS
    assert not {o["orderId"] for o in other} & {o["orderId"] for o in ORDERS}


def test_items_and_tip_make_the_grand_total() -> None:
    for order in PRICED:
        items = sum(
            (amount(item["proceeds"]["proceedsTotal"]) for item in order["orderItems"]), tip(order)
        )
        assert items == amount(order["proceeds"]["grandTotal"])


def test_an_items_parts_make_its_total_in_one_reading_per_order() -> None:
    for order in PRICED:
        readings = [
            (with_tax, sign)
            for with_tax in (0, 1)
            for sign in (-1, 1)
            if all(adds_up(item, with_tax, sign) for item in order["orderItems"])
        ]
        assert readings, order["orderId"]


def adds_up(item: dict[str, Any], with_tax: int, sign: int) -> bool:
    told = parts(item)
    tax, discount = told.pop("TAX", Decimal()), told.pop("DISCOUNT", Decimal())
    total = sum(told.values(), tax * with_tax + discount * sign)
    return total == amount(item["proceeds"]["proceedsTotal"])


def test_every_shape_is_there() -> None:
    types = Counter(name for item in ITEMS for name in parts(item))
    assert set(types) == {"ITEM", "SHIPPING", "GIFT_WRAP", "COD_FEE", "OTHER", "TAX", "DISCOUNT"}
    signs = {parts(item)["DISCOUNT"] > 0 for item in ITEMS if "DISCOUNT" in parts(item)}
    assert signs == {True, False}
    statuses = {order["fulfillment"]["fulfillmentStatus"] for order in ORDERS}
    assert {"PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED"} <= statuses
    assert {order["salesChannel"]["marketplaceId"] for order in ORDERS} == {*DEFAULT_MARKETPLACES}
    states = {
        order.get("recipient", {}).get("deliveryAddress", {}).get("stateOrRegion")
        for order in ORDERS
    }
    assert {"AA", "AE", "AP", None} <= states
    assert any(item["quantityOrdered"] == 0 for item in ITEMS)
    assert any(tip(order) for order in PRICED)
    assert len({shape.__name__ for shape in SHAPES}) == len(SHAPES) == 32


def test_currencies_without_minor_units_have_no_point() -> None:
    yen = [
        item["proceeds"]["proceedsTotal"]["amount"]
        for item in ITEMS
        if item["proceeds"]["proceedsTotal"]["currencyCode"] == "JPY"
    ]
    assert yen
    assert not any("." in text for text in yen)


def test_ids_are_unique() -> None:
    assert len({order["orderId"] for order in ORDERS}) == len(ORDERS)
    ids = [item["orderItemId"] for order in ORDERS for item in order["orderItems"]]
    assert len(set(ids)) == len(ids)


def test_updates_spread_over_thirty_days() -> None:
    updates = [read_time(order["lastUpdatedTime"]) for order in ORDERS]
    assert updates == sorted(updates)
    assert updates[0] == NOW - timedelta(days=30)
    assert timedelta() <= NOW - timedelta(minutes=5) - updates[-1] < timedelta(milliseconds=2)


def test_the_first_orders_are_open_and_have_several_items() -> None:
    for order in ORDERS[:5]:
        assert order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
        assert order["fulfillment"]["fulfilledBy"] == "MERCHANT"
        assert len(order["orderItems"]) >= 2
        assert order["salesChannel"]["marketplaceId"] == DEFAULT_MARKETPLACES[0]


def test_pending_orders_have_no_prices() -> None:
    for order in ORDERS:
        if order["fulfillment"]["fulfillmentStatus"].startswith("PENDING"):
            assert "proceeds" not in order
            assert not any("price" in item["product"] for item in order["orderItems"])


def test_an_unknown_marketplace_is_named() -> None:
    with pytest.raises(ValueError, match="unknown marketplace 'NOWHERE'"):
        list(made_up_orders(SandboxOptions(marketplaces=("NOWHERE",)), NOW))

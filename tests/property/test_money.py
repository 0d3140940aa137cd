"""An order's money is exact: row by row what Amazon states, and the rows make up the total."""

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from amazon_endpoint.amazon.spapi.order_reader import read_order
from amazon_endpoint.money import from_minor_units, minor_unit
from amazon_endpoint.orders import Bill, Order, bill
from tests.property.amazon_orders import Truth, orders

ZERO = Decimal(0)
PUBLISHED = [
    "Shipping Discount",
    "Promotion Discount",
    "Amazon Tax",
    "Gift Wrap Price",
    "Gift Wrap Tax",
]


def bill_of(order: dict[str, Any]) -> Bill:
    read = read_order(msgspec.Raw(msgspec.json.encode(order)), personal_data_asked=True)
    assert isinstance(read, Order), read
    return bill(read)


def add_to_grand_total(order: dict[str, Any], units: int) -> Decimal:
    total = order["proceeds"]["grandTotal"]
    change = from_minor_units(units, total["currencyCode"])
    total["amount"] = str(Decimal(total["amount"]) + change)
    return change


@given(orders())
def test_each_row_equals_its_source(generated: tuple[dict[str, Any], Truth]) -> None:
    order, truth = generated
    rows = {row.name: row.amount for row in bill_of(order).adjustments}
    for name in rows | truth.rows:
        assert rows.get(name, ZERO) == truth.rows.get(name, ZERO), name


@given(orders())
def test_the_totals_are_amazons(generated: tuple[dict[str, Any], Truth]) -> None:
    order, truth = generated
    totals = bill_of(order).totals
    assert totals.item == truth.item
    assert totals.shipping == truth.shipping
    assert totals.tax == truth.tax
    assert totals.order == truth.order


@given(orders())
def test_nothing_differs_where_amazons_parts_add_up(
    generated: tuple[dict[str, Any], Truth],
) -> None:
    order, _ = generated
    written = bill_of(order)
    assert written.difference == 0
    assert "Amazon Difference" not in {row.name for row in written.adjustments}


@given(orders())
def test_the_parts_make_up_the_order_to_the_minor_unit(
    generated: tuple[dict[str, Any], Truth],
) -> None:
    order, _ = generated
    written = bill_of(order)
    totals = written.totals
    assert totals.item + totals.adjustment + totals.shipping == totals.order
    assert totals.adjustment == sum((row.amount for row in written.adjustments), ZERO)
    assert totals.item == sum((line.price * line.quantity for line in written.lines), ZERO)


@given(orders())
def test_prices_are_in_minor_units_and_quantities_are_kept(
    generated: tuple[dict[str, Any], Truth],
) -> None:
    order, truth = generated
    lines = bill_of(order).lines
    unit = minor_unit(truth.currency)
    assert all(line.price % unit == 0 for line in lines)
    assert all(line.quantity > 0 for line in lines)
    for item in order["orderItems"]:
        mine = [line for line in lines if line.item.item_id == item["orderItemId"]]
        assert sum(line.quantity for line in mine) == item["quantityOrdered"]
        assert len(mine) <= 2


@given(orders())
def test_the_published_rows_come_first_and_always(
    generated: tuple[dict[str, Any], Truth],
) -> None:
    order, _ = generated
    rows = bill_of(order).adjustments
    assert [row.name for row in rows[:5]] == PUBLISHED
    assert all(row.amount for row in rows[5:])


@given(orders(item_totals_stated=st.just(True)))
def test_where_items_state_their_totals_a_wrong_grand_total_changes_no_row(
    generated: tuple[dict[str, Any], Truth],
) -> None:
    order, truth = generated
    add_to_grand_total(order, 7_777_777)
    rows = {row.name: row.amount for row in bill_of(order).adjustments}
    # Whether a pending tip is within a grand total is told by nothing but that total.
    for name in (rows | truth.rows).keys() - {"Delivery Tip", "Amazon Difference"}:
        assert rows.get(name, ZERO) == truth.rows.get(name, ZERO), name


@given(orders())
def test_what_amazon_leaves_unexplained_is_one_row(
    generated: tuple[dict[str, Any], Truth],
) -> None:
    order, truth = generated
    for item in order["orderItems"]:
        item.get("proceeds", {}).pop("proceedsTotal", None)
    change = add_to_grand_total(order, 7_777_777)
    written = bill_of(order)
    totals = written.totals
    assert totals.order == truth.order + change
    assert totals.item + totals.adjustment + totals.shipping == totals.order
    assert written.difference != 0
    assert written.difference_is_notable
    assert written.adjustments[-1].name == "Amazon Difference"


def test_a_unit_per_line_is_not_worth_a_warning() -> None:
    money = {"amount": "10.00", "currencyCode": "USD"}
    order = {
        "orderId": "111-0000000-0000001",
        "createdTime": "2026-11-01T10:00:00Z",
        "lastUpdatedTime": "2026-11-01T11:00:00Z",
        "salesChannel": {"channelName": "AMAZON"},
        "proceeds": {"grandTotal": dict(money)},
        "orderItems": [
            {
                "orderItemId": "1",
                "quantityOrdered": 3,
                "product": {},
                "proceeds": {"breakdowns": [{"type": "ITEM", "subtotal": dict(money)}]},
            }
        ],
    }
    assert [(line.quantity, line.price) for line in bill_of(order).lines] == [
        (2, Decimal("3.33")),
        (1, Decimal("3.34")),
    ]
    add_to_grand_total(order, 2)
    assert not bill_of(order).difference_is_notable
    add_to_grand_total(order, 1)
    assert bill_of(order).difference_is_notable

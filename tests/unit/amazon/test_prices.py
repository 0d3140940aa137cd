"""Prices: every breakdown lands in its own row, and nothing is invented."""

from decimal import Decimal
from typing import Any

import pytest

from amazon_endpoint.charges import Charges, ItemCharges, Reading
from amazon_endpoint.money import Money
from amazon_endpoint.orders import bill
from tests.unit.amazon.wire_orders import item, money, order, part, read, read_or_not


def D(text: str) -> Decimal:  # noqa: N802 - a shorthand
    return Decimal(text)


def charges_of(told: Any) -> Charges:
    found = read(told).charges
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("parts", "total", "row", "amount"),
    [
        ([part("ITEM", "10.00")], "10.00", "item", "10.00"),
        ([part("SHIPPING", "4.99")], "14.99", "shipping", "4.99"),
        ([part("GIFT_WRAP", "2.50")], "12.50", "gift_wrap", "2.50"),
        ([part("COD_FEE", "3")], "13.00", "cod_fee", "3"),
        ([part("OTHER", "1.01")], "11.01", "other", "1.01"),
        ([part("TAX", "0.80", ITEM="0.80")], "10.80", "item_tax", "0.80"),
        ([part("TAX", "0.80")], "10.80", "item_tax", "0.80"),
        ([part("TAX", "0.30", SHIPPING="0.30")], "10.30", "shipping_tax", "0.30"),
        ([part("TAX", "0.20", GIFT_WRAP="0.20")], "10.20", "gift_wrap_tax", "0.20"),
        ([part("DISCOUNT", "-2.00")], "8.00", "promotion_discount", "-2.00"),
        ([part("DISCOUNT", "2.00", ITEM="2.00")], "8.00", "promotion_discount", "-2.00"),
        ([part("DISCOUNT", "-1", SHIPPING="-1")], "9.00", "shipping_discount", "-1"),
    ],
)
def test_every_breakdown_has_its_row(parts: list[Any], total: str, row: str, amount: str) -> None:
    whole = [part("ITEM", "10.00"), *parts] if row != "item" else parts
    told = order(item(*whole, total=total), total=money(total))

    found = charges_of(told)

    assert getattr(found.items[0], row) == D(amount)
    assert found.total == D(total)
    assert bill(read(told)).difference == 0


def test_a_part_that_comes_twice_is_added_up() -> None:
    told = item(
        part("ITEM", "10"),
        part("SHIPPING", "1.10"),
        part("SHIPPING", "2.20"),
        part("TAX", "1", ITEM="0.60"),
        part("TAX", "2", ITEM="0.40", SHIPPING="1"),
        total="16.30",
    )

    (found,) = charges_of(order(told, total=money("16.30"))).items

    assert (found.shipping, found.item_tax, found.shipping_tax) == (D("3.30"), D("2.00"), D("1"))


def test_an_unknown_part_is_kept_as_other_and_told() -> None:
    told = order(
        item(part("ITEM", "10"), part("CARBON_OFFSET", "0.50"), total="10.50"),
        total=money("10.50"),
    )

    found = read(told)

    assert charges_of(told).items[0].other == D("0.50")
    assert bill(found).difference == 0
    assert any("CARBON_OFFSET" in remark for remark in found.remarks)


def test_an_unknown_detail_stays_in_the_items_own_row() -> None:
    told = item(part("ITEM", "10"), part("TAX", "1", NEW="0.70", SHIPPING="0.30"), total="11")

    (found,) = charges_of(order(told, total=money("11"))).items

    assert (found.item_tax, found.shipping_tax) == (D("0.70"), D("0.30"))


def test_a_line_with_nothing_but_a_discount_is_read() -> None:
    told = order(item(part("DISCOUNT", "-5"), total="-5"), total=money("-5"))

    assert charges_of(told).items[0] == ItemCharges(promotion_discount=D("-5"))


def test_included_tax_is_recognised() -> None:
    told = item(part("ITEM", "11.90"), part("TAX", "1.90", ITEM="1.90"), total="11.90")

    assert charges_of(order(told, total=money("11.90"))).reading is Reading.TAX_INCLUDED


def test_a_cancelled_line_without_money_says_nothing_about_the_tax() -> None:
    told = item(part("ITEM", "12"), part("TAX", "2"), total="12")
    cancelled = item(quantity=0, item_id="2")

    assert charges_of(order(told, total=money("11"))).reading is Reading.TAX_INCLUDED
    assert charges_of(order(told, cancelled, total=money("11"))).reading is Reading.TAX_INCLUDED


@pytest.mark.parametrize(
    ("told", "charged"),
    [
        pytest.param(
            item(part("ITEM", "30"), unit_price=money("9"), quantity=3, total="30"),
            "30",
            id="the breakdown first",
        ),
        pytest.param(
            item(part("SHIPPING", "1"), unit_price=money("9.99"), quantity=3, total="30.97"),
            "29.97",
            id="then unit price times quantity",
        ),
        pytest.param(item(total="30", quantity=3), "30", id="then the item's total"),
    ],
)
def test_what_an_item_costs_is_taken_from_the_best_source(told: Any, charged: str) -> None:
    assert charges_of(order(told)).items[0].item == D(charged)


def test_what_other_charges_leave_of_a_total_is_the_items() -> None:
    told = item(part("SHIPPING", "3"), part("GIFT_WRAP", "1"), total="15", quantity=2)

    found = read(order(told, total=money("15")))

    assert found.charges is not None
    assert found.charges.items[0] == ItemCharges(item=D("11"), shipping=D("3"), gift_wrap=D("1"))
    assert bill(found).difference == 0


@pytest.mark.parametrize("unsettled", [part("TAX", "1"), part("DISCOUNT", "1")])
def test_a_price_that_depends_on_how_a_tax_or_discount_is_read_is_not_guessed(
    unsettled: Any,
) -> None:
    told = item(part("SHIPPING", "3"), unsettled, total="15", item_id="4711")

    found = read(order(told, total=money("15")))

    assert not found.priced
    assert found.remarks == ("Of item 4711, no amount says what the item itself costs.",)


def test_the_items_total_tells_how_its_tax_is_read_where_nothing_is_left_for_it() -> None:
    free = item(part("SHIPPING", "4.99"), part("TAX", "0.80"), total="4.99")

    found = charges_of(order(free, total=money("4.99")))

    assert found.reading is Reading.TAX_INCLUDED
    assert found.total == D("4.99")


def test_an_item_that_costs_nothing_counts_where_only_items_have_totals() -> None:
    paid = item(part("ITEM", "10"), total="10")
    free = item(part("SHIPPING", "4.99"), part("TAX", "0.80"), total="4.99", item_id="2")

    assert charges_of(order(paid, free)).total == D("14.99")


@pytest.mark.parametrize(
    "parts", [(part("ITEM", "9", "EUR"),), (part("SHIPPING", "3"), part("OTHER", "1", "EUR"))]
)
def test_what_an_amount_left_out_would_leave_of_a_total_is_no_price(parts: Any) -> None:
    found = read(order(item(*parts, total="15", item_id="4711"), total=money("15")))

    assert not found.priced
    assert found.remarks == ("Of item 4711, an amount in EUR is left out: the order is in USD.",)


def test_a_negative_zero_is_zero() -> None:
    told = order(item(part("ITEM", "-0.00"), total="-0.00"), total=money("-0.00"))

    assert str(charges_of(told).total) == "0.00"
    assert all(not row.amount.is_signed() for row in bill(read(told)).adjustments)


def test_without_a_grand_total_the_parts_are_the_total() -> None:
    assert charges_of(order(item(part("ITEM", "10"), part("TAX", "1")))).total == D("11")


@pytest.mark.parametrize(
    ("status", "grand_total", "tip"),
    [("FINALIZED", "15", "5"), ("PENDING", "15", "5"), ("PENDING", "10", "0"), (None, "15", "5")],
)
def test_a_tip_counts_once_it_is_in_the_grand_total(
    status: str | None, grand_total: str, tip: str
) -> None:
    tipped = part("DELIVERY_TIP", "5") | ({"status": status} if status else {})
    proceeds = {"grandTotal": money(grand_total), "breakdowns": [part("ITEM", "10"), tipped]}

    found = charges_of(order(item(part("ITEM", "10"), total="10"), proceeds=proceeds))

    assert (found.delivery_tip, found.total) == (D(tip), D(grand_total))


# Whether there are prices yet


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(order(item()), id="no money at all"),
        pytest.param(order(item(), total=money("0"), status="PENDING"), id="pending, zero"),
        pytest.param(
            order(item(), total=money("0.00"), status="PENDING_AVAILABILITY"), id="not available"
        ),
        pytest.param(
            order(item(unit_price=money("5")), total=money("0"), status="PENDING"),
            id="pending, zero although there is a price",
        ),
        pytest.param(order(item(), total=money("10")), id="a total without any price"),
        pytest.param(
            order(item(part("ITEM", "10")), item(item_id="2"), total=money("20")),
            id="one item without a price",
        ),
        pytest.param(order(item(part("SHIPPING", "1"))), id="shipping alone"),
        pytest.param(order(), id="no items and no total"),
    ],
)
def test_missing_prices_are_never_taken_for_zero(told: Any) -> None:
    found = read(told)

    assert not found.priced
    assert found.charges is None


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(
            order(item(unit_price=money("5")), total=money("5"), status="PENDING"),
            id="pending with prices",
        ),
        pytest.param(order(item(part("ITEM", "0"), total="0"), total=money("0")), id="free"),
        pytest.param(order(item(quantity=0), total=money("0"), status="CANCELLED"), id="cancelled"),
        pytest.param(
            order(item(part("ITEM", "5")), item(quantity=0, item_id="2"), total=money("5")),
            id="a cancelled line without a price",
        ),
    ],
)
def test_an_order_is_priced_once_every_open_line_is(told: Any) -> None:
    assert read(told).priced


# Currencies


@pytest.mark.parametrize(
    "told",
    [
        order(item(unit_price=money("1", "USD")), total=money("100", "JPY")),
        order(item(part("ITEM", "1", "USD"), unit_price=money("100", "JPY"))),
        order(item(part("ITEM", "100", "JPY"))),
    ],
    ids=["the grand total's", "the first unit price's", "the first part's"],
)
def test_the_currency_is_taken_from_the_best_source(told: Any) -> None:
    assert read(told).currency == "JPY"


def test_another_currency_is_left_out_and_told() -> None:
    parts = part("ITEM", "10"), part("SHIPPING", "3.33", "EUR"), part("TAX", "9", "EUR", ITEM="9")
    found = read(order(item(*parts, total="10", item_id="4711"), total=money("10")))

    assert found.charges is not None
    assert found.charges.items[0] == ItemCharges(item=D("10"))
    assert found.remarks == ("Of item 4711, an amount in EUR is left out: the order is in USD.",)


def test_a_price_in_another_currency_is_no_price() -> None:
    assert not read(order(item(unit_price=money("10", "EUR")), total=money("10"))).priced


def test_unit_prices_are_kept_as_they_are() -> None:
    found = read(order(item(unit_price=money("19.990", "EUR"), quantity=2)))

    assert found.items[0].unit_price == Money(D("19.990"), "EUR")


def test_amounts_are_exact_in_text_and_in_numbers() -> None:
    as_number = {"amount": 12345678.1, "currencyCode": "USD"}
    told = order(item(part("ITEM", "12345678.10")), total=as_number)

    assert charges_of(told).total == D("12345678.10")


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e3", "1_000", "", " 1", "1,00", "١", None])
def test_what_is_no_amount_makes_the_order_unreadable(amount: str | None) -> None:
    told = order(item(part("ITEM", "1") | {"subtotal": {"amount": amount, "currencyCode": "USD"}}))

    found = read_or_not(told)

    assert getattr(found, "number", None) == "111-0000000-0000001"
    assert "amount" in getattr(found, "reason", "")

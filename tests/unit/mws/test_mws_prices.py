"""An order's money, row by row, from the amounts that MWS states."""

from decimal import Decimal

import pytest

from amazon_endpoint.charges import ItemCharges, Reading
from amazon_endpoint.money import ZERO
from amazon_endpoint.orders import Bill, bill
from tests.unit.mws.mws_orders import Tree, item_xml, money, order_xml, read

EVERYTHING: Tree = {
    "QuantityOrdered": "2",
    "ShippingPrice": money("5.00"),
    "GiftWrapPrice": money("3.00"),
    "CODFee": money("2.50"),
    "ItemTax": money("1.60"),
    "ShippingTax": money("0.40"),
    "GiftWrapTax": money("0.24"),
    "PromotionDiscount": money("4.00"),
    "ShippingDiscount": money("1.00"),
    "CODFeeDiscount": money("0.50"),
}
TOTAL = "27.24"  # 20 + 5 + 3 + 2.50 + 2.24 - 5.50


def told(total: str, *items: str, **fields: "str | Tree | None") -> Bill:
    return bill(read(order_xml(OrderTotal=money(total), **fields), *items))


def test_every_amount_has_its_row() -> None:
    order = read(order_xml(OrderTotal=money(TOTAL)), item_xml("20.00", **EVERYTHING))

    assert order.charges is not None
    assert order.charges.items == (
        ItemCharges(
            item=Decimal(20),
            shipping=Decimal(5),
            gift_wrap=Decimal(3),
            cod_fee=Decimal("2.50"),
            item_tax=Decimal("1.60"),
            shipping_tax=Decimal("0.40"),
            gift_wrap_tax=Decimal("0.24"),
            promotion_discount=Decimal("-4.50"),
            shipping_discount=Decimal(-1),
        ),
    )
    assert bill(order).difference == 0
    assert [line.price for line in bill(order).lines] == [Decimal(10)]


def test_prices_that_hold_their_tax_are_found_out_by_the_total() -> None:
    order = read(
        order_xml(OrderTotal=money("24.00", "EUR")),
        item_xml(None, ItemPrice=money("24.00", "EUR"), ItemTax=money("3.83", "EUR")),
    )

    assert order.charges is not None
    assert order.charges.reading is Reading.TAX_INCLUDED
    assert (bill(order).totals.tax, bill(order).difference) == (Decimal("3.83"), ZERO)


@pytest.mark.parametrize(
    ("total", "tax"),
    [("16.20", "1.20"), ("15.90", "0.90")],
    ids=["a tax after the discount", "a tax before it"],
)
def test_a_discounts_tax_is_taken_off_only_where_it_adds_up_so(total: str, tax: str) -> None:
    item = item_xml(
        "20.00",
        ItemTax=money("1.20"),
        PromotionDiscount=money("5.00"),
        PromotionDiscountTax=money("0.20"),
        ShippingDiscountTax=money("0.10"),
    )

    read_so = told(total, item)

    assert (read_so.totals.tax, read_so.difference) == (Decimal(tax), ZERO)


def test_what_adds_up_in_no_way_is_one_difference() -> None:
    item = item_xml("20.00", ItemTax=money("1.20"), PromotionDiscountTax=money("0.20"))

    read_so = told("30.00", item)

    assert read_so.totals.tax == Decimal("1.20")
    assert (read_so.adjustments[-1].name, read_so.difference) == (
        "Amazon Difference",
        Decimal("8.80"),
    )


def test_a_split_payment_changes_nothing() -> None:
    split: Tree = {
        "PaymentExecutionDetailItem": {"Payment": money("7.00"), "PaymentMethod": "GC"},
    }

    assert told("10.00", item_xml(), PaymentExecutionDetail=split).totals.order == 10


def test_another_currency_is_left_out_and_told() -> None:
    order = read(
        order_xml(OrderTotal=money("10.00")),
        item_xml(ShippingPrice=money("3.33", "EUR")),
    )

    assert bill(order).totals.shipping == 0
    assert order.remarks == ("Of item 1, an amount in EUR is left out: the order is in USD.",)


def test_without_a_total_the_parts_are_added_up() -> None:
    order = read(order_xml(), item_xml(ShippingPrice=money("2.00")))

    assert (order.currency, bill(order).totals.order) == ("USD", Decimal(12))


@pytest.mark.parametrize(
    ("order", "item"),
    [
        pytest.param(order_xml(OrderStatus="Pending"), item_xml(None), id="nothing stated"),
        pytest.param(
            order_xml(OrderStatus="Pending", OrderTotal=money("0.00")), item_xml(), id="zero"
        ),
        pytest.param(order_xml(OrderTotal=money("10.00")), item_xml(None), id="an item without"),
        pytest.param(
            order_xml(OrderTotal=money("10.00")),
            item_xml(None, ItemPrice={"CurrencyCode": "USD"}),
            id="an item without an amount",
        ),
        pytest.param(
            order_xml(OrderTotal=money("10.00")),
            item_xml(None, ItemPrice=money("9.00", "EUR")),
            id="an item in another currency",
        ),
    ],
)
def test_an_order_without_prices_is_not_priced(order: str, item: str) -> None:
    assert not read(order, item).priced


def test_a_cancelled_line_needs_no_price() -> None:
    order = read(
        order_xml(OrderTotal=money("10.00")),
        item_xml(),
        item_xml(None, OrderItemId="2", QuantityOrdered="0"),
    )

    assert bill(order).totals.item == 10

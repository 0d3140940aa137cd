"""What is kept of a message until the store has it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given

from amazon_endpoint.amazon.spapi.order_reader import read_order as read_amazons_order
from amazon_endpoint.orders import Order
from amazon_endpoint.stores.messages import order_message, read_order, read_shipment
from amazon_endpoint.stores.port import MessageKind
from tests.property.amazon_orders import Truth, orders
from tests.unit.hub.examples import order, parts
from tests.unit.stores.examples import shipment_delivery


@given(orders())
def test_an_order_is_kept_exactly(generated: tuple[dict[str, Any], Truth]) -> None:
    raw = msgspec.Raw(msgspec.json.encode(generated[0]))
    one = read_amazons_order(raw, personal_data_asked=True)
    assert isinstance(one, Order)

    body = order_message(MessageKind.ORDER_UPDATE, one, shipping_methods={"Standard": "Post"})

    kept = read_order(body)
    assert kept.order == one
    assert kept.shipping_methods == {"Standard": "Post"}


def test_a_shipment_is_kept_exactly() -> None:
    kept = read_shipment(
        shipment_delivery(MessageKind.SHIPMENT_REFUSED, feed_id="7", reason="No such item").body
    )

    assert (kept.shipment_number, kept.feed_id, kept.reason) == ("H1", "7", "No such item")


@pytest.mark.parametrize("kind", [MessageKind.ORDER_IMPORT, MessageKind.ORDER_UPDATE])
def test_an_order_without_prices_makes_no_message(kind: MessageKind) -> None:
    with pytest.raises(ValueError, match="no prices"):
        order_message(kind, order(charges=None), shipping_methods={})


def test_a_cancellation_needs_no_prices() -> None:
    unpriced = order(charges=None, status="Canceled")

    body = order_message(MessageKind.ORDER_CANCEL, unpriced, shipping_methods={})

    assert read_order(body).order == unpriced


@pytest.mark.parametrize("kind", [MessageKind.ORDER_IMPORT, MessageKind.ORDER_CANCEL])
@pytest.mark.parametrize(
    "unwritable",
    [order(parts("1" + "0" * 40)), order(buyer_email="\ud800")],
    ids=["an amount beyond every store", "half a character"],
)
def test_a_value_that_fits_no_message_is_told_before_it_is_kept(
    kind: MessageKind, unwritable: Order
) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        order_message(kind, unwritable, shipping_methods={})

"""Messages: what a store is told, as it is kept until the store has it.

The kept body is neutral, so that each store is told in its own format, even one that was configured
after the message was kept.
"""

from collections.abc import Mapping

import msgspec

from amazon_endpoint.hub.order_parts import ShippingMethods
from amazon_endpoint.hub.v5.order import encode_order
from amazon_endpoint.orders import Order, bill
from amazon_endpoint.stores.port import MessageKind


class OrderMessage(msgspec.Struct, frozen=True):
    """An order as it was when the message was kept.

    `shipping_methods` maps Amazon's service level to the store's shipping method.
    """

    order: Order
    shipping_methods: dict[str, str]


class ShipmentMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a shipment: the feed that told Amazon, if one did, and a refusal's reason."""

    order_number: str
    shipment_number: str
    feed_id: str | None = None
    reason: str | None = None


_encode = msgspec.json.Encoder().encode
_decode_order = msgspec.json.Decoder(OrderMessage).decode
_decode_shipment = msgspec.json.Decoder(ShipmentMessage).decode


def order_message(kind: MessageKind, order: Order, *, shipping_methods: Mapping[str, str]) -> bytes:
    """The body of a message about an order.

    Only a cancellation can be told of an order without prices: Amazon takes them away from some
    cancelled orders.

    Raises:
        ValueError, ArithmeticError: the order has no prices, or a value that fits no message.
    """
    if order.priced or kind != MessageKind.ORDER_CANCEL:
        # Told now, while the order can still be put aside: a message that can't be written would
        # be found out at each attempt only.
        encode_order(bill(order), shipping_methods=ShippingMethods(shipping_methods))
    return _encode(OrderMessage(order, dict(shipping_methods)))


def shipment_message(
    *, order_number: str, shipment_number: str, feed_id: str | None, reason: str | None
) -> bytes:
    """The body of a message about a shipment that was confirmed, or refused with Amazon's reason.

    `feed_id` is None where no feed told Amazon of it.
    """
    return _encode(
        ShipmentMessage(
            order_number=order_number,
            shipment_number=shipment_number,
            feed_id=feed_id,
            reason=reason,
        )
    )


def read_order(body: bytes) -> OrderMessage:
    """What `order_message` wrote."""
    return _decode_order(body)


def read_shipment(body: bytes) -> ShipmentMessage:
    """What `shipment_message` wrote."""
    return _decode_shipment(body)

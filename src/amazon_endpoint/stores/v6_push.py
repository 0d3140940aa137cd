"""v6 push: straight into a store that has the hub's old extension.

The extension's hooks for orders are `add_order` and `update_order`. It answers a second `add_order`
with 500, just as it answers everything else that goes wrong, and what its summary says is in
nobody's contract. But it takes an `update_order` only of an order it has, so that one is the
question: after a 500, an `update_order` that changes nothing tells whether the order is there.
"""

import msgspec

from amazon_endpoint.clock import Clock, iso
from amazon_endpoint.hub.errors import NotAMessage
from amazon_endpoint.hub.json_object import read_object
from amazon_endpoint.hub.order_parts import ShippingMethods
from amazon_endpoint.hub.v6.order import OrderObject, encode_order
from amazon_endpoint.orders import bill
from amazon_endpoint.outbound import Answer, Outbound
from amazon_endpoint.stores.messages import OrderMessage, read_order
from amazon_endpoint.stores.port import Delivered, Delivery, MessageKind, Outcome, Refused
from amazon_endpoint.stores.posting import judge, post


class _UnpricedOrder(msgspec.Struct, frozen=True):
    """`order` in a cancellation whose prices Amazon has taken away."""

    id: str
    number: str
    channel: str
    status: str
    placed_on: str
    updated_at: str
    email: str


class _Call(msgspec.Struct, frozen=True):
    request_id: str
    order: OrderObject | _UnpricedOrder


_encode = msgspec.json.Encoder(decimal_format="number").encode


class V6Store:
    """A store's hub extension, whose hooks lie below `url`."""

    def __init__(self, url: str, token: str, *, outbound: Outbound, clock: Clock) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._outbound = outbound
        self._clock = clock

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Call the hook that takes the message. What no hook takes counts as delivered."""
        match delivery.kind:
            case MessageKind.ORDER_IMPORT:
                return await self._add(delivery)
            case MessageKind.ORDER_UPDATE | MessageKind.ORDER_CANCEL:
                return await self._update(delivery)
            case _:
                return Delivered()

    async def _add(self, delivery: Delivery) -> Outcome:
        message = read_order(delivery.body)
        order = encode_order(
            bill(message.order), shipping_methods=ShippingMethods(message.shipping_methods)
        )
        answer = await self._call("add_order", delivery.webhook_id, order)
        if isinstance(answer, Answer) and answer.status == 500:
            there = await self._update(delivery)
            if isinstance(there, Delivered):
                return there
        return self._judge(answer, delivery.webhook_id)

    async def _update(self, delivery: Delivery) -> Outcome:
        order = _updated(read_order(delivery.body))
        answer = await self._call("update_order", delivery.webhook_id, order)
        return self._judge(answer, delivery.webhook_id)

    async def _call(
        self, hook: str, request_id: str, order: OrderObject | _UnpricedOrder
    ) -> Answer | Refused:
        return await post(
            self._outbound,
            f"{self._url}/{hook}",
            headers={"x-hub-token": self._token},
            body=_encode(_Call(request_id, order)),
        )

    def _judge(self, answer: Answer | Refused, request_id: str) -> Outcome:
        if isinstance(answer, Refused):
            return answer
        outcome = judge(answer, self._clock.now())
        if isinstance(outcome, Delivered) and not _echoes(answer.body, request_id):
            return Refused(
                f"Something answered {answer.status} that is no hub extension: the request's id "
                "is not in the answer. Is the destination's address right?"
            )
        return outcome


def _updated(message: OrderMessage) -> OrderObject | _UnpricedOrder:
    """An order for `update_order`, which takes `status` for the state of the store's order."""
    order = message.order
    status = "canceled" if order.cancelled else "complete"
    if order.priced:
        written = encode_order(
            bill(order), shipping_methods=ShippingMethods(message.shipping_methods)
        )
        return msgspec.structs.replace(written, status=status)
    return _UnpricedOrder(
        id=order.number,
        number=order.number,
        channel=order.channel,
        status=status,
        placed_on=iso(order.placed_at),
        updated_at=iso(order.updated_at),
        email=order.buyer_email or "",
    )


def _echoes(body: bytes, request_id: str) -> bool:
    try:
        return bool(read_object(body).get("request_id") == request_id)
    except NotAMessage:
        return False

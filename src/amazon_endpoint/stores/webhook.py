"""Webhooks: the hub's messages, signed by the Standard Webhooks specification (1.0.0)."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable

import msgspec

from amazon_endpoint.clock import Clock, iso
from amazon_endpoint.hub.order_parts import ShippingMethods
from amazon_endpoint.hub.v5.order import OrderObject, encode_order
from amazon_endpoint.orders import bill
from amazon_endpoint.outbound import Answer, Outbound
from amazon_endpoint.stores.messages import OrderMessage, read_order, read_shipment
from amazon_endpoint.stores.port import Delivered, Delivery, MessageKind, Outcome, Refused
from amazon_endpoint.stores.posting import judge, post

_PREFIX = "whsec_"
_KEY_BYTES = range(24, 64 + 1)


class _UnpricedOrder(msgspec.Struct, frozen=True):
    """`order` in a cancellation whose prices Amazon has taken away."""

    number: str
    channel: str
    status: str
    placed_on: str
    updated_at: str


class _OrderPayload(msgspec.Struct, frozen=True):
    order: OrderObject | _UnpricedOrder


class _Shipment(msgspec.Struct, frozen=True):
    number: str
    order_number: str


class _ShipmentPayload(msgspec.Struct, frozen=True, omit_defaults=True):
    shipment: _Shipment
    feed_id: str | None = None
    reason: str | None = None


class _Message(msgspec.Struct, frozen=True):
    message: str
    message_id: str
    payload: _OrderPayload | _ShipmentPayload


_encode = msgspec.json.Encoder(decimal_format="number").encode


class WebhookStore:
    """A store that takes the hub's messages at one address."""

    def __init__(
        self, url: str, secrets: Iterable[str], *, outbound: Outbound, clock: Clock
    ) -> None:
        """Take the address and the signing secrets.

        Raises:
            ValueError: a secret has not the form of one.
        """
        self._url = url
        self._keys = tuple(map(signing_key, secrets))
        self._outbound = outbound
        self._clock = clock

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Post the message, signed with every secret. Any 2xx takes it, unless it is a web page."""
        body = write_message(delivery)
        timestamp = int(self._clock.now().timestamp())
        headers = {
            "webhook-id": delivery.webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._keys, delivery.webhook_id, timestamp, body),
        }
        answer = await post(self._outbound, self._url, headers=headers, body=body)
        if isinstance(answer, Refused):
            return answer
        outcome = judge(answer, self._clock.now())
        if isinstance(outcome, Delivered) and _is_page(answer):
            return Refused(
                f"Something answered {answer.status} with a page (text/html) that is no store, as "
                "log-in pages do. Is the destination's address right?"
            )
        return outcome


def _is_page(answer: Answer) -> bool:
    """Whether a browser would show it. Many a store says "OK", or nothing, as text/html too."""
    is_html = answer.headers.get("content-type", "").lower().startswith("text/html")
    return is_html and answer.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def signing_key(secret: str) -> bytes:
    """The key in a secret of the form ``whsec_`` and base64 of 24 to 64 bytes.

    Raises:
        ValueError: it has another form; the secret is not quoted.
    """
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(_PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError(
            "A signing secret is whsec_ followed by 24 to 64 random bytes in base64. "
            '`echo "whsec_$(openssl rand -base64 32)"` makes one.'
        )
    return key


def sign(keys: Iterable[bytes], webhook_id: str, timestamp: int, body: bytes) -> str:
    """`webhook-signature`: one signature for each key, so that secrets can be changed under way.

    `timestamp` is in seconds since 1970.
    """
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}" for key in keys)


def write_message(delivery: Delivery) -> bytes:
    """The hub's message: ``{message, message_id, payload}``, its id the webhook's."""
    if delivery.kind in (MessageKind.SHIPMENT_CONFIRMED, MessageKind.SHIPMENT_REFUSED):
        payload: _OrderPayload | _ShipmentPayload = _shipment_payload(delivery.body)
    else:
        payload = _OrderPayload(_order_object(read_order(delivery.body)))
    return _encode(_Message(delivery.kind, delivery.webhook_id, payload))


def _order_object(message: OrderMessage) -> OrderObject | _UnpricedOrder:
    order = message.order
    if order.priced:
        return encode_order(bill(order), shipping_methods=ShippingMethods(message.shipping_methods))
    return _UnpricedOrder(
        number=order.number,
        channel=order.channel,
        status=order.status,
        placed_on=iso(order.placed_at),
        updated_at=iso(order.updated_at),
    )


def _shipment_payload(body: bytes) -> _ShipmentPayload:
    told = read_shipment(body)
    return _ShipmentPayload(
        _Shipment(told.shipment_number, told.order_number), told.feed_id, told.reason
    )

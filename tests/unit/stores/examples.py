"""Messages on their way, and the secrets that sign them."""

from base64 import b64encode
from typing import Any

from amazon_endpoint.orders import Order
from amazon_endpoint.stores.messages import order_message, shipment_message
from amazon_endpoint.stores.port import Delivery, MessageKind
from tests.unit.hub.examples import order

SECRET = f"whsec_{b64encode(b'secret of the tests, the current one').decode()}"
OLD_SECRET = f"whsec_{b64encode(b'secret of the tests, the former one').decode()}"
TOKEN = "token-of-the-tests"


def order_delivery(
    kind: MessageKind = MessageKind.ORDER_IMPORT,
    told: Order | None = None,
    *,
    webhook_id: str = "msg_1",
    **shipping_methods: str,
) -> Delivery:
    told = told or order()
    return Delivery(
        webhook_id=webhook_id,
        kind=kind,
        account_id="1",
        order_number=told.number,
        body=order_message(kind, told, shipping_methods=shipping_methods),
    )


def shipment_delivery(kind: MessageKind, **told: Any) -> Delivery:
    shipment = {"shipment_number": "H1", "order_number": order().number, "feed_id": None}
    return Delivery(
        webhook_id="msg_1",
        kind=kind,
        account_id="1",
        order_number=order().number,
        body=shipment_message(**{**shipment, "reason": None, **told}),
    )

"""Messages: what a hub posts, up to the point where a service reads its payload."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import msgspec

from amazon_endpoint.hub.errors import NotAMessage
from amazon_endpoint.hub.json_object import read_object


class Service(StrEnum):
    """What a hub can ask, by the message it sends."""

    ORDER_POLL = "amazon:order:poll"
    IMPORT_BY_NUMBER = "amazon:import:by_number"
    SHIPMENT_CONFIRM = "shipment:confirm"
    FEED_STATUS = "amazon:feed:status"

    @property
    def path(self) -> str:
        """Where the hub posts it."""
        return _PATHS[self]


_PATHS = {
    Service.ORDER_POLL: "/get_orders",
    Service.IMPORT_BY_NUMBER: "/get_order_by_number",
    Service.SHIPMENT_CONFIRM: "/confirm_shipment",
    Service.FEED_STATUS: "/feed_status",
}


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A hub's message. `message_id` is echoed as it is; `message` says what is asked, if it does.

    Numbers in `payload` and `parameters` are exact: int, or Decimal where written with a fraction
    or an exponent.
    """

    message_id: str
    message: str | None
    payload: dict[str, Any]
    parameters: tuple[tuple[str, Any], ...]

    def __repr__(self) -> str:
        """Without the payload, which holds secrets and buyers' data."""
        return f"Message(message_id={self.message_id!r}, message={self.message!r})"


def decode(body: bytes) -> Message:
    """Read a body.

    Raises:
        NotAMessage: it is not JSON in UTF-8, or has not the shape of a message.
    """
    return read_message(read_object(body))


def read_message(read: dict[str, Any]) -> Message:
    """Read a JSON object. Keys beyond the format are ignored at every level.

    Raises:
        NotAMessage: it has not the shape of a message.
    """
    message_id = read.get("message_id")
    if not isinstance(message_id, str) or not message_id:
        raise NotAMessage("message_id is missing, empty or not text.")
    payload = read.get("payload")
    if not isinstance(payload, dict):
        raise NotAMessage("payload is missing or not an object.")
    message = read.get("message")
    return Message(
        message_id=message_id,
        message=message if isinstance(message, str) else None,
        payload=payload,
        parameters=tuple(_parameters(payload.get("parameters", []))),
    )


def _parameters(listed: object) -> Iterator[tuple[str, Any]]:
    if not isinstance(listed, list):
        raise NotAMessage("payload.parameters is not a list.")
    for index, one in enumerate(listed):
        if not isinstance(one, dict) or not isinstance(one.get("name"), str) or "value" not in one:
            raise NotAMessage(f"payload.parameters[{index}] is not an object with name and value.")
        yield one["name"], one["value"]

"""Calls: what a hub posts in the later format, up to the point where a service reads it."""

from typing import Any, TypeAlias

import msgspec

from amazon_endpoint.hub.errors import NotAMessage

RequestId: TypeAlias = str | int

# Where hubs of this format post a shipment; the other paths are those of the 2013 format.
SHIPMENT_PATHS = ("/add_shipment", "/update_shipment")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A hub's call. `request_id` is echoed as it is.

    `parameters` are by the names that the hub sent; `content` is everything else. `hub` is what
    the hub calls itself in its headers.
    """

    request_id: RequestId
    parameters: dict[str, Any]
    content: dict[str, Any]
    hub: str | None = None

    def __repr__(self) -> str:
        """Without parameters and content, which hold secrets and buyers' data."""
        return f"Call(request_id={self.request_id!r})"


def is_call(body: dict[str, Any]) -> bool:
    """Whether a body is of this format: it has a `request_id` and no `message_id`."""
    return "request_id" in body and "message_id" not in body


def request_id(body: dict[str, Any]) -> RequestId | None:
    """The request's id where there is one: text that is not empty, or a whole number."""
    given = body["request_id"]
    usable = isinstance(given, str | int) and not isinstance(given, bool) and given != ""
    return given if usable else None


def read_call(body: dict[str, Any], hub: str | None = None) -> Call:
    """Read a JSON object for which `is_call` holds. Keys beyond the format are ignored.

    Raises:
        NotAMessage: it has not the shape of a call.
    """
    given = request_id(body)
    if given is None:
        raise NotAMessage("request_id is empty, or neither text nor a whole number.")
    if "messages" in body:
        raise NotAMessage(
            "messages is not of this format: a call has one object, like order or shipment, and "
            "the path says what is asked."
        )
    parameters = body.get("parameters")
    if not isinstance(parameters, dict | None):
        raise NotAMessage("parameters is not an object.")
    content = {key: body[key] for key in body.keys() - {"request_id", "parameters"}}
    return Call(request_id=given, parameters=parameters or {}, content=content, hub=hub)

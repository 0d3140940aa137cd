"""Requests in the later format: what each service's call has to hold.

Keys beyond those read are ignored. Errors are told by field, like
``shipment.items[0].quantity``.
"""

import re
from collections import Counter
from datetime import datetime
from typing import Any

import msgspec

from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.hub import fields
from amazon_endpoint.hub.requests import ByNumber, Confirm, FeedQuery, Poll, TakeIn
from amazon_endpoint.hub.v6 import parameters
from amazon_endpoint.hub.v6.call import Call
from amazon_endpoint.hub.v6.parameters import Given
from amazon_endpoint.shipments import Shipment, ShipmentItem

_FEED_ID = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)

# The Order Fulfillment feed's limit (ShipperTrackingNumber).
_LONGEST_TRACKING = 50

# As seconds this is far in the future, as milliseconds long ago.
_MILLISECONDS = 10**11

_CANCELLED = {"canceled", "cancelled"}


class PollCall(msgspec.Struct, frozen=True, kw_only=True):
    """A poll. Without a cursor of the hub's (`given`) it starts where the operator said.

    `last_poll` is when the last poll began that the hub got an answer to, 0 before the first, in
    seconds since 1970; None where the hub tells a cursor, or no such time. `hub` is what it calls
    itself, where several poll one account.
    """

    asked: Poll
    given: Given
    last_poll: int | None
    hub: str | None


class NotToConfirm(msgspec.Struct, frozen=True, kw_only=True):
    """A shipment that Amazon is told nothing of, as it is now, and why."""

    number: str
    order_number: str
    reason: str


def read_poll(call: Call, now: datetime, start: datetime) -> PollCall:
    """A poll; everything it needs is in the parameters and `last_poll`.

    Raises:
        InvalidInput: a parameter is missing or can't be used, or `last_poll` can't.
    """
    read = parameters.read(call.parameters)
    given = read.parameters
    last_poll = None if read.has_cursor else _last_poll(call.content.get("last_poll"))
    return PollCall(
        asked=Poll(
            account=given.account(),
            updated_after=given.updated_after(now) if read.has_cursor else start,
            resume=given.resume(),
            seen=given.seen(),
            fulfilled_by=given.fulfilled_by(),
            statuses=given.statuses(),
            shipping_methods=given.shipping_methods(),
        ),
        given=read,
        last_poll=last_poll,
        hub=fields.identifier(given.values.get("amazon.hub"), "amazon.hub"),
    )


def read_by_number(call: Call) -> ByNumber:
    """One order, by `order.id` or `amazon_order_id`, at the top or among the parameters.

    Raises:
        InvalidInput: the order number or a parameter is missing or can't be used.
    """
    given = parameters.read(call.parameters).parameters
    order = _object(call, "order")
    if order is not None:
        number, field = order.get("id"), "order.id"
    else:
        field = "amazon_order_id"
        number = call.content.get(field) or given.values.get(f"amazon.{field}")
    return ByNumber(
        order_number=fields.order_number(number, field),
        account=given.account(),
        shipping_methods=given.shipping_methods(),
    )


def read_confirm(call: Call, now: datetime) -> Confirm | TakeIn | NotToConfirm:
    """A shipment (`shipment`), added or changed; a repeated `product_id` is added up.

    Hubs send the shipments of every channel, and a failure again and again; so one of an order
    whose number isn't of Amazon's form is none to confirm. They send it long before it is sent
    off: until it has a tracking number, there is nothing to confirm.

    Raises:
        InvalidInput: a field of the shipment or a parameter is missing or can't be used.
    """
    given = parameters.read(call.parameters).parameters
    shipment = _object(call, "shipment")
    if shipment is None:
        raise InvalidInput("Missing. Give the shipment as an object.", field="shipment")
    number = _identifier(shipment, "id", limit=100)
    if number is None:
        raise InvalidInput("Missing. Amazon needs it.", field="shipment.id")
    field = "shipment.order_id"
    given_number = fields.identifier(shipment.get("order_id"), field)
    try:
        order_number = fields.order_number(given_number, field)
    except InvalidInput:
        if given_number is None:
            raise
        return NotToConfirm(
            number=number, order_number=given_number, reason="is of no Amazon order"
        )
    tracking = _identifier(shipment, "tracking", limit=_LONGEST_TRACKING)
    if str(shipment.get("status")).casefold() in _CANCELLED:
        return NotToConfirm(number=number, order_number=order_number, reason="is cancelled")
    if tracking is None:
        return NotToConfirm(
            number=number, order_number=order_number, reason="has no tracking number yet"
        )
    return given.confirm(
        Shipment(
            number=number,
            order_number=order_number,
            tracking=tracking,
            shipping_method=_text(shipment, "shipping_method"),
            carrier=_text(shipment, "shipping_carrier") or _text(shipment, "carrier"),
            shipped_at=_past_moment(shipment, "shipped_at", now),
            updated_at=_past_moment(shipment, "updated_at", now),
            items=_items(shipment.get("items")),
        )
    )


def read_feed_status(call: Call) -> FeedQuery:
    """What became of a feed (`feed.id`, or `feed_id` at the top or among the parameters).

    Raises:
        InvalidInput: the feed id or a parameter is missing or can't be used.
    """
    given = parameters.read(call.parameters).parameters
    feed = _object(call, "feed")
    if feed is not None:
        value, field = feed.get("id"), "feed.id"
    else:
        field = "feed_id"
        value = call.content.get(field) or given.values.get(f"amazon.{field}")
    feed_id = fields.identifier(value, field)
    if feed_id is None or not _FEED_ID.fullmatch(feed_id):
        raise InvalidInput("Give the feed id that confirming a shipment returned.", field=field)
    return FeedQuery(feed_id=feed_id, account=given.account())


def _last_poll(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MILLISECONDS:
        raise InvalidInput(
            "Give the whole seconds from 1970 to the last poll, or 0.", field="last_poll"
        )
    return value


def _object(call: Call, key: str) -> dict[str, Any] | None:
    value = call.content.get(key)
    if not isinstance(value, dict | None):
        raise InvalidInput("Give it as an object with an id.", field=key)
    return value


def _identifier(shipment: dict[str, Any], key: str, *, limit: int) -> str | None:
    return fields.identifier(shipment.get(key), f"shipment.{key}", limit=limit)


def _text(shipment: dict[str, Any], key: str) -> str | None:
    return fields.text(shipment.get(key), f"shipment.{key}", limit=fields.LONGEST_NAME)


def _past_moment(shipment: dict[str, Any], key: str, now: datetime) -> datetime | None:
    return fields.past_moment(shipment.get(key), f"shipment.{key}", now)


def _items(items: object) -> tuple[ShipmentItem, ...]:
    field = "shipment.items"
    if not isinstance(items, list) or not items:
        raise InvalidInput("Missing. Give at least one item.", field=field)
    units: Counter[str] = Counter()
    for index, item in enumerate(items):
        units.update(_units(item, f"{field}[{index}]"))
    return tuple(ShipmentItem(sku=sku, quantity=quantity) for sku, quantity in units.items())


def _units(item: object, field: str) -> dict[str, int]:
    if not isinstance(item, dict):
        raise InvalidInput("Give the item as an object.", field=field)
    sku = fields.identifier(item.get("product_id"), f"{field}.product_id")
    if sku is None:
        raise InvalidInput("Missing. Give the SKU, as Amazon has it.", field=f"{field}.product_id")
    return {sku: fields.units(item.get("quantity"), f"{field}.quantity")}

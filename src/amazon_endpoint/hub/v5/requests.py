"""Requests in the 2013 format: what each service's payload has to hold.

Keys beyond those read are ignored. Errors are told by field, like
``payload.shipment.items[0].quantity``.
"""

import re
from datetime import datetime
from typing import Any

from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.hub import fields, parameters
from amazon_endpoint.hub.requests import ByNumber, Confirm, FeedQuery, Poll, TakeIn
from amazon_endpoint.hub.v5.message import Message
from amazon_endpoint.shipments import Shipment, ShipmentItem

_FEED_ID = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)

# The Order Fulfillment feed's limit (ShipperTrackingNumber).
_LONGEST_TRACKING = 50


def read_poll(message: Message, now: datetime) -> Poll:
    """An ``amazon:order:poll``; everything it needs is in the parameters.

    Raises:
        InvalidInput: a parameter is missing or can't be used.
    """
    given = parameters.read(message.parameters)
    return Poll(
        account=given.account(),
        updated_after=given.updated_after(now),
        resume=given.resume(),
        seen=given.seen(),
        fulfilled_by=given.fulfilled_by(),
        statuses=given.statuses(),
        shipping_methods=given.shipping_methods(),
    )


def read_by_number(message: Message) -> ByNumber:
    """An ``amazon:import:by_number`` (`payload.amazon_order_id`).

    Raises:
        InvalidInput: the order number or a parameter is missing or can't be used.
    """
    given = parameters.read(message.parameters)
    return ByNumber(
        order_number=fields.order_number(
            message.payload.get("amazon_order_id"), "payload.amazon_order_id"
        ),
        account=given.account(),
        shipping_methods=given.shipping_methods(),
    )


def read_confirm(message: Message, now: datetime) -> Confirm | TakeIn:
    """A ``shipment:confirm`` (`payload.shipment`).

    Raises:
        InvalidInput: a field of the shipment or a parameter is missing or can't be used.
    """
    given = parameters.read(message.parameters)
    return given.confirm(
        read_shipment(message.payload.get("shipment"), now, field="payload.shipment")
    )


def read_feed_status(message: Message) -> FeedQuery:
    """An ``amazon:feed:status`` (`payload.feed_id`, text or a whole number).

    Raises:
        InvalidInput: the feed id or a parameter is missing or can't be used.
    """
    field = "payload.feed_id"
    feed_id = fields.identifier(message.payload.get("feed_id"), field)
    if feed_id is None or not _FEED_ID.fullmatch(feed_id):
        raise InvalidInput("Give the feed id that confirming a shipment returned.", field=field)
    return FeedQuery(feed_id=feed_id, account=parameters.read(message.parameters).account())


def read_shipment(shipment: object, now: datetime, *, field: str, tracked: bool = True) -> Shipment:
    """A shipment, which `field` is. Without a tracking number it is taken if it needn't be
    `tracked`.

    Raises:
        InvalidInput: a field of it is missing or can't be used.
    """
    if not isinstance(shipment, dict):
        raise InvalidInput("Missing. Give the shipment as an object.", field=field)
    number = _either(shipment, field, "number", "shipment_number", limit=100)
    tracking = _either(shipment, field, "tracking", "tracking_number", limit=_LONGEST_TRACKING)
    return Shipment(
        number=_needed(number, f"{field}.number"),
        order_number=fields.order_number(shipment.get("order_number"), f"{field}.order_number"),
        tracking=_needed(tracking, f"{field}.tracking") if tracked else tracking or "",
        shipping_method=_text(shipment, field, "shipping_method"),
        carrier=_text(shipment, field, "carrier"),
        shipped_at=_past_moment(shipment, field, "shipped_at", now)
        or _past_moment(shipment, field, "shipped_date", now),
        updated_at=_past_moment(shipment, field, "updated_at", now),
        items=_items(shipment.get("items"), f"{field}.items"),
    )


def _either(
    shipment: dict[str, Any], field: str, key: str, alias: str, *, limit: int
) -> str | None:
    """The value of `key`, or of the `alias` that flat shipments use."""
    for name in (key, alias):
        value = fields.identifier(shipment.get(name), f"{field}.{name}", limit=limit)
        if value is not None:
            return value
    return None


def _needed(value: str | None, field: str) -> str:
    if value is None:
        raise InvalidInput("Missing. Amazon needs it.", field=field)
    return value


def _text(shipment: dict[str, Any], field: str, key: str) -> str | None:
    return fields.text(shipment.get(key), f"{field}.{key}", limit=fields.LONGEST_NAME)


def _past_moment(shipment: dict[str, Any], field: str, key: str, now: datetime) -> datetime | None:
    return fields.past_moment(shipment.get(key), f"{field}.{key}", now)


def _items(items: object, field: str) -> tuple[ShipmentItem, ...]:
    if not isinstance(items, list) or not items:
        raise InvalidInput("Missing. Give at least one item.", field=field)
    return tuple(_item(item, f"{field}[{index}]") for index, item in enumerate(items))


def _item(item: object, field: str) -> ShipmentItem:
    if not isinstance(item, dict):
        raise InvalidInput("Give the item as an object.", field=field)
    sku = fields.identifier(item.get("sku"), f"{field}.sku")
    external_ref = fields.identifier(item.get("external_ref"), f"{field}.external_ref")
    if sku is None and external_ref is None:
        raise InvalidInput("Missing. Give the SKU, as Amazon has it.", field=f"{field}.sku")
    return ShipmentItem(
        sku=sku or "",
        external_ref=external_ref,
        quantity=fields.units(item.get("quantity"), f"{field}.quantity"),
    )

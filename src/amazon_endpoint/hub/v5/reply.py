"""Replies in the 2013 format: what a hub is told with status 200.

Lists that would be empty are left out.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from amazon_endpoint.amazon.port import UnreadableOrder
from amazon_endpoint.clock import iso
from amazon_endpoint.errors import EndpointError
from amazon_endpoint.feeds import FeedResult
from amazon_endpoint.hub.notifications import (
    Notification,
    about_error,
    about_feed,
    about_unfinished,
)
from amazon_endpoint.hub.order_parts import ShippingMethods
from amazon_endpoint.hub.v5.message import Service
from amazon_endpoint.hub.v5.order import OrderObject, encode_order
from amazon_endpoint.hub.written import Written, write_each
from amazon_endpoint.orders import Bill, Order

# When a hub shall ask again for a feed in progress, in seconds.
FEED_DELAY = 120

# A hub shall not lose sight of a message over one long throttling.
_LONGEST_DELAY = 3600

_CURSOR, _RESUME, _SEEN = "amazon.last_updated_after", "amazon.resume", "amazon.seen"


class _Parameter(msgspec.Struct, frozen=True):
    name: str
    value: str


class _OrderPayload(msgspec.Struct, frozen=True, gc=False):
    order: OrderObject


class _FeedPayload(msgspec.Struct, frozen=True):
    feed_id: str


class _NewMessage(msgspec.Struct, frozen=True, gc=False):
    message: str
    payload: _OrderPayload | _FeedPayload


class _Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`messages` are encoded one by one, so that one that can't be stops no other."""

    message_id: str
    delay: int | None = None
    parameters: tuple[_Parameter, ...] = ()
    messages: tuple[msgspec.Raw, ...] = ()
    notifications: tuple[Notification, ...] = ()


_encode = msgspec.json.Encoder(decimal_format="number").encode


def delay_reply(message_id: str, seconds: float) -> bytes:
    """Ask for the same message again after `seconds`: whole ones, from 1 to an hour."""
    delay = min(max(math.ceil(seconds), 1), _LONGEST_DELAY)
    return _encode(_Reply(message_id=message_id, delay=delay))


def notification_reply(message_id: str, *notifications: Notification) -> bytes:
    """A reply that only tells something."""
    return _encode(_Reply(message_id=message_id, notifications=notifications))


def error_reply(message_id: str, error: EndpointError) -> bytes:
    """A failure that the same message would meet again.

    A value of ours that came back unusable is emptied at the hub, which would else send it with
    every further poll.
    """
    emptied = (_Parameter(error.field, ""),) if error.field in (_RESUME, _SEEN) else ()
    return _encode(
        _Reply(message_id=message_id, parameters=emptied, notifications=(about_error(error),))
    )


def confirm_reply(message_id: str, feed_id: str) -> bytes:
    """The feed that confirms the shipment, as the message that asks what becomes of it."""
    message = _encode(_NewMessage(Service.FEED_STATUS, _FeedPayload(feed_id)))
    return _encode(_Reply(message_id=message_id, messages=(msgspec.Raw(message),)))


def feed_reply(
    message_id: str,
    result: FeedResult,
    *,
    shipments: Mapping[str, tuple[str, str]] | None = None,
) -> bytes:
    """What became of a feed; while Amazon is at it, when to ask again.

    `shipments` maps the feed's message ids to (order number, shipment number), as far as known.
    """
    if not result.status.state.final:
        return delay_reply(message_id, FEED_DELAY)
    return notification_reply(message_id, *about_feed(result, shipments or {}))


def write_orders(
    orders: Sequence[Order],
    *,
    shipping_methods: Mapping[str, str],
    unreadable: Iterable[UnreadableOrder] = (),
) -> Written:
    """The orders of an answer. One that can't be imported is told and stops no other."""
    methods = ShippingMethods(shipping_methods)
    return write_each(orders, lambda billed: _order_message(billed, methods), unreadable=unreadable)


def orders_reply(
    message_id: str,
    written: Written,
    *,
    cursor: datetime | None = None,
    seen: str | None = None,
    resume: str | None = None,
    unfinished: bool = False,
    not_before: datetime | None = None,
    amazon_failed: bool = False,
    problem: EndpointError | None = None,
) -> bytes:
    """What a poll or an import brought.

    `cursor`, `seen` and `resume` are for the next poll; None leaves what the hub has.
    `unfinished` tells that the next poll goes on with this window, `not_before` when it can, and
    `amazon_failed` that Amazon is why; `problem` is what cut the window short.
    """
    notifications = [*written.notifications]
    if unfinished:
        notifications.append(about_unfinished(not_before, amazon_failed=amazon_failed))
    if problem is not None:
        notifications.append(about_error(problem))
    given = {_CURSOR: iso(cursor) if cursor else None, _RESUME: resume, _SEEN: seen}
    return _encode(
        _Reply(
            message_id=message_id,
            parameters=tuple(_Parameter(name, v) for name, v in given.items() if v is not None),
            messages=written.objects,
            notifications=tuple(notifications),
        )
    )


def _order_message(billed: Bill, shipping_methods: ShippingMethods) -> bytes:
    written = encode_order(billed, shipping_methods=shipping_methods)
    return _encode(_NewMessage("order:import", _OrderPayload(written)))

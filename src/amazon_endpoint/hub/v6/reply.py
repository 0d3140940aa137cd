"""Replies in the later format: what happened in a summary, and objects in plural arrays.

Cangaroo takes an answer only if beside `request_id`, `summary` and `parameters` it holds one array
or more, each of objects with an `id`; so there is always one, be it empty. No answer to a shipment
holds `shipments`, and none to a feed `feeds`: a hub would take them for news and send them back.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from amazon_endpoint.amazon.port import UnreadableOrder
from amazon_endpoint.clock import iso
from amazon_endpoint.errors import EndpointError, Later
from amazon_endpoint.feeds import FeedResult, FeedState
from amazon_endpoint.hub.notifications import (
    Notification,
    about_error,
    about_feed,
    about_unfinished,
)
from amazon_endpoint.hub.order_parts import ShippingMethods
from amazon_endpoint.hub.v6.call import RequestId
from amazon_endpoint.hub.v6.order import encode_order
from amazon_endpoint.hub.v6.requests import NotToConfirm
from amazon_endpoint.hub.written import Written, write_each
from amazon_endpoint.orders import Order
from amazon_endpoint.shipments import Shipment

_LEVELS = {"info": "", "warn": "Warning: ", "error": "Error: "}

# The services name a field as the 2013 format has it.
_FIELDS = (
    (re.compile(r"^payload\.amazon_order_id$"), "order.id"),
    (re.compile(r"^payload\.feed_id$"), "feed.id"),
    (re.compile(r"^payload\.shipment\.order_number$"), "shipment.order_id"),
    # Items were added up, so their places are others than the hub's.
    (re.compile(r"^payload\.shipment\.items\[\d+\]\.sku$"), "shipment.items.product_id"),
    (re.compile(r"^payload\.shipment\.items\[\d+\]"), "shipment.items"),
    (re.compile(r"^payload\."), ""),
)


class _SubmittedFeed(msgspec.Struct, frozen=True):
    id: str
    shipment_id: str
    order_id: str


class _FeedResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`status` is Amazon's state; the counts are its report's, once there is one."""

    id: str
    status: str
    processed: int | None = None
    successful: int | None = None
    failed: int | None = None


class _Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    request_id: RequestId | None = None
    summary: str
    parameters: Mapping[str, str] = {}
    orders: tuple[msgspec.Raw, ...] | msgspec.UnsetType = msgspec.UNSET
    feeds: tuple[_SubmittedFeed, ...] | msgspec.UnsetType = msgspec.UNSET
    feed_results: tuple[_FeedResult, ...] | msgspec.UnsetType = msgspec.UNSET


_encode = msgspec.json.Encoder(decimal_format="number").encode


def failure_reply(request_id: RequestId | None, summary: str) -> bytes:
    """What goes with a status other than 200."""
    return _encode(_Reply(request_id=request_id, summary=summary))


def error_reply(request_id: RequestId, error: EndpointError) -> bytes:
    """What can't be done, or not now, told by this format's own fields."""
    field = error.field
    for pattern, name in _FIELDS:
        field = field and pattern.sub(name, field)
    told = EndpointError(error.message, field=field, request_id=error.request_id)
    return failure_reply(
        request_id, f"{'Not now' if isinstance(error, Later) else 'Error'}: {told}"
    )


def write_orders(
    orders: Sequence[Order],
    *,
    shipping_methods: Mapping[str, str],
    unreadable: Iterable[UnreadableOrder] = (),
) -> Written:
    """The orders of an answer. One that can't be imported is told and stops no other."""
    methods = ShippingMethods(shipping_methods)
    return write_each(
        orders,
        lambda billed: _encode(encode_order(billed, shipping_methods=methods)),
        unreadable=unreadable,
    )


def orders_reply(
    request_id: RequestId,
    written: Written,
    *,
    parameters: Mapping[str, str] | None = None,
    since: datetime | None = None,
    abandoned: bool = False,
    unfinished: bool = False,
    not_before: datetime | None = None,
    amazon_failed: bool = False,
    problem: EndpointError | None = None,
) -> bytes:
    """What a poll or an import brought.

    `since` is told as the beginning, where the hub knows none, or where it is that of an
    `abandoned` window, which was read with other filters or credentials. `unfinished` tells that
    the next poll goes on with this window, `not_before` when it can; `problem` is what cut it
    short.
    """
    sentences = [f"Received {len(written.objects)} order(s)."]
    if since is not None:
        why = (
            "An earlier poll with other filters or credentials was not finished"
            if abandoned
            else "No earlier poll is known"
        )
        sentences.append(f"{why}: orders updated since {iso(since)} are read.")
    sentences += map(_sentence, written.notifications)
    if unfinished:
        sentences.append(_sentence(about_unfinished(not_before, amazon_failed=amazon_failed)))
    if problem is not None:
        sentences.append(_sentence(about_error(problem)))
    return _encode(
        _Reply(
            request_id=request_id,
            summary=" ".join(sentences),
            parameters=parameters or {},
            orders=written.objects,
        )
    )


def submitted_reply(request_id: RequestId, shipment: Shipment, feed_id: str) -> bytes:
    """The feed that confirms a shipment."""
    return _encode(
        _Reply(
            request_id=request_id,
            summary=f"{_named(shipment)} was sent to Amazon in feed #{feed_id}. Ask /feed_status "
            "in a few minutes what became of it.",
            feeds=(_SubmittedFeed(feed_id, shipment.number, shipment.order_number),),
        )
    )


def confirmed_reply(request_id: RequestId, shipment: Shipment) -> bytes:
    """A shipment that Amazon shows already."""
    return _encode(
        _Reply(
            request_id=request_id,
            summary=f"{_named(shipment)} is one that Amazon already shows as sent.",
            feeds=(),
        )
    )


def taken_in_reply(request_id: RequestId, told: Notification) -> bytes:
    """A shipment that is kept for an account that is configured here."""
    return _encode(_Reply(request_id=request_id, summary=_sentence(told), feeds=()))


def not_to_confirm_reply(request_id: RequestId, shipment: NotToConfirm) -> bytes:
    """A shipment that Amazon is told nothing of."""
    return _encode(
        _Reply(
            request_id=request_id,
            summary=f"Shipment {shipment.number} of order {shipment.order_number} "
            f"{shipment.reason}: nothing was sent to Amazon.",
            feeds=(),
        )
    )


def feed_reply(
    request_id: RequestId, result: FeedResult, *, shipments: Mapping[str, tuple[str, str]]
) -> bytes:
    """What became of a feed, or how far it is.

    `shipments` maps the feed's message ids to (order number, shipment number), as far as known.
    """
    status, report = result.status, result.report
    # The same words whichever of Amazon's APIs answers.
    word = status.state_word if status.state is FeedState.UNKNOWN else status.state.value
    told = (
        " ".join(map(_sentence, about_feed(result, shipments)))
        if status.state.final
        else "Amazon is not done with it. Ask again in a few minutes."
    )
    return _encode(
        _Reply(
            request_id=request_id,
            summary=f"Feed #{status.feed_id} is {word}. {told}",
            feed_results=(
                _FeedResult(
                    id=status.feed_id,
                    status=word,
                    processed=report.processed if report else None,
                    successful=report.successful if report else None,
                    failed=report.with_error if report else None,
                ),
            ),
        )
    )


def _sentence(told: Notification) -> str:
    text = told.description if told.description.endswith(".") else f"{told.description}."
    return f"{_LEVELS[told.level]}{text}"


def _named(shipment: Shipment) -> str:
    return f"Shipment {shipment.number} of order {shipment.order_number}"

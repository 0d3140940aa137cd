"""Works a feed off: message by message, each on its own."""

from datetime import datetime

from msgspec import Struct

from amazon_endpoint.sandbox.fulfillment import BrokenFeed, BrokenMessage, Message, read_feed
from amazon_endpoint.sandbox.parcels import NotShippable, Shipping
from amazon_endpoint.sandbox.reports import (
    BROKEN_DOCUMENT,
    ERROR,
    WARNING,
    Outcome,
    processing_report,
)

#: The one feed type that does anything. XML inventory and product feeds have been refused
#: as FATAL since July 2025; the others are not part of this sandbox and end the same way.
WORKED_OFF = "POST_ORDER_FULFILLMENT_DATA"

#: The sandbox's own code: Amazon's for a parcel without tracking is not known to us.
NO_TRACKING = "18921"


class Processed(Struct, frozen=True):
    """How a feed ended, and its report if there is one."""

    status: str
    report: bytes | None


def process(
    feed_id: str, feed_type: str, content: bytes, shipping: Shipping, now: datetime, charset: str
) -> Processed:
    """Do what the feed says as far as it can be done."""
    if feed_type != WORKED_OFF:
        return Processed("FATAL", None)
    try:
        messages = read_feed(content)
    except BrokenFeed as problem:
        refused = Outcome(
            message_id="0", severity=ERROR, code=BROKEN_DOCUMENT, description=str(problem)
        )
        report = processing_report(feed_id, 1, [refused], charset=charset, status="Rejected")
        return Processed("FATAL", report)
    outcomes = [
        outcome
        for message in messages
        if (outcome := _work_off(message, feed_id, shipping, now)) is not None
    ]
    report = processing_report(feed_id, len(messages), outcomes, charset=charset)
    return Processed("DONE", report)


def _work_off(message: Message, feed_id: str, shipping: Shipping, now: datetime) -> Outcome | None:
    parcel = message.parcel
    try:
        if isinstance(parcel, BrokenMessage):
            raise parcel
        shipping.by_feed(
            message.order_id or "", parcel, now, feed_id=feed_id, message_id=message.message_id
        )
    except (BrokenMessage, NotShippable) as problem:
        severity, code, description = ERROR, problem.code, str(problem)
    else:
        if parcel.tracking is not None:
            return None
        severity, code = WARNING, NO_TRACKING
        description = "The parcel has no tracking number – it was confirmed without one."
    return Outcome(
        message_id=message.message_id,
        severity=severity,
        code=code,
        description=description,
        order_id=message.order_id,
    )

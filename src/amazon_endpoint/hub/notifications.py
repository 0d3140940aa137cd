"""Notifications: what a person reads in the hub's log.

They never hold a buyer's data: orders and shipments are named by number.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from amazon_endpoint.amazon.port import UnreadableOrder
from amazon_endpoint.clock import iso
from amazon_endpoint.errors import (
    AccessDenied,
    AmazonRefused,
    CredentialsRefused,
    EndpointError,
    FeedNotFound,
    HostNotAllowed,
    InvalidInput,
    Later,
    OrderNotFound,
    PageRepeated,
    ShipmentRefused,
    Unreadable,
)
from amazon_endpoint.feeds import FeedReport, FeedResult, FeedState, MessageResult
from amazon_endpoint.orders import AMAZON, MERCHANT, Bill, Order

# Amazon's descriptions are cut to what a person reads.
_LONGEST_DESCRIPTION = 500

_MOST_LISTED = 10

_SUBJECTS: Mapping[type[object], str] = {
    EndpointError: "Error",
    InvalidInput: "Invalid input",
    ShipmentRefused: "Shipment refused",
    HostNotAllowed: "Host not allowed",
    AmazonRefused: "Amazon refused",
    CredentialsRefused: "Credentials refused",
    AccessDenied: "Access denied",
    OrderNotFound: "Order not found",
    FeedNotFound: "Feed not found",
    PageRepeated: "Page repeated",
    Unreadable: "Unreadable answer",
    Later: "Try again later",
}

_TO_BE_SHIPPED = ("Unshipped", "PartiallyShipped")
_PICK_UP = "IN_STORE_PICK_UP"

_SEND_AGAIN = (
    "Check in Seller Central which of its orders are confirmed, and send the other shipments again."
)


class Notification(msgspec.Struct, frozen=True):
    """A line of the hub's log."""

    level: Literal["info", "warn", "error"]
    subject: str
    description: str


def about_error(error: EndpointError) -> Notification:
    """An error, under the subject of its class or the nearest one above it."""
    subject = next(_SUBJECTS[kind] for kind in type(error).__mro__ if kind in _SUBJECTS)
    return Notification("error", subject, str(error))


def about_confirmed(shipment_number: str, order_number: str) -> Notification:
    """A shipment that Amazon has, without a feed to ask for."""
    return Notification(
        "info",
        "Shipment Confirmed",
        f"Amazon has shipment {shipment_number} of order {order_number}.",
    )


def about_orders(bills: Sequence[Bill]) -> Iterator[Notification]:
    """What the merchant has to know of imported orders beyond the orders themselves."""
    orders = [billed.order for billed in bills]
    refused = [
        order.number
        for order in orders
        if order.personal_data_refused and order.fulfilled_by != AMAZON
    ]
    if refused:
        yield Notification(
            "warn",
            "Address refused",
            f"Amazon withheld the buyer and the address of {_listed(refused)}, imported without. "
            "Check the application's restricted roles and the seller's authorisation, then import "
            "by number.",
        )
    without = [order.number for order in orders if _lacks_its_address(order)]
    if without:
        yield Notification(
            "warn",
            "No address",
            f"Amazon gave no address for {_listed(without)}, imported without. Check that the "
            "application has the role that shows addresses (Direct to Consumer Shipping), then "
            "import by number.",
        )
    for billed in bills:
        order = billed.order
        if billed.difference and billed.difference_is_notable:
            yield Notification(
                "warn",
                "Amazon Difference",
                f"Order {order.number}: Amazon's total and the sum of its parts differ by "
                f"{billed.difference:f} {billed.currency}. Compare the order in Seller Central.",
            )
        if order.remarks:
            yield Notification("info", "Remark", f"Order {order.number}: {' '.join(order.remarks)}")


def _lacks_its_address(order: Order) -> bool:
    """Whether an order that is to be shipped says not where to.

    To an application without the role, Amazon may leave the address out without a word.
    """
    return (
        order.shipping_address is None
        and not order.personal_data_refused
        and order.fulfilled_by == MERCHANT
        and order.status in _TO_BE_SHIPPED
        and _PICK_UP not in order.programs
    )


def about_unpriced(orders: Sequence[Order]) -> Iterator[Notification]:
    """Orders that are not imported because zeros in place of prices would be wrong."""
    waiting = [order.number for order in orders if not order.remarks]
    if waiting:
        yield Notification(
            "warn",
            "Not priced yet",
            f"Amazon states no prices yet for {_listed(waiting)}, not imported. A later poll "
            "brings what Amazon has priced by then; by number, try again later.",
        )
    for order in orders:
        if order.remarks:
            yield Notification(
                "warn",
                "Not priced",
                f"Order {order.number} is not imported: Amazon states no price that can be used "
                f"for each of its items. {' '.join(order.remarks)} Look at it in Seller Central; "
                "import it by number once Amazon has corrected it.",
            )


def about_unreadable(orders: Iterable[UnreadableOrder]) -> Iterator[Notification]:
    """Orders that are not imported because they make no sense, and stopped no other."""
    for order in orders:
        named = f"Order {order.number}" if order.number else "An order without a number"
        yield Notification(
            "warn",
            "Order not imported",
            f"{named} is not imported. {_title(order.reason.rstrip('.'))}. Try to import it by "
            "number later.",
        )


def about_unfinished(not_before: datetime | None, *, amazon_failed: bool = False) -> Notification:
    """A window that goes on with the next poll, for want of quota or time, or of an answer."""
    ended = (
        "Amazon did not answer as it should; what could be read is here."
        if amazon_failed
        else "Amazon's quota or the time for one reply ended before this window did."
    )
    earliest = f", at the earliest at {iso(not_before)}" if not_before else ""
    return Notification(
        "info",
        "More orders to come",
        f"{ended} The next poll goes on with this window{earliest}.",
    )


def about_feed(
    result: FeedResult, shipments: Mapping[str, tuple[str, str]]
) -> Iterator[Notification]:
    """What became of a feed in its final state.

    `shipments` maps its message ids to (order number, shipment number), as far as we know them.
    """
    feed = f"feed #{result.status.feed_id}"
    report = result.report
    if result.status.state is FeedState.FATAL:
        yield _failed(
            f"Amazon gave up on {feed}, of which it may have carried out a part. {_SEND_AGAIN}"
        )
    elif result.status.state is FeedState.CANCELLED:
        yield _failed(
            f"Amazon cancelled {feed}: the account may be inactive in one of its marketplaces. "
            f"{_SEND_AGAIN}"
        )
    elif report is None:
        yield Notification(
            "warn",
            "Feed Unknown",
            f"Amazon is done with {feed} but has no report of it. {_SEND_AGAIN}",
        )
    elif report.errors or report.with_error:
        yield from _about_success(feed, report, shipments)
        if not report.errors:
            yield _failed(f"{_counted(feed, report)} Amazon gives no reason. {_SEND_AGAIN}")
    elif report.processed < 1 or report.successful + report.with_warning < report.processed:
        yield Notification("warn", "Feed Unknown", f"{_counted(feed, report)} {_SEND_AGAIN}")
    else:
        yield Notification("info", "Feed Complete", f"Succesfully processed {feed}")
    if report is not None:
        for one in report.errors:
            told = _told(one, shipments)
            yield _failed(f"{_counted(feed, report)} {told}")
        for one in report.warnings:
            yield Notification("warn", "Feed Warning", f"{_title(feed)}: {_told(one, shipments)}")


def _about_success(
    feed: str, report: FeedReport, shipments: Mapping[str, tuple[str, str]]
) -> Iterator[Notification]:
    refused = {one.message_id for one in report.errors}
    confirmed = [
        f"shipment {shipment} of order {order}"
        for message_id, (order, shipment) in shipments.items()
        if message_id not in refused
    ]
    if report.successful:
        known = f": {', '.join(confirmed)}" if len(confirmed) == report.successful else ""
        yield Notification("info", "Feed Partly Complete", f"{_counted(feed, report)[:-1]}{known}.")


def _counted(feed: str, report: FeedReport) -> str:
    return (
        f"{_title(feed)}: of {report.processed} messages {report.successful} succeeded, "
        f"{report.with_error} failed."
    )


def _told(one: MessageResult, shipments: Mapping[str, tuple[str, str]]) -> str:
    order, shipment = shipments.get(one.message_id, (None, None))
    order = one.order_number or order
    named = [f"order {order}"] if order else []
    named += [f"shipment {shipment}"] if shipment else []
    whose = ", ".join(named) or f"message {one.message_id}"
    return f"{_title(whose)}: {one.code} {one.description[:_LONGEST_DESCRIPTION]}"


def _failed(description: str) -> Notification:
    return Notification("error", "Feed Failed", description)


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(numbers: Sequence[str]) -> str:
    more = len(numbers) - _MOST_LISTED
    shown = ", ".join(numbers[:_MOST_LISTED])
    return (
        f"order{'s' if len(numbers) > 1 else ''} {shown}{f' and {more} more' if more > 0 else ''}"
    )

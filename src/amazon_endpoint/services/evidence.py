"""Evidence: what Amazon shows of a confirmation whose answer was lost.

A confirmation that was sent without an answer may have been carried out. Two places tell: the
feeds created since it was sent, and the order itself with its packages and fulfilled units. Only
what neither of them shows may be sent again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from amazon_endpoint.errors import Unreadable
from amazon_endpoint.feeds import FeedReport, FeedState, FeedStatus
from amazon_endpoint.orders import Order, OrderPackage
from amazon_endpoint.services.confirmations import (
    Channel,
    Confirmation,
    Confirmations,
    ConfirmationState,
)
from amazon_endpoint.services.next_step import bare_tracking, is_package_number

# Amazon's clock may be behind ours, and an answer lost just before may surface only now.
_BEFORE_SENDING = timedelta(minutes=5)

_TAKEN = {ConfirmationState.SUBMITTED, ConfirmationState.CONFIRMED}


class Shown(Protocol):
    """What Amazon shows. See `amazon.port.Amazon`."""

    async def get_order(self, number: str) -> Order:
        """One order with everything."""
        ...

    async def feeds_since(self, moment: datetime) -> tuple[FeedStatus, ...]:
        """Every Order Fulfillment feed of the account created since `moment`."""
        ...

    async def feed_report(self, status: FeedStatus) -> FeedReport:
        """The processing report of a feed that has one."""
        ...


class Happened(msgspec.Struct, frozen=True):
    """Amazon took it: in the feed `feed_id`, where that can be told."""

    feed_id: str | None = None


class NotHappened(msgspec.Struct, frozen=True):
    """Amazon shows nothing of it, and has nothing in progress that could be it."""


class Unclear(msgspec.Struct, frozen=True):
    """Any of these feeds could be it."""

    feed_ids: tuple[str, ...]


async def found_with_others(confirmations: Confirmations, lost: Confirmation) -> Happened | None:
    """What became of `lost`, by what was sent with it and found since: a feed is taken as a whole.

    Amazon is not asked: of ten thousand that were lost together, it is once.
    """
    if lost.submission is None:
        return None
    feed_id = await confirmations.feed_of_submission(lost.key.seller_id, lost.submission)
    return Happened(feed_id) if feed_id is not None else None


async def find_out(
    amazon: Shown,
    confirmations: Confirmations,
    lost: Confirmation,
    order: Order,
    *,
    tracking: str | None,
    told_before: bool,
) -> Happened | NotHappened | Unclear:
    """What became of `lost`, by `order` as Amazon shows it now and the feeds since it was sent.

    `tracking` is the shipment's, where the caller has it. `told_before`: Amazon was told an
    earlier content of the same shipment, so that the package in the order, its units and, unless
    it was corrected, its tracking number are that one's. Then the order alone proves nothing: the
    feeds decide, and a direct call may be repeated, since the same reference edits the same
    package (Orders API v0, confirmShipment).
    """
    if (in_feed := await found_with_others(confirmations, lost)) is not None:
        return in_feed
    others = await _others_taken(confirmations, lost)
    shown = shows_package(order, lost.reference, tracking)
    if not told_before:
        shown = shown or _units_are_gone(order, lost, others)
    since = (lost.sent_at or lost.created_at) - _BEFORE_SENDING
    feeds = await _unknown_feeds(amazon, confirmations, lost, since)
    if not feeds:
        return Happened() if shown and not told_before else NotHappened()
    if shown:
        return Happened(feeds[0].feed_id if len(feeds) == 1 else None)
    unclear = []
    for feed in feeds:
        if feed.state.final and (report := await _report(amazon, feed)):
            if any(result.message_id == lost.message_id for result in report.results):
                return Happened(feed.feed_id)
            if _names_every_message(report):
                continue
        unclear.append(feed.feed_id)
    if not unclear or await _are_of_others(amazon, confirmations, lost, others, since):
        return NotHappened()
    return Unclear(tuple(unclear))


def shows_package(order: Order, reference: str, tracking: str | None) -> bool:
    """Whether the order has the package: by our reference, or by its tracking number.

    The reference with another tracking number is an earlier content of the same shipment. The
    tracking number under another reference is the package confirmed by hand or by another
    program, but not if we gave that reference: several shipments may travel in one parcel.
    """
    wanted = bare_tracking(tracking)
    for package in order.packages:
        shown = bare_tracking(package.tracking)
        if package.reference == reference:
            if not (wanted and shown) or shown == wanted:
                return True
        elif wanted and shown == wanted and not is_package_number(package.reference):
            return True
    return False


def shows_confirmed(order: Order, confirmed: Confirmation, tracking: str | None) -> bool:
    """Whether the order has what Amazon took: the package, or fulfilled units where it tells none.

    MWS tells no packages. `tracking` is the shipment's, where it is still kept.
    """
    if order.packages:
        return shows_package(order, confirmed.reference, tracking)
    fulfilled = {item.item_id: item.quantity_fulfilled or 0 for item in order.items}
    return all(fulfilled.get(unit.order_item_id, 0) >= unit.quantity for unit in confirmed.items)


def own_package(order: Order, reference: str) -> OrderPackage | None:
    """The package that the order has under our reference."""
    return next((one for one in order.packages if one.reference == reference), None)


def _units_are_gone(order: Order, lost: Confirmation, others: Sequence[Confirmation]) -> bool:
    """Whether all its units are fulfilled, and by no other package that Amazon shows or took.

    MWS tells no packages, and a package may be late in the list. Units are only taken for ours
    when too few are left open to send them again: fewer may be another shipment's.
    """
    items = {item.item_id: item for item in order.items}
    packages = {
        one.reference: {unit.order_item_id: unit.quantity for unit in one.items} for one in others
    }
    packages |= {one.reference: one.items for one in order.packages}
    packages.pop(lost.reference, None)
    for unit in lost.items:
        item = items.get(unit.order_item_id)
        if item is None or item.quantity_open >= unit.quantity:
            return False
        elsewhere = sum(units.get(item.item_id, 0) for units in packages.values())
        if (item.quantity_fulfilled or 0) - elsewhere < unit.quantity:
            return False
    return True


async def _others_taken(
    confirmations: Confirmations, lost: Confirmation
) -> tuple[Confirmation, ...]:
    """The order's other shipments that Amazon took."""
    key = lost.key
    return tuple(
        one
        for one in await confirmations.of_orders(key.seller_id, (key.order_number,))
        if one.state in _TAKEN and one.key.shipment_number != key.shipment_number
    )


async def _are_of_others(
    amazon: Shown,
    confirmations: Confirmations,
    lost: Confirmation,
    others: Sequence[Confirmation],
    since: datetime,
) -> bool:
    """Whether there are no more feeds than those of other shipments whose answers were lost too.

    Which feed is whose nobody can tell; but Amazon shows those shipments, so that each had one.
    """
    theirs = {
        one.submission
        for one in others
        if one.channel is Channel.FEED
        and one.feed_id is None
        and one.sent_at
        and one.sent_at >= since
    } - {None, lost.submission}
    if not theirs:
        return False
    # By Amazon's clock their feeds may be as much older again.
    feeds = await _unknown_feeds(amazon, confirmations, lost, since - _BEFORE_SENDING)
    return len(feeds) <= len(theirs) and all(feed.state is FeedState.DONE for feed in feeds)


async def _unknown_feeds(
    amazon: Shown, confirmations: Confirmations, lost: Confirmation, since: datetime
) -> list[FeedStatus]:
    """The feeds `since` then that could be it: we were never given their ids."""
    if lost.channel is Channel.DIRECT or lost.sent_at is None:
        return []
    listed = await amazon.feeds_since(since)
    # Asked for afterwards, so that a feed whose id arrives meanwhile counts as known.
    known = await confirmations.feeds_known_since(lost.key.seller_id, since)
    # A feed cancelled without a report did nothing: whoever's it was, it is as if never sent.
    return [
        feed
        for feed in listed
        if feed.feed_id not in known
        and not (feed.state is FeedState.CANCELLED and feed.report_id is None)
    ]


async def _report(amazon: Shown, feed: FeedStatus) -> FeedReport | None:
    if feed.report_id is None:
        return None
    try:
        return await amazon.feed_report(feed)
    except Unreadable:
        return None


def _names_every_message(report: FeedReport) -> bool:
    """Whether each message has a result: a message that isn't among them wasn't in the feed."""
    named = {result.message_id for result in report.results}
    return bool(named) and len(named) >= report.processed

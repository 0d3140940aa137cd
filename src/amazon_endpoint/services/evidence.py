"""Evidence: what Amazon shows of a confirmation whose answer was lost.

A confirmation that was sent without an answer may have been carried out. Two places tell: the
feeds created since it was sent, and the order itself with its packages and fulfilled units. Only
what neither of them shows may be sent again.
"""

from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from amazon_endpoint.errors import Unreadable
from amazon_endpoint.feeds import FeedReport, FeedState, FeedStatus
from amazon_endpoint.orders import Order, OrderPackage
from amazon_endpoint.services.confirmations import Channel, Confirmation, Confirmations
from amazon_endpoint.services.next_step import bare_tracking, is_package_number

# Amazon's clock may be behind ours, and an answer lost just before may surface only now.
_BEFORE_SENDING = timedelta(minutes=5)


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
    if (feed_id := await _feed_of_its_company(confirmations, lost)) is not None:
        return Happened(feed_id)
    shown = shows_package(order, lost.reference, tracking)
    if not told_before:
        shown = shown or _units_are_gone(order, lost)
    feeds = await _unknown_feeds(amazon, confirmations, lost)
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
    return Unclear(tuple(unclear)) if unclear else NotHappened()


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


def _units_are_gone(order: Order, lost: Confirmation) -> bool:
    """Whether all its units are fulfilled, and by no other package that Amazon shows.

    MWS tells no packages, and a package may be late in the list. Units are only taken for ours
    when too few are left open to send them again: fewer may be another shipment's.
    """
    items = {item.item_id: item for item in order.items}
    for unit in lost.items:
        item = items.get(unit.order_item_id)
        if item is None or item.quantity_open >= unit.quantity:
            return False
        others = sum(
            package.items.get(item.item_id, 0)
            for package in order.packages
            if package.reference != lost.reference
        )
        fulfilled = item.quantity_fulfilled or 0
        if fulfilled - others < unit.quantity:
            return False
    return True


async def _feed_of_its_company(confirmations: Confirmations, lost: Confirmation) -> str | None:
    """The feed in which something was found that was sent with it: a feed is taken as a whole."""
    if lost.submission is None:
        return None
    company = await confirmations.of_submission(lost.key.seller_id, lost.submission)
    return next((one.feed_id for one in company if one.feed_id), None)


async def _unknown_feeds(
    amazon: Shown, confirmations: Confirmations, lost: Confirmation
) -> list[FeedStatus]:
    """The feeds since it was sent that could be it: we were never given their ids."""
    if lost.channel is Channel.DIRECT or lost.sent_at is None:
        return []
    since = lost.sent_at - _BEFORE_SENDING
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

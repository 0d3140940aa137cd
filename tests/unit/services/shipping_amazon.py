"""An Amazon that takes shipments, and a store of confirmations, both in memory."""

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec

from amazon_endpoint.amazon.port import OrderPage, OrderQuery
from amazon_endpoint.amazon.quota import Rate, ShippingQuota, full
from amazon_endpoint.errors import AnswerLost, EndpointError, FeedNotFound, OrderNotFound
from amazon_endpoint.feeds import FeedReport, FeedState, FeedStatus, MessageResult
from amazon_endpoint.orders import Order, OrderItem, OrderPackage
from amazon_endpoint.services.confirmations import Confirmation, ConfirmationKey
from amazon_endpoint.shipments import Package
from tests.turned_clock import NOON, TurnedClock

NUMBER = "111-2222222-3333333"
MARKETPLACE = "ATVPDKIKX0DER"

_QUEUED = timedelta(seconds=60)
_PROCESSED = timedelta(seconds=90)
_LISTED = timedelta(seconds=100)

T = TypeVar("T")


def unshipped(*items: OrderItem) -> Order:
    return Order(
        number=NUMBER,
        status="Unshipped",
        placed_at=NOON - timedelta(days=1),
        updated_at=NOON - timedelta(days=1),
        channel="Amazon.com",
        marketplace_id=MARKETPLACE,
        fulfilled_by="MERCHANT",
        items=items or (OrderItem(item_id="10000000000001", sku="MUG", quantity=2),),
    )


class Feed(msgspec.Struct, kw_only=True):
    """A feed as this Amazon keeps it. `packages` is what it does to the order once it is done."""

    feed_id: str
    created_at: datetime
    body: bytes = b""
    packages: tuple[OrderPackage, ...] = ()
    marketplace_ids: tuple[str, ...] = ()
    ends: FeedState = FeedState.DONE
    report: FeedReport | None = None
    has_report: bool = True


class ShippingAmazon:
    """Takes feeds and direct confirmations; carries feeds out a while later.

    `loses_answer` of the next call that sends: "before" it is carried out, or "after".
    `fails` is raised by the next call of that method. `tells_packages` and `confirms_directly`:
    MWS does not. A new feed is in the list `listed_after` a while. Its clock is `behind` ours.
    """

    def __init__(self, clock: TurnedClock, order: Order | None = None) -> None:
        self.clock = clock
        self.placed = order or unshipped()
        self.feeds: dict[str, Feed] = {}
        self.direct: list[Package] = []
        self.calls: Counter[str] = Counter()
        self.loses_answer: str | None = None
        self.fails: dict[str, EndpointError] = {}
        self.tells_packages = True
        self.confirms_directly = True
        self.listed_after = _LISTED
        self.behind = timedelta()
        self.next_feed_ends = FeedState.DONE
        self.next_report: FeedReport | None = None
        self._documents: list[bytes] = []

    @property
    def accepted(self) -> int:
        """How often Amazon has accepted a confirmation from us."""
        return sum(bool(feed.body) for feed in self.feeds.values()) + len(self.direct)

    @property
    def taken(self) -> Counter[str]:
        """How often Amazon has accepted each package from us, by its reference."""
        ours = (feed.body for feed in self.feeds.values() if feed.body)
        fed = (one.reference for body in ours for one in _packages(body))
        return Counter([*fed, *(one.reference for one in self.direct)])

    async def shipping_quota(self) -> ShippingQuota:
        now = self.clock.now()
        return ShippingQuota(
            orders=full(Rate(0.5, 30), now),
            feeds=full(Rate(1 / 120, 15), now),
            direct=full(Rate(2, 10), now) if self.confirms_directly else None,
        )

    def _call(self, name: str) -> None:
        self.calls[name] += 1
        if failure := self.fails.pop(name, None):
            raise failure

    def _carried_out(self, do: Callable[[], T]) -> T:
        lost, self.loses_answer = self.loses_answer, None
        if lost == "before":
            raise AnswerLost
        done = do()
        if lost == "after":
            raise AnswerLost
        return done

    async def latest_upper_bound(self) -> datetime:
        raise NotImplementedError

    async def search_orders(self, query: OrderQuery, page_token: str | None) -> OrderPage:
        raise NotImplementedError

    async def get_order(self, number: str) -> Order:
        self._call("get_order")
        if number != self.placed.number:
            raise OrderNotFound
        packages: dict[str, OrderPackage] = {one.reference: one for one in self.placed.packages}
        for feed in self.feeds.values():
            if self._state(feed) is FeedState.DONE and self.clock.now() >= feed.created_at:
                packages |= {one.reference: one for one in feed.packages}
        packages |= {one.reference: _package(one) for one in self.direct}
        shipped: Counter[str] = Counter()
        for package in packages.values():
            shipped.update(package.items)
        items = tuple(
            msgspec.structs.replace(
                item,
                quantity_fulfilled=shipped[item.item_id],
                quantity_unfulfilled=item.quantity - shipped[item.item_id],
            )
            for item in self.placed.items
        )
        shown = tuple(packages.values()) if self.tells_packages else ()
        return msgspec.structs.replace(self.placed, items=items, packages=shown)

    async def prepare_feed(self, body: bytes) -> str:
        self._call("prepare_feed")
        self._documents.append(body)
        return str(len(self._documents) - 1)

    async def submit_feed(self, document_id: str, marketplace_ids: tuple[str, ...]) -> str:
        self._call("submit_feed")
        body = self._documents[int(document_id)]

        def accept() -> str:
            feed = Feed(
                feed_id=str(7001 + len(self.feeds)),
                created_at=self.clock.now() - self.behind,
                body=body,
                packages=_packages(body) if self.next_report is None else (),
                marketplace_ids=marketplace_ids,
                ends=self.next_feed_ends,
                report=self.next_report,
            )
            self.next_feed_ends, self.next_report = FeedState.DONE, None
            self.feeds[feed.feed_id] = feed
            return feed.feed_id

        return self._carried_out(accept)

    def add_foreign_feed(self, feed_id: str, **changes: Any) -> None:
        """A feed of another program of the same seller."""
        self.feeds[feed_id] = Feed(feed_id=feed_id, created_at=self.clock.now(), **changes)

    async def confirm_shipment(self, package: Package) -> None:
        self._call("confirm_shipment")
        self._carried_out(lambda: self.direct.append(package))

    def _state(self, feed: Feed) -> FeedState:
        age = self.clock.now() - feed.created_at
        if age < _QUEUED:
            return FeedState.IN_QUEUE
        return FeedState.IN_PROGRESS if age < _PROCESSED else feed.ends

    def _status(self, feed: Feed) -> FeedStatus:
        state = self._state(feed)
        return FeedStatus(
            feed_id=feed.feed_id,
            state=state,
            state_word=state.value,
            created_at=feed.created_at,
            report_id=f"report-{feed.feed_id}" if state.final and feed.has_report else None,
        )

    async def feed_status(self, feed_id: str) -> FeedStatus:
        self._call("feed_status")
        if feed_id not in self.feeds:
            raise FeedNotFound
        return self._status(self.feeds[feed_id])

    async def feed_report(self, status: FeedStatus) -> FeedReport:
        self._call("feed_report")
        feed = self.feeds[status.feed_id]
        count = max(len(feed.packages), 1)
        succeeded = FeedReport(processed=count, successful=count, with_error=0, with_warning=0)
        return feed.report or succeeded

    async def feeds_since(self, moment: datetime) -> tuple[FeedStatus, ...]:
        self._call("feeds_since")
        return tuple(
            self._status(feed)
            for feed in self.feeds.values()
            if feed.created_at >= moment and self.clock.now() >= feed.created_at + self.listed_after
        )


def failing_report(*results: MessageResult, processed: int = 1) -> FeedReport:
    with_error = len({one.message_id for one in results})
    return FeedReport(
        processed=processed,
        successful=processed - with_error,
        with_error=with_error,
        with_warning=0,
        results=results,
    )


def _package(package: Package) -> OrderPackage:
    return OrderPackage(
        reference=package.reference,
        tracking=package.tracking or None,
        items={one.order_item_id: one.quantity for one in package.items},
    )


def _packages(body: bytes) -> tuple[OrderPackage, ...]:
    return tuple(
        OrderPackage(
            reference=one.findtext("MerchantFulfillmentID", ""),
            tracking=one.findtext("FulfillmentData/ShipperTrackingNumber"),
            items={
                item.findtext("AmazonOrderItemCode", ""): int(item.findtext("Quantity", "0"))
                for item in one.iter("Item")
            },
        )
        for one in ET.fromstring(body).iter("OrderFulfillment")
    )


class MemoryConfirmations:
    """Keeps confirmations as long as the test lasts."""

    def __init__(self) -> None:
        self.rows: dict[ConfirmationKey, Confirmation] = {}
        self.feeds: list[tuple[str, datetime, str]] = []

    async def of_orders(
        self, seller_id: str, order_numbers: Collection[str]
    ) -> tuple[Confirmation, ...]:
        return tuple(
            row
            for row in self.rows.values()
            if row.key.seller_id == seller_id and row.key.order_number in order_numbers
        )

    async def add(self, new: Sequence[Confirmation]) -> None:
        for one in new:
            self.rows.setdefault(one.key, one)

    async def begin(self, new: Confirmation) -> bool:
        return self.rows.setdefault(new.key, new) is new

    async def replace(self, seen: Confirmation, new: Confirmation) -> bool:
        row = self.rows[seen.key]
        if (row.state, row.sent_at) != (seen.state, seen.sent_at):
            return False
        self.rows[seen.key] = new
        if new.feed_id and new.sent_at:
            self.feeds.append((new.key.seller_id, new.sent_at, new.feed_id))
        return True

    async def replace_all(self, moves: Sequence[tuple[Confirmation, Confirmation]]) -> bool:
        rows = [self.rows[seen.key] for seen, _ in moves]
        if any(
            (row.state, row.sent_at) != (seen.state, seen.sent_at)
            for row, (seen, _) in zip(rows, moves, strict=True)
        ):
            return False
        for seen, new in moves:
            await self.replace(seen, new)
        return True

    def _together(self, seller_id: str, submission: str) -> tuple[Confirmation, ...]:
        return tuple(
            row
            for row in self.rows.values()
            if (row.key.seller_id, row.submission) == (seller_id, submission)
        )

    async def feed_of_submission(self, seller_id: str, submission: str) -> str | None:
        together = self._together(seller_id, submission)
        return next((one.feed_id for one in together if one.feed_id), None)

    async def rivals(self, seller_id: str, submission: str) -> tuple[Confirmation, ...]:
        together = self._together(seller_id, submission)
        shipments = {(one.key.order_number, one.key.shipment_number) for one in together}
        return tuple(
            row
            for row in self.rows.values()
            if row not in together
            and row.key.seller_id == seller_id
            and (row.key.order_number, row.key.shipment_number) in shipments
        )

    async def of_feed(self, seller_id: str, feed_id: str) -> tuple[Confirmation, ...]:
        return tuple(
            row
            for row in self.rows.values()
            if (row.key.seller_id, row.feed_id) == (seller_id, feed_id)
        )

    async def feeds_known_since(self, seller_id: str, moment: datetime) -> frozenset[str]:
        return frozenset(
            feed_id
            for seller, sent_at, feed_id in self.feeds
            if seller == seller_id and sent_at >= moment
        )

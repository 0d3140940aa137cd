"""The port: what every generation of Amazon's API does for us."""

from datetime import datetime
from typing import Literal, Protocol

import msgspec

from amazon_endpoint.amazon.quota import ShippingQuota
from amazon_endpoint.errors import EndpointError
from amazon_endpoint.feeds import FeedReport, FeedStatus
from amazon_endpoint.orders import Order
from amazon_endpoint.shipments import Package


class OrderQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The question that a window asks, frozen until its last page. Both bounds are inclusive.

    `by` tells which of an order's times lies between them: its latest update, or its creation.
    `statuses` are the published words, `fulfilled_by` is of ``MERCHANT`` and ``AMAZON``; an empty
    filter asks for all.
    """

    after: datetime
    before: datetime
    by: Literal["updated", "created"] = "updated"
    marketplace_ids: tuple[str, ...]
    statuses: tuple[str, ...] = ()
    fulfilled_by: tuple[str, ...] = ()


class UnreadableOrder(msgspec.Struct, frozen=True):
    """An order that Amazon sent and we could not read: its number where known, and why."""

    number: str | None
    reason: str


class OrderPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a window. `next_token` is absent on the last one.

    `served_before` is the upper bound that Amazon says it served. `stopped` is what ended the page
    before its last order; `next_token` goes on with it, and is better not used at once.
    """

    orders: tuple[Order, ...]
    unreadable: tuple[UnreadableOrder, ...] = ()
    next_token: str | None = None
    served_before: datetime | None = None
    stopped: EndpointError | None = None


class Amazon(Protocol):
    """A seller's account at Amazon.

    Any method raises `Throttled` when its quota is used up, `AmazonUnavailable` when Amazon does
    not answer as it should, `CredentialsRefused` and `AccessDenied` when it will not. From a method
    that changes something each of these means that nothing happened; where that can't be told it
    raises `AnswerLost`.
    """

    async def latest_upper_bound(self) -> datetime:
        """The newest moment that a window may reach up to: Amazon's own time, two minutes and the
        skew earlier."""
        ...

    async def search_orders(self, query: OrderQuery, page_token: str | None) -> OrderPage:
        """A page of the window that `query` describes.

        Raises:
            PageTokenRefused: the token is dead; the window has to start again.
        """
        ...

    async def get_order(self, number: str) -> Order:
        """One order with everything. A confirmation that follows is carried out at once.

        Raises:
            OrderNotFound: Amazon has no such order in this account.
            Unreadable: the order makes no sense.
        """
        ...

    async def prepare_feed(self, body: bytes) -> str:
        """Bring a feed's content to Amazon; nothing happens until it is submitted. Whatever else
        the submission takes is ready then.

        Returns the document id that `submit_feed` takes: opaque, and the content itself where
        Amazon takes both at once.
        """
        ...

    async def submit_feed(self, document_id: str, marketplace_ids: tuple[str, ...]) -> str:
        """Submit a prepared Order Fulfillment feed and return its feed id.

        Raises:
            AnswerLost: it was sent, and may have been accepted.
        """
        ...

    async def feed_status(self, feed_id: str) -> FeedStatus:
        """Where a feed stands.

        Raises:
            FeedNotFound: Amazon has no such feed in this account.
        """
        ...

    async def feed_report(self, status: FeedStatus) -> FeedReport:
        """The processing report of a feed that has one (`status.report_id`).

        Raises:
            Unreadable: the report makes no sense.
        """
        ...

    async def feeds_since(self, moment: datetime) -> tuple[FeedStatus, ...]:
        """Every Order Fulfillment feed of the account created since `moment`."""
        ...

    async def confirm_shipment(self, package: Package) -> None:
        """Confirm one package at once, without a feed.

        Raises:
            AnswerLost: it was sent, and may have been accepted.
            AmazonRefused: Amazon did not take it, with the reason.
        """
        ...


class PacedAmazon(Amazon, Protocol):
    """A seller's account at Amazon, for whoever plans ahead what to call when."""

    async def shipping_quota(self) -> ShippingQuota:
        """What is left of the quotas that shipments need. Nothing is called."""
        ...

"""The Feeds API 2021-06-30: feeds that wait, are worked on, and end with a report.

Rules: the parameters and bodies of Amazon's model; a document must be uploaded before its feed
is created and serves one feed only; only a feed that waits can be cancelled.
"""

import gzip
import itertools
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, structs

from amazon_endpoint.sandbox.answers import Answer, Refusal, invalid_input
from amazon_endpoint.sandbox.clock import write_time
from amazon_endpoint.sandbox.documents import (
    UNUSED_LIFE,
    Document,
    DocumentStore,
    new_document_id,
)
from amazon_endpoint.sandbox.feed_queries import FeedQuery, FeedWish, read_feed_query
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.orders import Json
from amazon_endpoint.sandbox.parcels import Shipping
from amazon_endpoint.sandbox.processing import Processed, process

#: How the faults of this name end a feed.
DOOMS = {"feed_fatal": "FATAL", "feed_cancelled": "CANCELLED"}


class Feed(Struct, kw_only=True):
    """One feed and how far it has come."""

    feed_id: str
    #: None belongs to every seller.
    seller: str | None
    feed_type: str
    marketplaces: list[str]
    created: datetime
    #: What is to be worked off; None for a feed that stays as it is.
    document: Document | None
    status: str = "IN_QUEUE"
    started: datetime | None = None
    ended: datetime | None = None
    result_id: str | None = None
    #: How the feed ends because a fault says so.
    doom: str | None = None

    def told(self) -> Json:
        """Return the feed as the API writes it."""
        told: Json = {
            "feedId": self.feed_id,
            "feedType": self.feed_type,
            "marketplaceIds": self.marketplaces,
            "createdTime": write_time(self.created),
            "processingStatus": self.status,
        }
        if self.started:
            told["processingStartTime"] = write_time(self.started)
        if self.ended:
            told["processingEndTime"] = write_time(self.ended)
        if self.result_id:
            told["resultFeedDocumentId"] = self.result_id
        return told


class Feeds:
    """All feeds, and the hand that works them off."""

    def __init__(self, options: SandboxOptions, store: DocumentStore, shipping: Shipping) -> None:
        self._options = options
        self._store = store
        self._shipping = shipping
        self._feeds: dict[str, Feed] = {}
        self._waiting: list[Feed] = []
        self._numbers = itertools.count(50_001)
        self._pages: dict[str, FeedQuery] = {}

    @property
    def report_charset(self) -> str:
        """The character set of processing reports."""
        return self._options.report_charset

    def add(self, feed: Feed) -> None:
        """Take in a feed as it is."""
        self._feeds[feed.feed_id] = feed

    def every(self) -> list[Feed]:
        """Return every feed, oldest first."""
        return list(self._feeds.values())

    def create(self, seller: str, wish: FeedWish, now: datetime, doom: str | None) -> Feed:
        """Take a feed in; Refusal (400) when its document cannot be used."""
        document = self._store.find(wish.input_feed_document_id, seller)
        if document is None or now > document.created + UNUSED_LIFE:
            raise invalid_input("There is no such inputFeedDocumentId.")
        if document.content is None:
            raise invalid_input("The feed document was not uploaded.")
        if document.used:
            raise invalid_input("The feed document was used by another feed.")
        document.used = True
        feed = Feed(
            feed_id=str(next(self._numbers)),
            seller=seller,
            feed_type=wish.feed_type,
            marketplaces=wish.marketplace_ids,
            created=now,
            document=document,
            doom=doom,
        )
        self.add(feed)
        self._waiting.append(feed)
        return feed

    def get(self, seller: str, feed_id: str) -> Feed:
        """Return a seller's feed; Refusal (404) when there is none."""
        feed = self.find(seller, feed_id)
        if feed is None:
            raise Refusal(404, "NotFound", f"There is no feed {feed_id}.")
        return feed

    def find(self, seller: str, feed_id: str) -> Feed | None:
        """Return a seller's feed, if there is one."""
        feed = self._feeds.get(feed_id)
        return feed if feed is not None and feed.seller in {None, seller} else None

    def of(self, seller: str) -> list[Feed]:
        """Return a seller's feeds, newest first."""
        feeds = [feed for feed in reversed(self._feeds.values()) if feed.seller in {None, seller}]
        return sorted(feeds, key=lambda feed: feed.created, reverse=True)

    def cancel(self, seller: str, feed_id: str, now: datetime) -> None:
        """Take a feed back; Refusal (400) when it does not wait any more."""
        feed = self.get(seller, feed_id)
        if feed.status != "IN_QUEUE":
            raise invalid_input(f"Feed {feed_id} is {feed.status} and cannot be cancelled.")
        feed.status, feed.started, feed.ended = "CANCELLED", now, now
        if feed in self._waiting:
            self._waiting.remove(feed)

    def page(self, seller: str, parameters: Mapping[str, str], now: datetime) -> Answer:
        """Serve a page of a seller's feeds, newest first."""
        if "nextToken" in parameters:
            if len(parameters) > 1:
                raise invalid_input("nextToken excludes every other parameter.")
            query = self._pages.get(parameters["nextToken"])
            if query is None:
                raise invalid_input("nextToken is not valid.")
        else:
            query = read_feed_query(parameters, now)
        found = [feed for feed in self.of(seller) if _matches(feed, query)]
        page = found[query.offset : query.offset + query.size]
        body: Json = {"feeds": [feed.told() for feed in page]}
        if len(found) > query.offset + query.size:
            token = f"{secrets.token_hex(12)}+/=="
            self._pages[token] = structs.replace(query, offset=query.offset + query.size)
            body["nextToken"] = token
        return Answer(200, body)

    def settle(self, now: datetime) -> None:
        """Bring every feed to where it stands by now, in the order in which they came."""
        for feed in tuple(self._waiting):
            start = feed.created + timedelta(seconds=self._options.queue_seconds)
            end = start + timedelta(seconds=self._options.progress_seconds)
            if now >= start:
                feed.status, feed.started = "IN_PROGRESS", start
            if now >= end:
                self._waiting.remove(feed)
                self._finish(feed, end)

    def _finish(self, feed: Feed, end: datetime) -> None:
        content = feed.document.content if feed.document else None
        if feed.doom:
            processed = Processed(feed.doom, None)
        else:
            processed = process(
                feed.feed_id,
                feed.feed_type,
                content or b"",
                self._shipping,
                end,
                self.report_charset,
            )
        feed.status, feed.ended = processed.status, end
        if processed.report is not None:
            feed.result_id = self.keep_report(feed.seller, processed.report, end)

    def keep_report(
        self, seller: str | None, report: bytes, now: datetime, document_id: str | None = None
    ) -> str:
        """Keep a report as a document, compressed if so chosen; return its id."""
        document = Document(
            document_id=document_id or new_document_id(),
            seller=seller,
            content_type=f"text/xml; charset={self.report_charset}",
            created=now,
            content=gzip.compress(report) if self._options.gzip_reports else report,
            compressed=self._options.gzip_reports,
            used=True,
        )
        self._store.add(document)
        return document.document_id


def _matches(feed: Feed, query: FeedQuery) -> bool:
    return (
        feed.feed_type in query.feed_types
        and query.since <= feed.created <= query.until
        and (not query.statuses or feed.status in query.statuses)
        and (not query.marketplaces or not query.marketplaces.isdisjoint(feed.marketplaces))
    )

"""Feeds 2021-06-30: an Order Fulfillment feed's way to Amazon, and its report's way back."""

import zlib
from datetime import datetime
from gzip import BadGzipFile, GzipFile
from io import BytesIO

import msgspec

from amazon_endpoint.amazon.fulfillment import read_report
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.patience import Garbled, Misdirected, passes, retrying
from amazon_endpoint.amazon.spapi import wire
from amazon_endpoint.amazon.spapi.operations import (
    CREATE_FEED,
    CREATE_FEED_DOCUMENT,
    GET_FEED,
    GET_FEED_DOCUMENT,
    GET_FEEDS,
)
from amazon_endpoint.amazon.spapi.transport import NotFound, Transport
from amazon_endpoint.amazon.timestamps import read_timestamp
from amazon_endpoint.amazon.xml import read_xml
from amazon_endpoint.clock import iso
from amazon_endpoint.errors import AmazonUnavailable, FeedNotFound, PageRepeated, Unreadable
from amazon_endpoint.feeds import FeedReport, FeedState, FeedStatus
from amazon_endpoint.outbound import MAX_BODY, Answer, NoAnswer, NotSent

FEED_TYPE = "POST_ORDER_FULFILLMENT_DATA"
CONTENT_TYPE = "text/xml; charset=UTF-8"

_STATES = {state.value: state for state in FeedState}
_GZIP_MAGIC = b"\x1f\x8b"

_document = msgspec.json.Decoder(wire.FeedDocument)
_created = msgspec.json.Decoder(wire.CreatedFeed)
_feed = msgspec.json.Decoder(wire.Feed)
_feeds = msgspec.json.Decoder(wire.FeedsPage)


class FeedsApi:
    """One seller's Order Fulfillment feeds."""

    def __init__(self, transport: Transport, hosts: AllowedHosts) -> None:
        self._transport = transport
        self._hosts = hosts

    async def prepare(self, body: bytes) -> str:
        """Upload a feed's content and return its document id. Nothing happens by it."""
        document = await self._transport.call(
            CREATE_FEED_DOCUMENT, _document.decode, body={"contentType": CONTENT_TYPE}
        )
        headers = {"content-type": CONTENT_TYPE}
        await retrying(self._transport.clock)(
            self._exchange, "PUT", document.url, headers, content=body
        )
        await self._transport.have_token()
        return document.feed_document_id

    async def submit(self, document_id: str, marketplace_ids: tuple[str, ...]) -> str:
        """Submit an uploaded feed and return its id."""
        wish = {
            "feedType": FEED_TYPE,
            "marketplaceIds": marketplace_ids,
            "inputFeedDocumentId": document_id,
        }
        return (await self._transport.call(CREATE_FEED, _created.decode, body=wish)).feed_id

    async def status(self, feed_id: str) -> FeedStatus:
        """Where a feed stands."""
        try:
            return await self._transport.call(GET_FEED, _read_feed, path_id=feed_id)
        except NotFound as refused:
            raise FeedNotFound(request_id=refused.request_id) from None

    async def since(self, moment: datetime) -> tuple[FeedStatus, ...]:
        """Every Order Fulfillment feed created since `moment`, from all pages."""
        params = {"feedTypes": FEED_TYPE, "createdSince": iso(moment), "pageSize": "100"}
        found: list[FeedStatus] = []
        seen: set[str] = set()
        while True:
            page, token = await self._transport.call(GET_FEEDS, _read_feeds, params=params)
            found += page
            if not token:
                return tuple(found)
            if token in seen:
                raise PageRepeated("Amazon lists the same feeds again and again.")
            seen.add(token)
            # Amazon refuses any other parameter next to this one.
            params = {"nextToken": token}

    async def report(self, status: FeedStatus) -> FeedReport:
        """The processing report of a feed that has one.

        One that doesn't arrive as a whole is fetched again. Of a feed that ended badly it may be
        no XML at all; then it is unreadable.
        """
        if status.report_id is None:
            raise Unreadable(f"Feed {status.feed_id} has no processing report.")
        try:
            document = await self._transport.call(
                GET_FEED_DOCUMENT, _document.decode, path_id=status.report_id
            )
        except NotFound as refused:
            raise FeedNotFound(
                "Amazon no longer has this feed's report; it keeps them for 28 days.",
                request_id=refused.request_id,
            ) from None
        try:
            report: tuple[bytes, str | None] = await retrying(self._transport.clock)(
                self._fetch, document
            )
        except Garbled as garbled:
            if status.state is FeedState.DONE:
                raise
            raise Unreadable(garbled.message) from None
        return read_report(*report)

    async def _fetch(self, document: wire.FeedDocument) -> tuple[bytes, str | None]:
        """A report and its content type.

        Raises:
            Garbled: it did not arrive as a whole: it can't be unzipped, or is no XML.
        """
        answer = await self._exchange("GET", document.url, {})
        body, content_type = answer.body, answer.headers.get("content-type")
        if document.compression_algorithm == "GZIP" and body.startswith(_GZIP_MAGIC):
            body = unzip(body)
        try:
            read_xml(body, "Amazon's processing report", content_type)
        except Unreadable as unreadable:
            raise Garbled(unreadable.message) from None
        return body, content_type

    async def _exchange(
        self, method: str, url: str, headers: dict[str, str], content: bytes | None = None
    ) -> Answer:
        """Bring or fetch a document at the address Amazon named, which gets no token of ours."""
        self._hosts.check_document(url)
        try:
            answer = await self._transport.outbound.send(
                method, url, headers=headers, content=content
            )
        except (NotSent, NoAnswer) as error:
            raise AmazonUnavailable(f"Amazon's storage can't be reached: {error}.") from None
        if not 200 <= answer.status < 300:
            # The body names the signed address and the access key: it is quoted nowhere.
            told = f"Amazon's storage answered {answer.status}."
            if passes(answer.status):
                raise AmazonUnavailable(told)
            raise Misdirected(
                f"{told} The document's address was fresh: check what lies between this "
                "machine and Amazon's storage, such as a proxy."
            )
        return answer


def _read_feed(body: bytes) -> FeedStatus:
    return _status(_feed.decode(body))


def _read_feeds(body: bytes) -> tuple[list[FeedStatus], str | None]:
    """A page of feeds, and the token of the next one."""
    page = _feeds.decode(body)
    return [_status(one) for one in page.feeds], page.next_token


def _status(feed: wire.Feed) -> FeedStatus:
    word = feed.processing_status
    return FeedStatus(
        feed_id=feed.feed_id,
        state=_STATES.get(word, FeedState.UNKNOWN),
        state_word=word,
        created_at=read_timestamp(feed.created_time) if feed.created_time else None,
        report_id=feed.result_feed_document_id or None,
    )


def unzip(body: bytes, limit: int = MAX_BODY) -> bytes:
    """Decompress a document that may be hostile.

    Raises:
        Garbled: it is damaged.
        Unreadable: it grows beyond `limit` bytes.
    """
    try:
        content = GzipFile(fileobj=BytesIO(body)).read(limit + 1)
    except (BadGzipFile, EOFError, zlib.error):
        raise Garbled("Amazon's processing report is damaged: it can't be unzipped.") from None
    if len(content) > limit:
        raise Unreadable(f"Amazon's processing report exceeds {limit} bytes.")
    return content

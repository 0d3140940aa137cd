"""Feeds 2009-01-01: an Order Fulfillment feed's way to Amazon, and its report's way back."""

import re
from datetime import datetime, timedelta

from lxml import etree

from amazon_endpoint.amazon.fulfillment import read_report
from amazon_endpoint.amazon.mws.fields import answered_id, moment, required
from amazon_endpoint.amazon.mws.operations import (
    GET_FEED_SUBMISSION_LIST,
    GET_FEED_SUBMISSION_LIST_BY_NEXT_TOKEN,
    GET_FEED_SUBMISSION_RESULT,
    SUBMIT_FEED,
)
from amazon_endpoint.amazon.mws.parameters import numbered
from amazon_endpoint.amazon.mws.transport import Refused, Transport
from amazon_endpoint.amazon.xml import child, children, text
from amazon_endpoint.clock import iso
from amazon_endpoint.errors import AmazonUnavailable, FeedNotFound, PageRepeated, Unreadable
from amazon_endpoint.feeds import FeedReport, FeedState, FeedStatus

FEED_TYPE = "_POST_ORDER_FULFILLMENT_DATA_"

_STATES = {
    "_SUBMITTED_": FeedState.IN_QUEUE,
    "_UNCONFIRMED_": FeedState.IN_QUEUE,
    "_IN_PROGRESS_": FeedState.IN_PROGRESS,
    "_AWAITING_ASYNCHRONOUS_REPLY_": FeedState.IN_PROGRESS,
    "_IN_SAFETY_NET_": FeedState.IN_PROGRESS,
    "_DONE_": FeedState.DONE,
    "_CANCELLED_": FeedState.CANCELLED,
}

# What the column that keeps it holds; Amazon's are much shorter.
_ID = re.compile("[!-~]{1,64}", re.ASCII)

# As soon as there is quota for another look.
_REPORT_IS_WRITTEN_IN = timedelta(minutes=1)


class FeedsApi:
    """One seller's Order Fulfillment feeds."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def submit(self, content: bytes, marketplace_ids: tuple[str, ...]) -> str:
        """Submit a feed and return its id. Without one nobody knows what became of it."""
        params = {
            "FeedType": FEED_TYPE,
            "PurgeAndReplace": "false",
            **numbered("MarketplaceIdList.Id", marketplace_ids),
        }
        return await self._transport.call(SUBMIT_FEED, _feed_id, params, content=content)

    async def status(self, feed_id: str) -> FeedStatus:
        """Where a feed stands."""
        params = {"FeedSubmissionIdList.Id.1": feed_id}
        try:
            (found, _), request_id = await self._transport.call(
                GET_FEED_SUBMISSION_LIST, _named_statuses, params
            )
        except Refused as refused:
            if "FeedSubmissionId" in refused.message:
                raise FeedNotFound(request_id=refused.request_id) from None
            raise
        status = next((one for one in found if one.feed_id == feed_id), None)
        if status is None:
            raise FeedNotFound(request_id=request_id)
        return status

    async def since(self, since: datetime) -> tuple[FeedStatus, ...]:
        """Every Order Fulfillment feed submitted since a moment, from all pages."""
        operation = GET_FEED_SUBMISSION_LIST
        params = {
            "FeedTypeList.Type.1": FEED_TYPE,
            "SubmittedFromDate": iso(since),
            "MaxCount": "100",
        }
        found: list[FeedStatus] = []
        seen: set[str] = set()
        while True:
            page, token = await self._transport.call(operation, _statuses, params)
            found += page
            if token is None:
                return tuple(found)
            if token in seen:
                raise PageRepeated("Amazon lists the same feeds again and again.")
            seen.add(token)
            operation, params = GET_FEED_SUBMISSION_LIST_BY_NEXT_TOKEN, {"NextToken": token}

    async def report(self, status: FeedStatus) -> FeedReport:
        """The processing report of a feed that has one."""
        if status.report_id is None:
            raise Unreadable(f"Feed {status.feed_id} has no processing report.")
        params = {"FeedSubmissionId": status.report_id}
        try:
            answer = await self._transport.fetch(GET_FEED_SUBMISSION_RESULT, params)
        except Refused as refused:
            if refused.code == "FeedProcessingResultNotReady":
                raise AmazonUnavailable(
                    "Amazon has not yet written this feed's processing report.",
                    not_before=self._transport.clock.now() + _REPORT_IS_WRITTEN_IN,
                    request_id=refused.request_id,
                ) from None
            if refused.code == "FeedProcessingResultNoLongerAvailable":
                raise FeedNotFound(
                    "Amazon no longer has this feed's report.", request_id=refused.request_id
                ) from None
            raise
        return read_report(answer.body, answer.headers.get("content-type"))


def _feed_id(result: etree._Element) -> str:
    info = child(result, "FeedSubmissionInfo")
    if info is None:
        raise ValueError("no FeedSubmissionInfo")
    return _id(info)


def _id(info: etree._Element) -> str:
    found = required(info, "FeedSubmissionId")
    if not _ID.fullmatch(found):
        raise ValueError("FeedSubmissionId is none")
    return found


def _named_statuses(
    result: etree._Element,
) -> tuple[tuple[list[FeedStatus], str | None], str | None]:
    return _statuses(result), answered_id(result)


def _statuses(result: etree._Element) -> tuple[list[FeedStatus], str | None]:
    """A page of feeds, and the token of the next one."""
    feeds = [_status(one) for one in children(result, "FeedSubmissionInfo")]
    more = text(result, "HasNext") == "true"
    return feeds, text(result, "NextToken") if more else None


def _status(info: etree._Element) -> FeedStatus:
    feed_id, word = _id(info), required(info, "FeedProcessingStatus")
    state = _STATES.get(word, FeedState.UNKNOWN)
    return FeedStatus(
        feed_id=feed_id,
        state=state,
        state_word=word,
        created_at=moment(info, "SubmittedDate"),
        # The report goes by the feed's own id. An aborted feed has none.
        report_id=feed_id if state is FeedState.DONE else None,
    )

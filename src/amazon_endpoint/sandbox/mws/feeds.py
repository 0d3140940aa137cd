"""The Feeds section 2009-01-01: what the Feeds API works off, the older way in and out.

The older service knows no FATAL: such a feed is `_DONE_` where it has a report, else `_CANCELLED_`
("aborted due to a fatal error").
"""

import gzip
import re
from collections.abc import Callable
from datetime import datetime

from msgspec import structs

from amazon_endpoint.sandbox.documents import Document, new_document_id
from amazon_endpoint.sandbox.feed_queries import FeedWish
from amazon_endpoint.sandbox.feeds import DOOMS, Feed
from amazon_endpoint.sandbox.mws.gate import Call, Reply, Section
from amazon_endpoint.sandbox.mws.parameters import numbered, only, required
from amazon_endpoint.sandbox.mws.queries import FeedList, next_token, read_feed_list
from amazon_endpoint.sandbox.mws.xml import MwsRefusal, Tree, md5
from amazon_endpoint.sandbox.state import Sandbox

_STATES = {
    "IN_QUEUE": "_SUBMITTED_",
    "IN_PROGRESS": "_IN_PROGRESS_",
    "DONE": "_DONE_",
    "CANCELLED": "_CANCELLED_",
}


def _submit(sandbox: Sandbox, call: Call) -> Reply:
    only(call.parameters, "FeedType", "MarketplaceIdList.Id", "PurgeAndReplace", "ContentMD5Value")
    feed_type = required(call.parameters, "FeedType")
    if not re.fullmatch("_[A-Z_]+_", feed_type):
        raise MwsRefusal(400, "InvalidFeedType", f"{feed_type} is not a feed type.")
    marketplaces = numbered(call.parameters, "MarketplaceIdList.Id")
    _check_md5(call)
    if not call.body:
        raise MwsRefusal(400, "InputDataError", "The feed is empty.")
    document = Document(
        document_id=new_document_id(),
        seller=call.caller.seller,
        content_type="text/xml",
        created=call.now,
        content=call.body,
    )
    sandbox.documents.add(document)
    wish = FeedWish(feed_type[1:-1], marketplaces, document.document_id)
    doom = DOOMS.get(call.fault or "")
    feed = sandbox.feeds.create(call.caller.seller, wish, call.now, doom)
    return Reply({"FeedSubmissionInfo": _info(feed)})


def _check_md5(call: Call) -> None:
    given = call.md5 or call.parameters.get("ContentMD5Value")
    if not given:
        raise MwsRefusal(400, "ContentMD5Missing", "The Content-MD5 header was missing.")
    if given != md5(call.body):
        message = "The Content-MD5 you specified did not match what was received."
        raise MwsRefusal(400, "ContentMD5DoesNotMatch", message)


def _list(sandbox: Sandbox, call: Call) -> Reply:
    return _page(sandbox, call, read_feed_list(call.parameters, call.now))


def _list_next(sandbox: Sandbox, call: Call) -> Reply:
    wish = sandbox.mws.feeds.open(call.caller, next_token(call.parameters), call.now)
    return _page(sandbox, call, wish)


def _page(sandbox: Sandbox, call: Call, wish: FeedList) -> Reply:
    found = [feed for feed in sandbox.feeds.of(call.caller.seller) if _matches(feed, wish)]
    end = wish.offset + wish.size
    token = None
    if end < len(found):
        rest = structs.replace(wish, offset=end)
        token = sandbox.mws.feeds.keep(call.caller, rest, call.now)
    return Reply(
        {
            "NextToken": token,
            "HasNext": "true" if token else "false",
            "FeedSubmissionInfo": [_info(feed) for feed in found[wish.offset : end]],
        }
    )


def _matches(feed: Feed, wish: FeedList) -> bool:
    if wish.ids:
        return feed.feed_id in wish.ids
    return feed.created >= wish.since and (not wish.types or f"_{feed.feed_type}_" in wish.types)


def _result(sandbox: Sandbox, call: Call) -> Reply:
    only(call.parameters, "FeedSubmissionId")
    feed_id = required(call.parameters, "FeedSubmissionId")
    feed = sandbox.feeds.find(call.caller.seller, feed_id)
    if feed is None:
        raise MwsRefusal(400, "InvalidFeedSubmissionId", f"There is no feed {feed_id}.")
    if _state(feed) == "_CANCELLED_":
        raise MwsRefusal(400, "FeedCanceled", f"Feed {feed_id} was cancelled.")
    report = feed.result_id and sandbox.documents.find(feed.result_id, call.caller.seller)
    if not report or report.content is None:
        message = f"Feed Submission Result is not ready for Feed {feed_id}"
        raise MwsRefusal(404, "FeedProcessingResultNotReady", message)
    content = gzip.decompress(report.content) if report.compressed else report.content
    return Reply(content, {"Content-Type": report.content_type})


def _info(feed: Feed) -> Tree:
    return {
        "FeedSubmissionId": feed.feed_id,
        "FeedType": f"_{feed.feed_type}_",
        "SubmittedDate": _second(feed.created),
        "FeedProcessingStatus": _state(feed),
        "StartedProcessingDate": _second(feed.started),
        "CompletedProcessingDate": _second(feed.ended),
    }


def _state(feed: Feed) -> str:
    if feed.status == "FATAL":
        return "_DONE_" if feed.result_id else "_CANCELLED_"
    return _STATES[feed.status]


def _second(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


_WORK: dict[str, Callable[[Sandbox, Call], Reply]] = {
    "SubmitFeed": _submit,
    "GetFeedSubmissionList": _list,
    "GetFeedSubmissionListByNextToken": _list_next,
    "GetFeedSubmissionResult": _result,
}

FEEDS = Section("2009-01-01", "http://mws.amazonaws.com/doc/2009-01-01/", _WORK)

"""Feeds of MWS: submitted, followed, reported on."""

from base64 import b64encode
from datetime import timedelta
from hashlib import md5

import msgspec
import pytest

from amazon_endpoint.amazon.fulfillment import write_feed
from amazon_endpoint.errors import (
    AmazonRefused,
    AmazonUnavailable,
    FeedNotFound,
    PageRepeated,
    Unreadable,
)
from amazon_endpoint.feeds import FeedState, FeedStatus
from amazon_endpoint.sandbox.testing import RunningSandbox
from tests.integration.mws.scripted_mws import ScriptedMws, again, answer, refusal
from tests.integration.mws.seller import UNITED_STATES, Seller
from tests.integration.spapi.scripted_amazon import Reply
from tests.integration.spapi.seller import PACKAGE
from tests.integration.spapi.test_feeds import REPORT, open_package
from tests.turned_clock import NOON

DONE = FeedStatus(feed_id="1", state=FeedState.DONE, state_word="_DONE_", report_id="1")


def info(feed_id: str, word: str = "_DONE_") -> str:
    return (
        f"<FeedSubmissionInfo><FeedSubmissionId>{feed_id}</FeedSubmissionId>"
        f"<SubmittedDate>2026-11-01T10:00:00+00:00</SubmittedDate>"
        f"<FeedProcessingStatus>{word}</FeedProcessingStatus></FeedSubmissionInfo>"
    )


def listed(*infos: str, next_token: str = "", by_token: bool = False) -> Reply:
    action = "GetFeedSubmissionListByNextToken" if by_token else "GetFeedSubmissionList"
    more = f"<NextToken>{next_token}</NextToken><HasNext>true</HasNext>" if next_token else ""
    return answer(action, more or "<HasNext>false</HasNext>", *infos)


def report(body: bytes = REPORT, md5_of: bytes | None = None) -> Reply:
    digest = b64encode(md5(body if md5_of is None else md5_of).digest()).decode()
    return Reply(200, body, {"content-md5": digest, "content-type": "text/xml"})


# The whole way, at the local Amazon


async def test_a_feed_is_submitted_and_reported_on(
    sandbox: RunningSandbox, local_seller: Seller
) -> None:
    account = local_seller.account()
    began = sandbox.now()
    good = open_package(sandbox)
    bad = msgspec.structs.replace(PACKAGE, message_id="2")
    document_id = await account.prepare_feed(write_feed("A0000000000000", [good, bad]))
    feed_id = await account.submit_feed(document_id, (UNITED_STATES,))

    status = await account.feed_status(feed_id)
    told = await account.feed_report(status)

    assert (status.state, status.state_word) == (FeedState.DONE, "_DONE_")
    assert (told.processed, told.successful) == (2, 1)
    assert [one.message_id for one in told.errors] == ["2"]
    assert [one.feed_id for one in await account.feeds_since(began)] == [feed_id]
    assert (await account.get_order(good.order_number)).status == "Shipped"


async def test_an_unknown_feed_is_not_found(local_seller: Seller) -> None:
    with pytest.raises(FeedNotFound):
        await local_seller.account().feed_status("424242")


async def test_without_a_feed_nothing_is_confirmed(amazon: ScriptedMws, seller: Seller) -> None:
    with pytest.raises(AmazonRefused, match="feed"):
        await seller.account().confirm_shipment(PACKAGE)

    assert amazon.asked == []


# Lists


async def test_feeds_in_any_state_are_known(amazon: ScriptedMws, seller: Seller) -> None:
    words = [
        "_SUBMITTED_",
        "_UNCONFIRMED_",
        "_IN_PROGRESS_",
        "_AWAITING_ASYNCHRONOUS_REPLY_",
        "_IN_SAFETY_NET_",
        "_DONE_",
        "_CANCELLED_",
        "_TELEPORTED_",
    ]
    amazon.will(listed(*(info(str(n), word) for n, word in enumerate(words))))

    feeds = await seller.account().feeds_since(NOON)

    assert [one.state_word for one in feeds] == words
    assert [one.state for one in feeds] == [
        FeedState.IN_QUEUE,
        FeedState.IN_QUEUE,
        FeedState.IN_PROGRESS,
        FeedState.IN_PROGRESS,
        FeedState.IN_PROGRESS,
        FeedState.DONE,
        FeedState.CANCELLED,
        FeedState.UNKNOWN,
    ]
    assert [one.report_id for one in feeds if one.report_id] == ["5"]


async def test_feeds_are_listed_to_the_last_page(amazon: ScriptedMws, seller: Seller) -> None:
    amazon.will(listed(info("1"), next_token="a+b=="), listed(info("2"), by_token=True))

    found = await seller.account().feeds_since(NOON - timedelta(hours=3))

    assert [one.feed_id for one in found] == ["1", "2"]
    assert found[0].created_at == NOON - timedelta(hours=2)
    first, second = amazon.signed
    assert first["FeedTypeList.Type.1"] == "_POST_ORDER_FULFILLMENT_DATA_"
    assert first["SubmittedFromDate"] == "2026-11-01T09:00:00Z"
    assert second["NextToken"] == "a+b=="


async def test_a_token_without_a_next_page_ends_the_list(
    amazon: ScriptedMws, seller: Seller
) -> None:
    last = "<NextToken>x</NextToken><HasNext>false</HasNext>"
    amazon.will(answer("GetFeedSubmissionList", last, info("1")))

    assert len(await seller.account().feeds_since(NOON)) == 1


async def test_a_list_that_runs_in_a_circle_ends(amazon: ScriptedMws, seller: Seller) -> None:
    amazon.will(
        listed(info("1"), next_token="again"),
        listed(info("1"), next_token="again", by_token=True),
    )

    with pytest.raises(PageRepeated):
        await seller.account().feeds_since(NOON)


@pytest.mark.parametrize(
    "reply",
    [
        listed(),
        refusal(400, "InvalidParameterValue", "Invalid FeedSubmissionId: x"),
        refusal(400, "InvalidFeedSubmissionId"),
    ],
    ids=["an empty list", "a wrong parameter", "its own code"],
)
async def test_a_feed_that_amazon_does_not_list_is_not_found(
    amazon: ScriptedMws, seller: Seller, reply: Reply
) -> None:
    amazon.will(reply)

    with pytest.raises(FeedNotFound) as told:
        await seller.account().feed_status("1")

    assert told.value.request_id == "1-2-3"


# Reports


async def test_a_report_is_read(amazon: ScriptedMws, seller: Seller) -> None:
    amazon.will(report())

    assert (await seller.account().feed_report(DONE)).successful == 1
    assert amazon.signed[0]["FeedSubmissionId"] == "1"


async def test_a_report_with_another_digest_is_fetched_again(
    amazon: ScriptedMws, seller: Seller
) -> None:
    amazon.will(report(REPORT[:-100], md5_of=REPORT), report())

    assert (await seller.account().feed_report(DONE)).successful == 1
    assert amazon.actions == ["GetFeedSubmissionResult"] * 2


async def test_a_report_that_never_matches_its_digest_is_put_off(
    amazon: ScriptedMws, seller: Seller
) -> None:
    amazon.will(*[report(md5_of=b"")] * 4)

    with pytest.raises(AmazonUnavailable):
        await seller.account().feed_report(DONE)


async def test_a_report_without_a_digest_is_read(amazon: ScriptedMws, seller: Seller) -> None:
    amazon.will(again(report(), headers={}))

    assert (await seller.account().feed_report(DONE)).successful == 1


@pytest.mark.parametrize("body", [REPORT[:-100], b"<html>Oops<br></html>", b""])
async def test_a_report_without_a_digest_that_did_not_arrive_whole_is_fetched_again(
    amazon: ScriptedMws, seller: Seller, body: bytes
) -> None:
    broken = again(report(), headers={}, body=body)
    amazon.will(broken, again(report(), headers={}), broken, broken)
    account = seller.account()

    assert (await account.feed_report(DONE)).successful == 1
    with pytest.raises(AmazonUnavailable):
        await account.feed_report(DONE)


@pytest.mark.parametrize(
    "body", [b"<EasyShipReport/>", b"<html>Oops<br></html>", b"", b"<!DOCTYPE x><x/>"]
)
async def test_another_document_is_no_report(
    amazon: ScriptedMws, seller: Seller, body: bytes
) -> None:
    amazon.will(report(body))

    with pytest.raises(Unreadable):
        await seller.account().feed_report(DONE)


async def test_a_report_not_yet_written_is_waited_for(amazon: ScriptedMws, seller: Seller) -> None:
    amazon.will(refusal(404, "FeedProcessingResultNotReady"))

    with pytest.raises(AmazonUnavailable) as later:
        await seller.account().feed_report(DONE)

    assert later.value.not_before == NOON + timedelta(minutes=1)
    assert len(amazon.signed) == 1


async def test_a_report_that_is_gone_is_told(amazon: ScriptedMws, seller: Seller) -> None:
    amazon.will(refusal(404, "FeedProcessingResultNoLongerAvailable"))

    with pytest.raises(FeedNotFound, match="no longer"):
        await seller.account().feed_report(DONE)


async def test_a_feed_without_a_report_is_told(seller: Seller) -> None:
    with pytest.raises(Unreadable, match="no processing report"):
        await seller.account().feed_report(msgspec.structs.replace(DONE, report_id=None))

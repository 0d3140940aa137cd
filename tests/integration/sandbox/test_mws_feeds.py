import base64
import hashlib

import httpx2
import msgspec
import pytest
from lxml import etree

from amazon_endpoint.sandbox.testing import RunningSandbox
from tests.integration.sandbox.mws_seller import FEEDS, MwsSeller, plain, refusal, selling, texts
from tests.integration.sandbox.seller import QUIET, ago, order
from tests.integration.sandbox.test_sandbox_feeds import DAY, ITEM, ORDER, feed, message

TYPE = "_POST_ORDER_FULFILLMENT_DATA_"
FREE = msgspec.structs.replace(QUIET, quotas=False)
ID = "FeedSubmissionInfo/FeedSubmissionId"


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def submit(
    seller: MwsSeller,
    content: bytes,
    *,
    path: str = FEEDS,
    headers: dict[str, str] | None = None,
    wish: dict[str, str] | None = None,
) -> httpx2.Response:
    named = {
        "Action": "SubmitFeed",
        "FeedType": TYPE,
        "MarketplaceIdList.Id.1": "ATVPDKIKX0DER",
        "Version": "2009-01-01",
    }
    return seller.client.post(
        path,
        params=seller.signed("POST", path, **(named | (wish or {}))),
        content=content,
        headers={"content-type": "text/xml"} | (headers or {"content-md5": md5(content)}),
    )


def submitted(seller: MwsSeller, content: bytes) -> str:
    answer = submit(seller, content)
    assert answer.status_code == 200, answer.text
    return plain(answer.content).findtext(f"SubmitFeedResult/{ID}") or ""


def listed(seller: MwsSeller, **wish: str) -> list[str]:
    return texts(seller.ask("GetFeedSubmissionList", **wish), ID)


def state(seller: MwsSeller, feed_id: str) -> str:
    wish = {"FeedSubmissionIdList.Id.1": feed_id}
    told = seller.ask("GetFeedSubmissionList", **wish)
    return told.findtext("FeedSubmissionInfo/FeedProcessingStatus") or ""


def result(seller: MwsSeller, feed_id: str) -> httpx2.Response:
    return seller.post("GetFeedSubmissionResult", FeedSubmissionId=feed_id)


def stocked(sandbox: RunningSandbox) -> None:
    sandbox.add_orders(order(ORDER, DAY))


@pytest.mark.parametrize("path", [FEEDS, "/"])
def test_a_feed_confirms_once_and_its_report_says_so(path: str) -> None:
    with selling(FREE) as (sandbox, seller):
        stocked(sandbox)
        answer = submit(seller, feed(message(1, quantity=2), message(2, item="no")), path=path)
        info = plain(answer.content).find("SubmitFeedResult/FeedSubmissionInfo")
        assert info is not None
        assert info.findtext("FeedType") == TYPE
        assert info.findtext("FeedProcessingStatus") == "_SUBMITTED_"
        feed_id = info.findtext("FeedSubmissionId") or ""
        assert state(seller, feed_id) == "_DONE_"
        report = result(seller, feed_id)
        assert report.headers["content-md5"] == md5(report.content)
        root = etree.fromstring(report.content)
        assert root.findtext(".//MessagesProcessed") == "2"
        assert [one.findtext("MessageID") for one in root.iter("Result")] == ["2"]
        [confirmed] = sandbox.state()["confirmations"][ORDER]
        assert (confirmed["orderItemId"], confirmed["quantity"]) == (ITEM, 2)
        assert confirmed["feedId"] == feed_id


def test_a_feed_waits_and_is_worked_on_before_it_is_done() -> None:
    options = msgspec.structs.replace(FREE, queue_seconds=60, progress_seconds=60)
    with selling(options) as (sandbox, seller):
        feed_id = submitted(seller, feed(message()))
        for expected in ("_SUBMITTED_", "_IN_PROGRESS_"):
            assert state(seller, feed_id) == expected
            not_ready = (404, "FeedProcessingResultNotReady")
            assert refusal(result(seller, feed_id)) == not_ready
            sandbox.advance(60)
        assert state(seller, feed_id) == "_DONE_"
        assert result(seller, feed_id).status_code == 200


def test_what_is_sent_is_checked_by_its_md5() -> None:
    with selling(FREE) as (_, seller):
        content = feed(message())
        wrong = {"content-md5": md5(b"another")}
        assert refusal(submit(seller, content, headers=wrong)) == (400, "ContentMD5DoesNotMatch")
        none = {"x-none": "1"}
        assert refusal(submit(seller, content, headers=none)) == (400, "ContentMD5Missing")
        named = submit(seller, content, headers=none, wish={"ContentMD5Value": md5(content)})
        assert named.status_code == 200
        assert len(listed(seller)) == 1


@pytest.mark.parametrize(
    ("content", "wish", "code"),
    [
        (b"", {}, "InputDataError"),
        (b"x", {"FeedType": ""}, "MissingParameter"),
        (b"x", {"FeedType": "POST_ORDER_FULFILLMENT_DATA"}, "InvalidFeedType"),
        (b"x", {"MarketplaceIdList.1": "X"}, "InvalidParameterValue"),
    ],
    ids=["empty", "no type", "a newer type", "a list of another name"],
)
def test_each_rule_of_a_submission(content: bytes, wish: dict[str, str], code: str) -> None:
    with selling(FREE) as (_, seller):
        assert refusal(submit(seller, content, wish=wish)) == (400, code)


def test_feeds_are_listed_newest_first_page_by_page() -> None:
    with selling(FREE) as (sandbox, seller):
        old = [submitted(seller, feed(message())) for _ in range(2)]
        sandbox.advance(3600)
        since = ago(sandbox, minutes=1)
        young = submitted(seller, feed(message()))
        assert listed(seller) == [young, *old[::-1]]
        assert listed(seller, SubmittedFromDate=since) == [young]
        assert listed(seller, **{"FeedTypeList.Type.1": "_POST_PRODUCT_DATA_"}) == []
        assert listed(seller, **{"FeedSubmissionIdList.Id.1": old[0]}) == [old[0]]
        first = seller.ask("GetFeedSubmissionList", MaxCount="2")
        assert first.findtext("HasNext") == "true"
        token = first.findtext("NextToken") or ""
        rest = seller.ask("GetFeedSubmissionListByNextToken", NextToken=token)
        assert texts(rest, ID) == [old[0]]
        assert (rest.findtext("HasNext"), rest.find("NextToken")) == ("false", None)
        assert seller.refused("GetFeedSubmissionList", MaxCount="101") == (
            400,
            "InvalidParameterValue",
        )
        assert listed(seller, SellerId="A1OTHER") == []
        sandbox.advance(91 * 24 * 3600)
        assert listed(seller) == []


def test_bad_feeds_end_in_the_older_words() -> None:
    with selling(FREE) as (sandbox, seller):
        broken = submitted(seller, b"<no/>")
        assert state(seller, broken) == "_DONE_"
        assert b"Rejected" in result(seller, broken).content
        for fault in ("feed_fatal", "feed_cancelled"):
            sandbox.fault("SubmitFeed", fault)
            feed_id = submitted(seller, feed(message()))
            assert state(seller, feed_id) == "_CANCELLED_"
            assert refusal(result(seller, feed_id)) == (400, "FeedCanceled")
        assert refusal(result(seller, "17")) == (400, "InvalidFeedSubmissionId")


def test_compressed_reports_are_sent_plain() -> None:
    options = msgspec.structs.replace(FREE, gzip_reports=True, report_charset="windows-1252")
    with selling(options) as (_, seller):
        report = result(seller, submitted(seller, feed(message(order_id="ÄÖÜ-0000000-0000001"))))
        assert report.headers["content-type"] == "text/xml; charset=windows-1252"
        assert "ÄÖÜ-0000000-0000001" in report.content.decode("windows-1252")


def test_the_hourly_quota_is_told_with_every_answer() -> None:
    with selling(QUIET) as (sandbox, seller):
        answer = submit(seller, feed(message()))
        assert answer.headers["x-mws-quota-max"] == "30.0"
        assert answer.headers["x-mws-quota-remaining"] == "29.0"
        for _ in range(29):
            sandbox.advance(119)
            answer = submit(seller, feed(message()))
        assert answer.headers["x-mws-quota-remaining"] == "0.0"
        refused = submit(seller, feed(message()))
        assert refusal(refused) == (503, "QuotaExceeded")
        assert refused.headers["x-mws-quota-resetson"] == answer.headers["x-mws-quota-resetson"]
        assert b"requests per 1 hour" in refused.content

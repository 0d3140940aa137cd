"""Feeds: prepared, submitted, followed, reported on."""

import gzip
from datetime import timedelta

import msgspec
import pytest

from amazon_endpoint.amazon.fulfillment import write_feed
from amazon_endpoint.errors import (
    AmazonRefused,
    AmazonUnavailable,
    FeedNotFound,
    HostNotAllowed,
    PageRepeated,
    Unreadable,
)
from amazon_endpoint.feeds import FeedState, FeedStatus
from amazon_endpoint.sandbox.testing import RunningSandbox
from amazon_endpoint.shipments import Package, PackageItem
from tests.integration.spapi.scripted_amazon import Reply, ScriptedAmazon
from tests.integration.spapi.seller import PACKAGE, UNITED_STATES, Seller
from tests.turned_clock import NOON

REPORT = b"""<?xml version="1.0" encoding="UTF-8"?>
<AmazonEnvelope><Header><DocumentVersion>1.02</DocumentVersion></Header>
<MessageType>ProcessingReport</MessageType><Message><MessageID>1</MessageID><ProcessingReport>
<DocumentTransactionID>50</DocumentTransactionID><StatusCode>Complete</StatusCode>
<ProcessingSummary><MessagesProcessed>1</MessagesProcessed>
<MessagesSuccessful>1</MessagesSuccessful><MessagesWithError>0</MessagesWithError>
<MessagesWithWarning>0</MessagesWithWarning></ProcessingSummary>
</ProcessingReport></Message></AmazonEnvelope>"""

DONE = FeedStatus(feed_id="1", state=FeedState.DONE, state_word="DONE", report_id="report-1")


def document(url: str, **more: str) -> Reply:
    told = {"feedDocumentId": "document-1", "url": url} | more
    return Reply(200, msgspec.json.encode(told))


def feed(feed_id: str, state: str = "DONE") -> dict[str, str]:
    return {"feedId": feed_id, "processingStatus": state, "createdTime": "2026-11-01T10:00:00Z"}


def open_package(sandbox: RunningSandbox) -> Package:
    """A package for all that is open of the first order that a merchant has to send."""
    for one in sandbox.orders():
        state = one["fulfillment"]
        if (state["fulfillmentStatus"], state["fulfilledBy"]) == ("UNSHIPPED", "MERCHANT"):
            items = tuple(
                PackageItem(item["orderItemId"], item["quantityOrdered"])
                for item in one["orderItems"]
            )
            return msgspec.structs.replace(PACKAGE, order_number=one["orderId"], items=items)
    raise AssertionError("there is no open order")


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
    report = await account.feed_report(status)

    assert status.state is FeedState.DONE
    assert (report.processed, report.successful) == (2, 1)
    assert [one.message_id for one in report.errors] == ["2"]
    assert [one.feed_id for one in await account.feeds_since(began)] == [feed_id]


async def test_a_package_is_confirmed_directly(
    sandbox: RunningSandbox, local_seller: Seller
) -> None:
    package = open_package(sandbox)

    await local_seller.account().confirm_shipment(package)

    order = await local_seller.account().get_order(package.order_number)
    assert order.status == "Shipped"
    assert [one.tracking for one in order.packages] == [package.tracking]


async def test_a_refused_confirmation_says_why(
    local_seller: Seller, sandbox: RunningSandbox
) -> None:
    package = msgspec.structs.replace(
        open_package(sandbox), items=(PackageItem("no such item", 1),)
    )

    with pytest.raises(AmazonRefused, match="400"):
        await local_seller.account().confirm_shipment(package)


async def test_an_unknown_feed_is_not_found(local_seller: Seller) -> None:
    with pytest.raises(FeedNotFound):
        await local_seller.account().feed_status("0")


# Documents travel without our token


async def test_an_upload_carries_the_declared_type_and_no_token(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(document(f"{amazon.url}/put?X-Amz-Signature=a%2Fb%3D"), Reply(200, b""))

    assert await seller.account().prepare_feed(b"<feed/>") == "document-1"

    declared, upload = amazon.calls
    assert msgspec.json.decode(declared.body) == {"contentType": "text/xml; charset=UTF-8"}
    assert (upload.method, upload.path, upload.body) == ("PUT", "/put", b"<feed/>")
    assert upload.params == {"X-Amz-Signature": "a/b="}
    assert upload.headers["content-type"] == "text/xml; charset=UTF-8"
    assert not [name for name in upload.headers if name.startswith("x-amz")]


async def test_a_download_carries_no_token(amazon: ScriptedAmazon, seller: Seller) -> None:
    amazon.will(document(f"{amazon.url}/get"), Reply(200, REPORT))

    report = await seller.account().feed_report(DONE)

    assert report.successful == 1
    assert not [name for name in amazon.calls[1].headers if name.startswith("x-amz")]


@pytest.mark.parametrize(
    "url",
    [
        "http://bucket.s3.amazonaws.com/x",
        "https://bucket.s3.amazonaws.com.example/x",
        "https://bucket.s3.amazonaws.com:8443/x",
        "https://user@bucket.s3.amazonaws.com/x",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
    ],
)
async def test_a_document_elsewhere_is_not_touched(
    amazon: ScriptedAmazon, seller: Seller, url: str
) -> None:
    amazon.will(document(url))

    with pytest.raises(HostNotAllowed):
        await seller.account().feed_report(DONE)


async def test_the_storages_own_refusal_is_not_quoted(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    denied = Reply(403, b"<Error><StringToSign>AKIA-canary</StringToSign></Error>")
    amazon.will(document(f"{amazon.url}/get"), *[denied] * 4)

    with pytest.raises(AmazonRefused, match="403") as told:
        await seller.account().feed_report(DONE)

    assert "canary" not in str(told.value)


# Reports


@pytest.mark.parametrize(
    ("algorithm", "body"),
    [
        pytest.param({"compressionAlgorithm": "GZIP"}, gzip.compress(REPORT), id="gzip"),
        pytest.param({"compressionAlgorithm": "GZIP"}, REPORT, id="unzipped on the way"),
        pytest.param({}, REPORT, id="plain"),
    ],
)
async def test_a_report_is_read_however_it_is_packed(
    amazon: ScriptedAmazon, seller: Seller, algorithm: dict[str, str], body: bytes
) -> None:
    amazon.will(document(f"{amazon.url}/get", **algorithm), Reply(200, body))

    assert (await seller.account().feed_report(DONE)).successful == 1


CUT_OFF = [
    pytest.param({"compressionAlgorithm": "GZIP"}, gzip.compress(REPORT)[:-20], id="gzip"),
    pytest.param({"compressionAlgorithm": "GZIP"}, b"", id="nothing"),
    pytest.param({}, REPORT[:-20], id="plain"),
]


@pytest.mark.parametrize(("algorithm", "cut_off"), CUT_OFF)
async def test_a_report_that_did_not_arrive_as_a_whole_is_fetched_again(
    amazon: ScriptedAmazon, seller: Seller, algorithm: dict[str, str], cut_off: bytes
) -> None:
    amazon.will(document(f"{amazon.url}/get", **algorithm), Reply(200, cut_off), Reply(200, REPORT))

    assert (await seller.account().feed_report(DONE)).successful == 1


@pytest.mark.parametrize(("algorithm", "cut_off"), CUT_OFF)
async def test_a_report_that_stays_cut_off_is_no_verdict(
    amazon: ScriptedAmazon, seller: Seller, algorithm: dict[str, str], cut_off: bytes
) -> None:
    amazon.will(document(f"{amazon.url}/get", **algorithm), *[Reply(200, cut_off)] * 4)

    with pytest.raises(AmazonUnavailable):
        await seller.account().feed_report(DONE)


async def test_whatever_reports_on_a_feed_that_ended_badly_is_final(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    fatal = msgspec.structs.replace(DONE, state=FeedState.FATAL, state_word="FATAL")
    amazon.will(document(f"{amazon.url}/get"), *[Reply(200, b"sku\terror\n")] * 4)

    with pytest.raises(Unreadable):
        await seller.account().feed_report(fatal)


async def test_another_document_than_a_report_is_not_asked_for_again(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(document(f"{amazon.url}/get"), Reply(200, b"<Listing/>"))

    with pytest.raises(Unreadable, match="<Listing>"):
        await seller.account().feed_report(DONE)


@pytest.mark.parametrize("fault", ["cut_body", "bad_json"])
async def test_a_download_that_breaks_off_is_made_again(
    sandbox: RunningSandbox, local_seller: Seller, fault: str
) -> None:
    account = local_seller.account()
    document_id = await account.prepare_feed(write_feed("A0000000000000", [open_package(sandbox)]))
    feed_id = await account.submit_feed(document_id, (UNITED_STATES,))
    sandbox.fault("downloadDocument", fault)

    report = await account.feed_report(await account.feed_status(feed_id))

    assert report.successful == 1
    assert sandbox.calls("downloadDocument") == 2


async def test_a_feed_without_a_report_is_told(seller: Seller) -> None:
    with pytest.raises(Unreadable, match="no processing report"):
        await seller.account().feed_report(msgspec.structs.replace(DONE, report_id=None))


async def test_a_report_that_is_gone_is_told(amazon: ScriptedAmazon, seller: Seller) -> None:
    amazon.will(Reply(404, b'{"errors": []}'))

    with pytest.raises(FeedNotFound, match="28 days"):
        await seller.account().feed_report(DONE)


# Lists


async def test_feeds_are_listed_to_the_last_page(amazon: ScriptedAmazon, seller: Seller) -> None:
    amazon.will(
        Reply(200, msgspec.json.encode({"feeds": [feed("1")], "nextToken": "a+b=="})),
        Reply(200, msgspec.json.encode({"feeds": [feed("2", "PAUSED")]})),
    )

    found = await seller.account().feeds_since(NOON - timedelta(hours=3))

    assert [(one.feed_id, one.state, one.state_word) for one in found] == [
        ("1", FeedState.DONE, "DONE"),
        ("2", FeedState.UNKNOWN, "PAUSED"),
    ]
    assert [one.params for one in amazon.calls] == [
        {
            "feedTypes": "POST_ORDER_FULFILLMENT_DATA",
            "createdSince": "2026-11-01T09:00:00Z",
            "pageSize": "100",
        },
        {"nextToken": "a+b=="},
    ]


async def test_a_list_that_runs_in_a_circle_ends(amazon: ScriptedAmazon, seller: Seller) -> None:
    again = Reply(200, msgspec.json.encode({"feeds": [feed("1")], "nextToken": "again"}))
    amazon.will(again, again)

    with pytest.raises(PageRepeated):
        await seller.account().feeds_since(NOON)

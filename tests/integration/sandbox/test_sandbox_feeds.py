import gzip
from typing import Any
from xml.sax.saxutils import escape

import httpx2
import msgspec
import pytest
from lxml import etree

from amazon_endpoint.sandbox.testing import RunningSandbox
from tests.integration.sandbox.seller import DOCUMENTS, FEEDS, QUIET, Seller, order, selling

ORDER, OTHER = "111-0000000-0000001", "111-0000000-0000002"
ITEM = "00000010000001"
TYPE = "POST_ORDER_FULFILLMENT_DATA"
XML = "text/xml; charset=UTF-8"
DAY = "2024-05-02T10:00:00.000Z"


def message(
    number: int | str = 1,
    order_id: str = ORDER,
    item: str = ITEM,
    quantity: int = 1,
    tracking: str | None = "1Z-17",
) -> str:
    told = f"<ShipperTrackingNumber>{tracking}</ShipperTrackingNumber>" if tracking else ""
    return f"""<Message><MessageID>{number}</MessageID><OrderFulfillment>
      <AmazonOrderID>{escape(order_id)}</AmazonOrderID>
      <MerchantFulfillmentID>{number}7</MerchantFulfillmentID>
      <FulfillmentDate>2024-05-03T10:00:00Z</FulfillmentDate>
      <FulfillmentData><CarrierCode>UPS</CarrierCode>{told}</FulfillmentData>
      <Item><AmazonOrderItemCode>{item}</AmazonOrderItemCode><Quantity>{quantity}</Quantity></Item>
    </OrderFulfillment></Message>"""


def feed(*messages: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?><AmazonEnvelope>
      <Header><DocumentVersion>1.01</DocumentVersion>
      <MerchantIdentifier>M</MerchantIdentifier></Header>
      <MessageType>OrderFulfillment</MessageType>{"".join(messages)}</AmazonEnvelope>""".encode()


def upload(seller: Seller, content: bytes, content_type: str = XML) -> str:
    document = seller.post(DOCUMENTS, {"contentType": XML}).raise_for_status().json()
    sent = seller.client.put(
        document["url"], content=content, headers={"content-type": content_type}
    )
    sent.raise_for_status()
    return str(document["feedDocumentId"])


def create(seller: Seller, document_id: str, feed_type: str = TYPE) -> httpx2.Response:
    wish = {
        "feedType": feed_type,
        "marketplaceIds": ["ATVPDKIKX0DER"],
        "inputFeedDocumentId": document_id,
    }
    return seller.post(FEEDS, wish)


def submit(seller: Seller, content: bytes, feed_type: str = TYPE) -> dict[str, Any]:
    answer = create(seller, upload(seller, content), feed_type)
    assert answer.status_code == 202
    told: dict[str, Any] = seller.get(f"{FEEDS}/{answer.json()['feedId']}").json()
    return told


def download(seller: Seller, told: dict[str, Any]) -> httpx2.Response:
    document = seller.get(f"{DOCUMENTS}/{told['resultFeedDocumentId']}").raise_for_status().json()
    return seller.client.get(document["url"]).raise_for_status()


def results(seller: Seller, told: dict[str, Any]) -> tuple[list[str], list[tuple[str, ...]]]:
    report = etree.fromstring(download(seller, told).content).find("Message/ProcessingReport")
    assert report is not None
    summary = report.find("ProcessingSummary")
    assert summary is not None
    names = ("MessageID", "ResultCode", "ResultMessageCode")
    return [counter.text or "" for counter in summary], [
        tuple(result.findtext(name) or "" for name in names) for result in report.iter("Result")
    ]


def stocked(sandbox: RunningSandbox) -> None:
    sandbox.add_orders(order(ORDER, DAY), order(OTHER, DAY, programs=["FBM_SHIP_PLUS"]))


def test_a_feed_confirms_and_its_report_says_so() -> None:
    with selling() as (sandbox, seller):
        stocked(sandbox)
        told = submit(seller, feed(message(1, quantity=2), message(2, quantity=3)))
        assert told["processingStatus"] == "DONE"
        assert results(seller, told) == (["2", "2", "0", "0"], [])
        assert sandbox.order(ORDER)["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
        assert sandbox.state()["confirmations"][ORDER][0] == {
            "orderItemId": ITEM,
            "quantity": 2,
            "packageReferenceId": "17",
            "via": "feed",
            "feedId": told["feedId"],
            "messageId": "1",
            "edit": False,
        }


def test_each_message_fails_alone() -> None:
    with selling() as (sandbox, seller):
        stocked(sandbox)
        broken = message(7).replace("<FulfillmentDate>2024-05-03T10:00:00Z</FulfillmentDate>", "")
        told = submit(
            seller,
            feed(
                message(1),
                message(2, order_id="999-0000000-0000001"),
                message(3, item="12345678901234"),
                message(4, quantity=9),
                message(5, order_id=OTHER, item="00000020000001"),
                message(6, tracking=None),
                broken,
                message(1),
            ),
        )
        counters, told_results = results(seller, told)
        assert counters == ["8", "2", "6", "1"]
        assert [(number, severity) for number, severity, _ in told_results] == [
            ("2", "Error"),
            ("3", "Error"),
            ("4", "Error"),
            ("5", "Error"),
            ("6", "Warning"),
            ("7", "Error"),
            ("1", "Error"),
        ]
        assert told_results[2][2] == "18021"
        accepted = sandbox.state()["confirmations"]
        assert [entry["messageId"] for entry in accepted[ORDER]] == ["1", "6"]
        assert list(accepted) == [ORDER]


def test_a_repeated_feed_is_no_edit() -> None:
    with selling() as (sandbox, seller):
        stocked(sandbox)
        submit(seller, feed(message(1, quantity=5)))
        again = submit(seller, feed(message(1, quantity=5)))
        assert results(seller, again)[1] == [("1", "Error", "18021")]
        assert len(sandbox.state()["confirmations"][ORDER]) == 1


def test_a_message_without_items_ships_all_that_is_open() -> None:
    with selling() as (sandbox, seller):
        stocked(sandbox)
        whole = message()
        start, end = whole.index("<Item>"), whole.index("</Item>") + len("</Item>")
        submit(seller, feed(whole[:start] + whole[end:]))
        assert sandbox.order(ORDER)["fulfillment"]["fulfillmentStatus"] == "SHIPPED"


@pytest.mark.parametrize(
    "content",
    [
        b"<AmazonEnvelope>",
        b"<Other/>",
        b'<!DOCTYPE x [<!ENTITY e "1">]>' + feed(message()).partition(b"?>")[2],
        feed(message()).replace(b"<MessageType>OrderFulfillment</MessageType>", b""),
        feed(),
    ],
    ids=["cut", "root", "doctype", "no type", "no message"],
)
def test_a_document_that_is_no_feed_is_fatal(content: bytes) -> None:
    with selling() as (sandbox, seller):
        stocked(sandbox)
        assert submit(seller, content)["processingStatus"] == "FATAL"
        assert sandbox.state()["confirmations"] == {}


def test_feed_types_that_amazon_removed_are_fatal() -> None:
    with selling() as (_, seller):
        told = submit(seller, feed(message()), "POST_INVENTORY_AVAILABILITY_DATA")
        assert told["processingStatus"] == "FATAL"
        assert "resultFeedDocumentId" not in told


def test_a_feed_passes_its_stages_on_the_sandbox_clock() -> None:
    slow = msgspec.structs.replace(QUIET, queue_seconds=60, progress_seconds=60)
    with selling(slow) as (sandbox, seller):
        stocked(sandbox)
        told = submit(seller, feed(message(quantity=5)))
        path = f"{FEEDS}/{told['feedId']}"
        stages = [told["processingStatus"]]
        for _ in range(2):
            sandbox.advance(61)
            stages.append(seller.get(path).json()["processingStatus"])
        assert stages == ["IN_QUEUE", "IN_PROGRESS", "DONE"]
        assert seller.delete(path).status_code == 400


def test_only_a_waiting_feed_can_be_cancelled() -> None:
    slow = msgspec.structs.replace(QUIET, queue_seconds=60)
    with selling(slow) as (sandbox, seller):
        stocked(sandbox)
        path = f"{FEEDS}/{submit(seller, feed(message()))['feedId']}"
        assert seller.delete(path).status_code == 200
        sandbox.advance(3000)
        assert seller.get(path).json()["processingStatus"] == "CANCELLED"
        assert sandbox.state()["confirmations"] == {}


def test_uploads_keep_to_their_address() -> None:
    with selling() as (sandbox, seller):
        url = seller.post(DOCUMENTS, {"contentType": XML}).json()["url"]
        typed = {"content-type": XML}
        put = seller.client.put
        assert put(url, content=b"x", headers={"content-type": "text/xml"}).status_code == 403
        assert put(url, content=b"x", headers=typed | seller.headers).status_code == 400
        assert put(f"{url}0", content=b"x", headers=typed).status_code == 403
        sandbox.advance(301)
        late = put(url, content=b"x", headers=typed)
        assert (late.status_code, "expired" in late.text) == (403, True)


def test_a_document_is_uploaded_first_and_used_once() -> None:
    with selling() as (_, seller):
        empty = seller.post(DOCUMENTS, {"contentType": XML}).json()["feedDocumentId"]
        assert create(seller, empty).status_code == 400
        assert create(seller, "no such document").status_code == 400
        document = upload(seller, feed(message()))
        assert create(seller, document).status_code == 202
        assert create(seller, document).status_code == 400


def test_feeds_belong_to_their_seller() -> None:
    with selling() as (_, seller):
        told = submit(seller, feed(message()))
        other = Seller(seller.client, "Atzr|another seller")
        assert other.get(f"{FEEDS}/{told['feedId']}").status_code == 404
        assert other.get(FEEDS, feedTypes=TYPE).json() == {"feeds": []}


def test_feeds_are_listed_page_by_page_newest_first() -> None:
    with selling(msgspec.structs.replace(QUIET, quotas=False)) as (_, seller):
        ids = [submit(seller, feed(message()))["feedId"] for _ in range(3)]
        first = seller.get(FEEDS, feedTypes=TYPE, pageSize=2).json()
        second = seller.get(FEEDS, nextToken=first["nextToken"]).json()
        listed = [told["feedId"] for page in (first, second) for told in page["feeds"]]
        assert listed == ids[::-1]
        assert "nextToken" not in second
        alone = seller.get(FEEDS, nextToken=first["nextToken"], pageSize=2)
        assert alone.status_code == 400
        assert seller.get(FEEDS).status_code == 400
        assert seller.get(FEEDS, feedTypes=TYPE, processingStatuses="FATAL").json()["feeds"] == []


def test_reports_come_compressed_in_another_character_set() -> None:
    chosen = msgspec.structs.replace(QUIET, gzip_reports=True, report_charset="windows-1252")
    with selling(chosen) as (sandbox, seller):
        stocked(sandbox)
        told = submit(seller, feed(message(order_id="ÄÖÜ-0000000-0000001")))
        path = f"{DOCUMENTS}/{told['resultFeedDocumentId']}"
        document = seller.get(path).json()
        assert document["compressionAlgorithm"] == "GZIP"
        raw = seller.client.get(document["url"])
        assert raw.headers["content-type"] == "text/xml; charset=windows-1252"
        text = gzip.decompress(raw.content).decode("windows-1252")
        assert "“ÄÖÜ-0000000-0000001”" in text
        eased = seller.get(path, enableContentEncodingUrlHeader="true").json()
        assert seller.client.get(eased["url"]).content.decode("windows-1252") == text

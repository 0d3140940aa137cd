from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from lxml import etree

from amazon_endpoint.sandbox.options import SandboxOptions
from tests.integration.sandbox.mws_seller import US, MwsSeller, plain, refusal, selling, texts
from tests.integration.sandbox.seller import order
from tests.integration.sandbox.test_mws_feeds import listed, md5, result, submit, submitted
from tests.integration.sandbox.test_sandbox_feeds import feed, message

FREE = SandboxOptions(orders=0, quotas=False, queue_seconds=0, progress_seconds=0, page_cap=1)
DAY = "2024-05-02T10:00:00.250Z"
A, B = "111-0000000-0000001", "111-0000000-0000002"
TEN = {"amount": "10.00", "currencyCode": "USD"}


def priced(number: str) -> dict[str, Any]:
    told = order(
        number,
        DAY,
        proceeds={"grandTotal": TEN},
        recipient={"deliveryAddress": {"name": "A Buyer"}},
        buyer={"buyerName": "A Buyer"},
    )
    told["orderItems"][0]["proceeds"] = {"breakdowns": [{"type": "ITEM", "subtotal": TEN}]}
    return told


def search(seller: MwsSeller) -> httpx2.Response:
    return seller.post("ListOrders", LastUpdatedAfter=DAY, **US)


def first(answer: httpx2.Response) -> etree._Element:
    found = plain(answer.content).find("ListOrdersResult/Orders/Order")
    assert found is not None
    return found


def item(seller: MwsSeller) -> etree._Element:
    found = seller.ask("ListOrderItems", AmazonOrderId=A).find("OrderItems/OrderItem")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("throttle", 503, "RequestThrottled"),
        ("quota_exceeded", 503, "QuotaExceeded"),
        ("stale_quota", 503, "QuotaExceeded"),
        ("internal500", 500, "InternalError"),
        ("deny", 401, "AccessDenied"),
        ("unknown_error", 400, "CarrierPigeonLost"),
    ],
)
def test_a_refusal_meets_one_call(fault: str, status: int, code: str) -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.fault("ListOrders", fault)
        assert refusal(search(seller)) == (status, code)
        assert search(seller).status_code == 200


@pytest.mark.parametrize(("fault", "minutes"), [("quota_exceeded", 20), ("stale_quota", -20)])
def test_an_exceeded_quota_resets_ahead_or_long_ago(fault: str, minutes: int) -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.fault("SubmitFeed", fault)
        answer = submit(seller, feed(message()))
        resets = datetime.fromisoformat(answer.headers["x-mws-quota-resetson"])
        assert abs(resets - sandbox.now() - timedelta(minutes=minutes)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("fault", "status", "told"), [("html503", 503, "<html>"), ("empty200", 200, "")]
)
def test_no_xml_is_sent_where_it_is_due(fault: str, status: int, told: str) -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.fault("*", fault)
        answer = search(seller)
        assert answer.status_code == status
        assert told in answer.text


@pytest.mark.parametrize("fault", ["drop", "lost_answer", "cut_body"])
def test_a_connection_breaks(fault: str) -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.fault("SubmitFeed", fault)
        with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
            submit(seller, feed(message()))
        assert len(listed(seller)) == (fault != "drop")


def test_slow_answers_come() -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.fault("ListOrders", "slow", seconds=0.01)
        assert search(seller).status_code == 200


def test_xml_is_cut_or_holds_a_doctype() -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.add_orders(priced(A))
        sandbox.fault("ListOrders", "bad_xml")
        with pytest.raises(etree.XMLSyntaxError):
            plain(search(seller).content)
        sandbox.fault("ListOrders", "xml_bomb")
        with pytest.raises(etree.XMLSyntaxError, match="amplification"):
            plain(search(seller).content)
        sandbox.fault("ListOrders", "external_entity")
        content = search(seller).content
        assert b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]>' in content
        assert content.count(b"&x;</") == 1


def test_pages_repeat_and_tokens_die() -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.add_orders(priced(A), priced(B))
        token = plain(search(seller).content).findtext("ListOrdersResult/NextToken") or ""
        sandbox.fault("ListOrdersByNextToken", "repeated_page")
        page = seller.ask("ListOrdersByNextToken", NextToken=token)
        assert page.findtext("NextToken") == token
        sandbox.fault("ListOrdersByNextToken", "dead_token")
        refused = seller.refused("ListOrdersByNextToken", NextToken=token)
        assert refused == (400, "InvalidParameterValue")


def test_times_are_written_oddly_and_mean_the_same() -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.add_orders(priced(A))
        sandbox.fault("ListOrders", "odd_timestamps")
        answer = search(seller)
        assert first(answer).findtext("PurchaseDate") == "\n        2024-05-01T08:00:00.000Z "
        assert first(answer).findtext("LastUpdateDate") == "2024-05-02T10%3A00%3A00.250Z"
        before = plain(answer.content).findtext("ListOrdersResult/LastUpdatedBefore") or ""
        bound = datetime.fromisoformat(before)
        assert bound.utcoffset() == timedelta(hours=-7)
        assert abs(sandbox.now() - timedelta(minutes=2) - bound) < timedelta(minutes=1)


def test_amounts_are_missing() -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.add_orders(priced(A))
        sandbox.fault("*", "missing_amounts", times=2)
        assert first(search(seller)).find("OrderTotal") is None
        assert texts(item(seller), "ItemPrice/*") == ["USD"]


def test_currencies_differ_inside_an_order() -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.add_orders(priced(A))
        sandbox.fault("ListOrderItems", "mixed_currencies")
        assert item(seller).findtext("ItemPrice/CurrencyCode") == "AUD"
        assert first(search(seller)).findtext("OrderTotal/CurrencyCode") == "USD"


def test_address_and_buyer_are_kept_back() -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.add_orders(priced(A))
        assert first(search(seller)).findtext("ShippingAddress/Name") == "A Buyer"
        sandbox.fault("ListOrders", "no_address")
        found = first(search(seller))
        assert (found.find("ShippingAddress"), found.find("BuyerName")) == (None, None)


def test_a_payment_is_split() -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.add_orders(priced(A))
        sandbox.fault("ListOrders", "split_payments")
        found = first(search(seller))
        path = "PaymentExecutionDetail/PaymentExecutionDetailItem"
        assert texts(found, f"{path}/PaymentMethod") == ["GC", "COD"]
        assert sum(map(Decimal, texts(found, f"{path}/Payment/Amount"))) == Decimal("10.00")


def test_orders_come_malformed_or_from_the_future() -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.add_orders(priced(A))
        sandbox.fault("*", "bad_order", times=2)
        assert first(search(seller)).findtext("LastUpdateDate") == "a while ago"
        assert item(seller).findtext("QuantityOrdered") == "several"
        sandbox.fault("*", "unknown_enum", times=2)
        assert first(search(seller)).findtext("OrderStatus") == "AwaitingDrone"
        assert item(seller).find("SomethingNew/Reason") is not None


def test_a_feed_is_taken_without_a_number() -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.fault("SubmitFeed", "empty_feed_id")
        assert submitted(seller, feed(message())) == ""
        assert len(listed(seller)) == 1


def test_reports_have_another_sum_or_another_root() -> None:
    with selling(FREE) as (sandbox, seller):
        feed_id = submitted(seller, feed(message()))
        sandbox.fault("GetFeedSubmissionResult", "wrong_md5")
        wrong = result(seller, feed_id)
        assert wrong.headers["content-md5"] != md5(wrong.content)
        sandbox.fault("GetFeedSubmissionResult", "other_report_root")
        other = result(seller, feed_id)
        assert etree.fromstring(other.content).tag == "EasyShipDocument"
        assert other.headers["content-md5"] == md5(other.content)

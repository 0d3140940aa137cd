import httpx2
import pytest

from amazon_endpoint.sandbox.faults import FAULTS
from amazon_endpoint.sandbox.options import SandboxOptions
from tests.integration.sandbox.seller import CREDENTIALS, FEEDS, ORDERS, Seller, ago, order, selling
from tests.integration.sandbox.test_sandbox_confirmations import OPEN, ORDER, PATH, confirmation
from tests.integration.sandbox.test_sandbox_feeds import create, feed, message, upload

DAY = "2024-05-02T10:00:00.000Z"


def search(seller: Seller) -> httpx2.Response:
    return seller.get(ORDERS, lastUpdatedAfter=DAY, includedData="FULFILLMENT,PROCEEDS,BUYER")


@pytest.mark.parametrize(
    ("fault", "status", "told"),
    [
        ("throttle", 429, "QuotaExceeded"),
        ("html503", 503, "<html>"),
        ("empty200", 200, ""),
        ("missing_orders_key", 200, "{}"),
        ("internal500", 500, "InternalFailure"),
        ("expired_token", 403, "has expired"),
        ("deny", 403, "Access to requested resource is denied."),
        ("deny_personal_data", 403, "personal data"),
    ],
)
def test_a_fault_meets_one_call(fault: str, status: int, told: str) -> None:
    with selling() as (sandbox, seller):
        sandbox.fault("searchOrders", fault)
        answer = search(seller)
        assert answer.status_code == status
        assert told in answer.text
        assert "x-amzn-ratelimit-limit" not in answer.headers
        assert search(seller).json()["orders"] == []


def test_a_fault_waits_and_repeats_as_told() -> None:
    with selling() as (sandbox, seller):
        sandbox.fault("*", "internal500", after=1, times=2)
        assert [search(seller).status_code for _ in range(4)] == [200, 500, 500, 200]
        sandbox.fault("getFeeds", "internal500", times=None)
        assert [seller.get(FEEDS, feedTypes="X").status_code for _ in range(3)] == [500] * 3
        sandbox.clear_faults()
        assert seller.get(FEEDS, feedTypes="X").status_code == 200


def test_only_calls_for_personal_data_are_denied() -> None:
    with selling() as (sandbox, seller):
        sandbox.fault("searchOrders", "deny_personal_data", times=None)
        allowed = seller.get(ORDERS, lastUpdatedAfter=DAY, includedData="FULFILLMENT")
        assert (allowed.status_code, search(seller).status_code) == (200, 403)


@pytest.mark.parametrize("fault", ["drop", "lost_answer", "cut_body"])
def test_a_connection_breaks(fault: str) -> None:
    with selling() as (sandbox, seller):
        sandbox.add_orders(OPEN)
        sandbox.fault("searchOrders", fault)
        with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
            search(seller)
        assert search(seller).status_code == 200


def test_bad_json_is_cut_in_half() -> None:
    with selling() as (sandbox, seller):
        sandbox.fault("searchOrders", "bad_json")
        with pytest.raises(ValueError, match="char"):
            search(seller).json()


def test_a_lost_answer_was_carried_out_and_a_dropped_call_was_not() -> None:
    with selling() as (sandbox, seller):
        sandbox.add_orders(OPEN)
        sandbox.fault("confirmShipment", "drop")
        sandbox.fault("confirmShipment", "lost_answer")
        confirmed = []
        for _ in range(2):
            with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
                seller.post(PATH, confirmation())
            confirmed.append(len(sandbox.state()["confirmations"].get(ORDER, [])))
        assert confirmed == [0, 1]


def test_a_lost_feed_can_be_found_again() -> None:
    with selling() as (sandbox, seller):
        document = upload(seller, feed(message()))
        sandbox.fault("createFeed", "lost_answer")
        with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
            create(seller, document)
        assert len(seller.get(FEEDS, feedTypes="POST_ORDER_FULFILLMENT_DATA").json()["feeds"]) == 1


@pytest.mark.parametrize(
    ("fault", "status"), [("feed_fatal", "FATAL"), ("feed_cancelled", "CANCELLED")]
)
def test_a_feed_ends_badly(fault: str, status: str) -> None:
    with selling() as (sandbox, seller):
        sandbox.add_orders(OPEN)
        sandbox.fault("createFeed", fault)
        feed_id = create(seller, upload(seller, feed(message()))).json()["feedId"]
        assert seller.get(f"{FEEDS}/{feed_id}").json()["processingStatus"] == status
        assert sandbox.state()["confirmations"] == {}


def test_pages_repeat_and_tokens_die() -> None:
    with selling(SandboxOptions(orders=5, page_cap=1)) as (sandbox, seller):
        query: dict[str, str | int] = {"lastUpdatedAfter": ago(sandbox, days=40)}
        sandbox.fault("searchOrders", "repeated_page", times=2)
        token = seller.get(ORDERS, **query).json()["pagination"]["nextToken"]
        pages = [seller.get(ORDERS, **query, paginationToken=token).json() for _ in range(2)]
        assert pages[0]["orders"] == pages[1]["orders"]
        assert pages[1]["pagination"]["nextToken"] == token
        sandbox.fault("searchOrders", "dead_token")
        assert seller.get(ORDERS, **query, paginationToken=token).status_code == 400


def test_orders_come_malformed_or_from_the_future() -> None:
    with selling() as (sandbox, seller):
        price = {"amount": "10.00", "currencyCode": "USD"}
        priced = order(ORDER, DAY, proceeds={"grandTotal": price})
        priced["orderItems"][0]["proceeds"] = {"proceedsTotal": price}
        sandbox.add_orders(priced)
        sandbox.fault("searchOrders", "bad_order")
        assert search(seller).json()["orders"][0]["orderItems"] == "not a list"
        sandbox.fault("searchOrders", "unknown_enum")
        strange = search(seller).json()["orders"][0]
        assert strange["fulfillment"]["fulfillmentStatus"] == "AWAITING_DRONE"
        assert strange["proceeds"]["grandTotal"]["amount"] == "11.00"
        added = strange["orderItems"][0]["proceeds"]["breakdowns"][0]
        assert added["type"] == "CARBON_OFFSET"


def test_the_token_host_has_faults_of_its_own() -> None:
    with selling() as (sandbox, seller):
        sandbox.fault("token", "html503")
        assert seller.client.post("/auth/o2/token", data=CREDENTIALS).status_code == 503
        assert seller.client.post("/auth/o2/token", data=CREDENTIALS).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"refresh_token": "Atzr|revoked"}, 400, "invalid_grant"),
        ({"client_secret": "expired last week"}, 401, "invalid_client"),
        ({"client_secret": ""}, 400, "invalid_request"),
        ({"scope": "sellingpartnerapi::notifications"}, 400, "invalid_request"),
    ],
    ids=["revoked", "expired secret", "no secret", "token and scope"],
)
def test_some_credentials_are_refused(changes: dict[str, str], status: int, error: str) -> None:
    with selling() as (_, seller):
        answer = seller.client.post("/auth/o2/token", data=CREDENTIALS | changes)
        assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_unknown_faults_and_operations_are_named() -> None:
    with selling() as (sandbox, _):
        with pytest.raises(ValueError, match="unknown fault 'flood'"):
            sandbox.fault("searchOrders", "flood")
        with pytest.raises(ValueError, match="unknown operation 'searchorders'"):
            sandbox.fault("searchorders", "throttle")
        assert len(FAULTS) == 34

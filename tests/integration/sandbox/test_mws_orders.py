import msgspec
import pytest

from amazon_endpoint.sandbox.options import SandboxOptions
from tests.integration.sandbox.mws_seller import ORDERS, US, MwsSeller, plain, selling, texts
from tests.integration.sandbox.seller import QUIET, ago, order

FREE = SandboxOptions(orders=0, quotas=False)
DAY = "2024-05-02T10:00:00.000Z"
A, B, C = (f"111-0000000-000000{number}" for number in (1, 2, 3))
NUMBERS = "Orders/Order/AmazonOrderId"


def stock(*items: str) -> list[dict[str, object]]:
    return [
        {"orderItemId": item, "quantityOrdered": 1, "product": {"sellerSku": f"SKU-{item}"}}
        for item in items
    ]


def found(seller: MwsSeller, **wish: str) -> list[str]:
    return texts(seller.ask("ListOrders", **({"LastUpdatedAfter": DAY} | US | wish)), NUMBERS)


def test_orders_come_page_by_page_oldest_update_first() -> None:
    with selling(msgspec.structs.replace(FREE, orders=25, page_cap=10)) as (sandbox, seller):
        ids = {f"MarketplaceId.Id.{n}": m for n, m in enumerate(sandbox_marketplaces(), 1)}
        until = ago(sandbox, minutes=3)
        wish = {"LastUpdatedAfter": ago(sandbox, days=40), "LastUpdatedBefore": until}
        page = seller.ask("ListOrders", **(wish | ids))
        pages = [page]
        while token := page.findtext("NextToken"):
            page = seller.ask("ListOrdersByNextToken", NextToken=token)
            pages.append(page)
        served = [number for page in pages for number in texts(page, NUMBERS)]
        assert served == [one["orderId"] for one in sandbox.orders()]
        assert [len(texts(page, NUMBERS)) for page in pages] == [10, 10, 5]
        assert {page.findtext("LastUpdatedBefore") for page in pages} == {until}


def sandbox_marketplaces() -> tuple[str, ...]:
    return SandboxOptions().marketplaces


def test_a_page_token_holds_its_query_and_belongs_to_its_seller() -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.add_orders(
            order(A, DAY),
            order(B, DAY, fulfillment={"fulfillmentStatus": "CANCELLED"}),
            order(C, DAY),
        )
        wish = {"OrderStatus.Status.1": "Unshipped", "OrderStatus.Status.2": "PartiallyShipped"}
        page = seller.ask("ListOrders", LastUpdatedAfter=DAY, MaxResultsPerPage="1", **US, **wish)
        token = page.findtext("NextToken") or ""
        assert texts(seller.ask("ListOrdersByNextToken", NextToken=token), NUMBERS) == [C]
        assert texts(seller.ask("ListOrdersByNextToken", NextToken=token), NUMBERS) == [C]
        refused = (400, "InvalidParameterValue")
        assert seller.refused("ListOrdersByNextToken", NextToken=token, MaxResultsPerPage="1") == (
            refused
        )
        assert seller.refused("ListOrdersByNextToken", NextToken="made up") == refused
        assert seller.refused("ListOrdersByNextToken", NextToken=token, SellerId="B") == refused
        sandbox.advance(24 * 3600 + 1)
        assert seller.refused("ListOrdersByNextToken", NextToken=token) == refused


def test_orders_are_filtered() -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.add_orders(
            order(A, DAY),
            order(B, DAY, fulfillment={"fulfillmentStatus": "CANCELLED", "fulfilledBy": "AMAZON"}),
            order(C, DAY, salesChannel={"marketplaceId": "A2EUQ1WTGCTBG2"}),
        )
        assert found(seller) == [A, B]
        assert found(seller, **{"MarketplaceId.Id.2": "A2EUQ1WTGCTBG2"}) == [A, B, C]
        assert found(seller, **{"OrderStatus.Status.1": "Canceled"}) == [B]
        assert found(seller, **{"FulfillmentChannel.Channel.1": "MFN"}) == [A]
        assert found(seller, LastUpdatedAfter="2024-05-02T10:00:00.001Z") == []
        assert found(seller, LastUpdatedAfter="", CreatedAfter="2024-05-01T08:00:00Z") == [A, B]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"LastUpdatedAfter": ""}, "InvalidParameterValue"),
        ({"CreatedAfter": DAY}, "InvalidParameterValue"),
        ({"CreatedBefore": DAY}, "InvalidParameterValue"),
        ({"LastUpdatedAfter": "yesterday"}, "InvalidParameterValue"),
        ({"LastUpdatedBefore": "2024-05-01T10:00:00Z"}, "InvalidParameterValue"),
        ({"OrderStatus.Status.1": "Unshipped"}, "InvalidParameterValue"),
        ({"OrderStatus.Status.1": "PartiallyShipped"}, "InvalidParameterValue"),
        ({"OrderStatus.Status.1": "UNSHIPPED"}, "InvalidParameterValue"),
        ({"OrderStatus.1": "Shipped"}, "InvalidParameterValue"),
        ({"FulfillmentChannel.Channel.1": "MERCHANT"}, "InvalidParameterValue"),
        ({"MarketplaceId.Id.1": ""}, "MissingParameter"),
        ({"MarketplaceId.Id.51": "X"}, "InvalidParameterValue"),
        ({"MarketplaceId.Id": "X"}, "InvalidParameterValue"),
        ({"MaxResultsPerPage": "101"}, "InvalidParameterValue"),
    ],
    ids=str,
)
def test_each_rule_of_a_search(wish: dict[str, str], code: str) -> None:
    with selling(FREE) as (_, seller):
        asked = {"LastUpdatedAfter": DAY} | US | wish
        assert seller.refused("ListOrders", **asked) == (400, code)


def test_an_upper_bound_is_two_minutes_old() -> None:
    with selling(FREE) as (sandbox, seller):
        young = {"LastUpdatedAfter": DAY, "LastUpdatedBefore": ago(sandbox, seconds=100)}
        assert seller.refused("ListOrders", **young, **US) == (400, "InvalidParameterValue")


def test_orders_are_fetched_by_number() -> None:
    with selling(FREE) as (sandbox, seller):
        sandbox.add_orders(order(A, DAY), order(B, DAY))
        wish = {"AmazonOrderId.Id.1": B, "AmazonOrderId.Id.2": C, "AmazonOrderId.Id.3": A}
        assert texts(seller.ask("GetOrder", **wish), NUMBERS) == [B, A]
        refused = (400, "InvalidParameterValue")
        assert seller.refused("GetOrder", **{"AmazonOrderId.Id.1": "17"}) == refused
        many = {f"AmazonOrderId.Id.{number}": A for number in range(1, 52)}
        assert seller.refused("GetOrder", **many) == refused
        assert seller.refused("GetOrder") == (400, "MissingParameter")


def test_items_come_page_by_page() -> None:
    with selling(msgspec.structs.replace(FREE, item_page_cap=2)) as (sandbox, seller):
        sandbox.add_orders(order(A, DAY, orderItems=stock("1", "2", "3", "4", "5")))
        page = seller.ask("ListOrderItems", AmazonOrderId=A)
        pages = [page]
        while token := page.findtext("NextToken"):
            page = seller.ask("ListOrderItemsByNextToken", NextToken=token)
            pages.append(page)
        items = [texts(page, "OrderItems/OrderItem/OrderItemId") for page in pages]
        assert items == [["1", "2"], ["3", "4"], ["5"]]
        assert {page.findtext("AmazonOrderId") for page in pages} == {A}
        assert seller.refused("ListOrderItems", AmazonOrderId=B) == (400, "InvalidParameterValue")
        assert seller.refused("ListOrderItems") == (400, "MissingParameter")


def test_both_ways_to_ask_and_what_every_answer_carries() -> None:
    with selling(FREE) as (sandbox, seller):
        wish = seller.signed("GET", ORDERS, Action="GetServiceStatus")
        answer = seller.client.get(ORDERS, params=wish)
        root = plain(answer.content)
        assert root.findtext("GetServiceStatusResult/Status") == "GREEN"
        request_id = root.findtext("ResponseMetadata/RequestId")
        assert answer.headers["x-mws-request-id"] == request_id
        assert answer.headers["x-mws-timestamp"][:13] == ago(sandbox)[:13]
        assert answer.headers["content-type"].startswith("text/xml")
        assert b'xmlns="https://mws.amazonservices.com/Orders/2013-09-01"' in answer.content


def test_calls_are_throttled_by_shared_buckets() -> None:
    with selling(QUIET) as (sandbox, seller):
        wish = {"LastUpdatedAfter": DAY} | US
        answers = [seller.post("ListOrders", **wish).status_code for _ in range(7)]
        assert answers == [200] * 6 + [503]
        refused = seller.refused("ListOrdersByNextToken", NextToken="any")
        assert refused == (503, "RequestThrottled")
        assert seller.refused("GetOrder") == (400, "MissingParameter")
        sandbox.advance(61)
        seller.ask("ListOrders", **wish)


@pytest.mark.parametrize("wish", [{"Action": "Sing"}, {"Version": "2011-01-01"}], ids=str)
def test_unknown_operations_and_versions_have_no_address(wish: dict[str, str]) -> None:
    with selling(FREE) as (_, seller):
        asked = {"Action": "GetServiceStatus"} | wish
        answer = seller.client.post(ORDERS, data=seller.signed("POST", ORDERS, **asked))
        assert (answer.status_code, b"InvalidAddress" in answer.content) == (404, True)


def test_a_parameter_given_twice_is_refused() -> None:
    with selling(FREE) as (_, seller):
        body = "Action=GetServiceStatus&Action=GetServiceStatus"
        form = {"content-type": "application/x-www-form-urlencoded"}
        answer = seller.client.post(ORDERS, content=body, headers=form)
        assert (answer.status_code, b"more than once" in answer.content) == (400, True)


def test_a_stranger_is_refused_at_the_door() -> None:
    with selling(FREE) as (_, seller):
        seller.access_key = "AKIDunknown"
        assert seller.refused("GetServiceStatus") == (403, "InvalidAccessKeyId")

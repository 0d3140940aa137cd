"""Amazon's own Python client finds in the local Amazon what it expects of Amazon."""

import gzip
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from lxml import etree

from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from tests.conformance.official import official_api
from tests.conformance.referees import CLIENT

pytestmark = pytest.mark.conformance

EVERYTHING = [
    "BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT",
    "PACKAGES", "TAX", "PAYMENT", "FULFILLMENT_ORDERS",
]  # fmt: skip
FEED = """<?xml version="1.0" encoding="UTF-8"?>
<AmazonEnvelope>
  <Header>
    <DocumentVersion>1.01</DocumentVersion><MerchantIdentifier>SELLER</MerchantIdentifier>
  </Header>
  <MessageType>OrderFulfillment</MessageType>
  <Message>
    <MessageID>1</MessageID>
    <OrderFulfillment>
      <AmazonOrderID>{order}</AmazonOrderID>
      <MerchantFulfillmentID>1</MerchantFulfillmentID>
      <FulfillmentDate>{date}</FulfillmentDate>
      <FulfillmentData>
        <CarrierCode>UPS</CarrierCode><ShippingMethod>Ground</ShippingMethod>
        <ShipperTrackingNumber>1Z0000000000000001</ShipperTrackingNumber>
      </FulfillmentData>
      <Item>
        <AmazonOrderItemCode>{item}</AmazonOrderItemCode><Quantity>{quantity}</Quantity>
      </Item>
    </OrderFulfillment>
  </Message>
</AmazonEnvelope>
"""


@pytest.fixture(params=[2, 100], ids=["pages of 2", "pages of 100"])
def amazon(request: pytest.FixtureRequest) -> Iterator[RunningSandbox]:
    orders = 31 if request.param == 2 else 250
    options = SandboxOptions(
        orders=orders, page_cap=request.param, queue_seconds=60, progress_seconds=60
    )
    with run_in_thread(options) as running:
        yield running


def test_every_order_of_a_window_arrives_whole_and_once(amazon: RunningSandbox) -> None:
    held = amazon.orders()
    after, before = moment(held[3]), moment(held[-4])
    with official_api(amazon, "orders_v2026_01_01", "SearchOrdersApi") as api:
        received: list[dict[str, Any]] = []
        window: dict[str, Any] = {
            "last_updated_after": after,
            "last_updated_before": before,
            "included_data": EVERYTHING,
        }
        more: dict[str, str] = {}
        while True:
            page = as_json(api, api.search_orders(**window, **more))
            CLIENT.expect(page["lastUpdatedBefore"], before.isoformat(), "upper bound served")
            received += page["orders"]
            if "pagination" not in page:
                break
            more = {"pagination_token": page["pagination"]["nextToken"]}
    due = [order for order in held if after <= moment(order) <= before]
    CLIENT.expect([o["orderId"] for o in received], [o["orderId"] for o in due], "orders")
    for told, order in zip(received, due, strict=True):
        CLIENT.expect(told, plain(order), order["orderId"])


def test_an_order_is_found_by_its_number(amazon: RunningSandbox) -> None:
    with official_api(amazon, "orders_v2026_01_01", "GetOrderApi") as api:
        for order in amazon.orders()[:10]:
            told = api.get_order(order["orderId"], included_data=EVERYTHING).order
            CLIENT.expect(as_json(api, told), plain(order), order["orderId"])


def test_a_confirmed_shipment_changes_its_order(amazon: RunningSandbox) -> None:
    order = open_order(amazon)
    item = order["orderItems"][0]
    quantity = item["fulfillment"]["quantityUnfulfilled"]
    with official_api(amazon, "orders_v0", "OrdersV0Api") as api:
        package = {
            "packageReferenceId": "1",
            "carrierCode": "UPS",
            "trackingNumber": "1Z0000000000000001",
            "shipDate": amazon.now().replace(microsecond=0),
            "orderItems": [{"orderItemId": item["orderItemId"], "quantity": quantity}],
        }
        marketplace = order["salesChannel"]["marketplaceId"]
        payload = {"marketplaceId": marketplace, "packageDetail": package}
        _, status, _ = api.confirm_shipment_with_http_info(order["orderId"], payload)
    CLIENT.expect(status, 204, "confirmShipment")
    expect_shipped(amazon, order, quantity)


def test_a_feed_is_followed_to_its_report(amazon: RunningSandbox) -> None:
    order = open_order(amazon)
    item = order["orderItems"][0]
    quantity = item["fulfillment"]["quantityUnfulfilled"]
    content_type = "text/xml; charset=UTF-8"
    content = FEED.format(
        order=order["orderId"],
        item=item["orderItemId"],
        quantity=quantity,
        date=amazon.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    with (
        official_api(amazon, "feeds_v2021_06_30", "FeedsApi") as api,
        httpx2.Client(trust_env=False) as store,
    ):
        place = api.create_feed_document({"contentType": content_type})
        headers = {"content-type": content_type}
        store.put(place.url, content=content.encode(), headers=headers).raise_for_status()
        feed_type = "POST_ORDER_FULFILLMENT_DATA"
        wish = {
            "feedType": feed_type,
            "marketplaceIds": [order["salesChannel"]["marketplaceId"]],
            "inputFeedDocumentId": place.feed_document_id,
        }
        feed_id = api.create_feed(wish).feed_id
        for state in ("IN_QUEUE", "IN_PROGRESS", "DONE"):
            CLIENT.expect(api.get_feed(feed_id).processing_status, state, "feed")
            amazon.advance(61)
        listed = api.get_feeds(feed_types=[feed_type])
        CLIENT.expect([feed.feed_id for feed in listed.feeds], [feed_id], "feeds")
        feed = api.get_feed(feed_id)
        document = api.get_feed_document(feed.result_feed_document_id)
        report = store.get(document.url).raise_for_status().content
    if document.compression_algorithm == "GZIP":
        report = gzip.decompress(report)
    CLIENT.expect(text(report, "StatusCode"), "Complete", "report")
    CLIENT.expect(text(report, "MessagesSuccessful"), "1", "report")
    expect_shipped(amazon, order, quantity)


def open_order(amazon: RunningSandbox) -> dict[str, Any]:
    return next(
        order
        for order in amazon.orders()
        if order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
        and order["fulfillment"]["fulfilledBy"] == "MERCHANT"
        and "FBM_SHIP_PLUS" not in order.get("programs", [])
        and len(order["orderItems"]) == 1
        and "cancellation" not in order["orderItems"][0]
    )


def expect_shipped(amazon: RunningSandbox, order: dict[str, Any], quantity: int) -> None:
    with official_api(amazon, "orders_v2026_01_01", "GetOrderApi") as api:
        told = as_json(api, api.get_order(order["orderId"], included_data=EVERYTHING).order)
    assert moment(told) > moment(order)
    CLIENT.expect(told["fulfillment"]["fulfillmentStatus"], "SHIPPED", "status")
    shipped = told["orderItems"][0]["fulfillment"]
    CLIENT.expect(shipped, {"quantityFulfilled": quantity, "quantityUnfulfilled": 0}, "units")
    package = told["packages"][0]
    CLIENT.expect(package["trackingNumber"], "1Z0000000000000001", "tracking number")
    units = {"orderItemId": order["orderItems"][0]["orderItemId"], "quantity": quantity}
    CLIENT.expect(package["packageItems"], [units], "package")


def moment(order: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(order["lastUpdatedTime"])


def as_json(api: Any, value: Any) -> Any:
    """What the client holds of an answer; it holds nothing that its model does not name."""
    return plain(api.api_client.sanitize_for_serialization(value))


def plain(value: Any) -> Any:
    """JSON with every time written alike, and without the fields that hold nothing."""
    match value:
        case dict():
            return {name: plain(one) for name, one in value.items() if one is not None}
        case list():
            return [plain(one) for one in value]
        case str() if re.match(r"\d{4}-\d\d-\d\dT", value):
            return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return value


def text(report: bytes, name: str) -> str | None:
    return etree.fromstring(report).findtext(f".//{name}")

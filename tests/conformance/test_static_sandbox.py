"""What Amazon's static sandbox answers, our client reads; what it expects, our client sends."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest

from amazon_endpoint.amazon.port import Amazon, OrderQuery
from amazon_endpoint.errors import AmazonRefused
from amazon_endpoint.feeds import FeedState
from amazon_endpoint.shipments import Carrier, Package, PackageItem
from tests.conformance.amazon_models import Case, read_model, sandbox_cases
from tests.conformance.loopback import Call, Reply, serving
from tests.conformance.our_client import US, our_client, token_host
from tests.conformance.referees import MODELS, Models
from tests.turned_clock import NOON

pytestmark = pytest.mark.conformance


class Replay:
    """Answers every call with one case and keeps what it was sent."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.sent: list[Any] = []

    def __call__(self, call: Call) -> Reply:
        if call.path.startswith("/auth/"):
            return token_host(call)
        self.sent.append(json.loads(call.body) if call.body else None)
        body = json.dumps(self._case.answer).encode()
        return Reply(self._case.status, {"Content-Type": "application/json"}, body)


@asynccontextmanager
async def static_sandbox(case: Case) -> AsyncIterator[tuple[Amazon, Replay]]:
    replay = Replay(case)
    with serving(replay) as url:
        async with our_client(url, url) as client:
            yield client, replay


def cases(models: Models, model: str, operation: str, status: int) -> list[Case]:
    found = sandbox_cases(read_model(models[model]), operation)
    chosen = [case for case in found if case.status == status]
    assert chosen, f"{model} has no case of {operation} with {status}"
    return chosen


async def test_pages_of_orders(models: Models) -> None:
    query = OrderQuery(after=NOON, before=NOON, marketplace_ids=(US,))
    for case in cases(models, "orders_2026-01-01.json", "searchOrders", 200):
        async with static_sandbox(case) as (client, _):
            page = await client.search_orders(query, None)
        numbers = [order["orderId"] for order in case.answer["orders"]]
        MODELS.expect([order.number for order in page.orders], numbers, "orders")
        token = case.answer.get("pagination", {}).get("nextToken")
        MODELS.expect(page.next_token, token, "next page")
        MODELS.expect(page.unreadable, (), "unreadable orders")


async def test_single_orders(models: Models) -> None:
    for case in cases(models, "orders_2026-01-01.json", "getOrder", 200):
        async with static_sandbox(case) as (client, _):
            order = await client.get_order(case.parameters["orderId"])
        MODELS.expect(order.number, case.answer["order"]["orderId"], "order")


async def test_a_confirmation_is_sent_as_the_sandbox_expects_it(models: Models) -> None:
    (case,) = cases(models, "ordersV0.json", "confirmShipment", 204)
    due, detail = case.parameters["body"], case.parameters["body"]["packageDetail"]
    package = Package(
        order_number=case.parameters["orderId"],
        marketplace_id=due["marketplaceId"],
        reference=detail["packageReferenceId"],
        message_id="1",
        carrier=Carrier(detail["carrierCode"], detail["carrierName"]),
        shipping_method=detail["shippingMethod"],
        tracking=detail["trackingNumber"],
        shipped_at=datetime.fromisoformat(detail["shipDate"]),
        items=tuple(
            PackageItem(one["orderItemId"], one["quantity"]) for one in detail["orderItems"]
        ),
    )
    async with static_sandbox(case) as (client, replay):
        await client.confirm_shipment(package)
    (sent,) = replay.sent
    # Supply sources and transparency codes are nothing that a store tells us of.
    del detail["shipFromSupplySourceId"]
    for item in detail["orderItems"]:
        del item["transparencyCodes"]
    for told in (sent["packageDetail"], detail):
        told["shipDate"] = datetime.fromisoformat(told["shipDate"])
    for name in detail.keys() | sent["packageDetail"].keys():
        MODELS.expect(sent["packageDetail"].get(name), detail.get(name), name)
    MODELS.expect(sent, due, "confirmShipment")


async def test_a_feed_is_created_as_the_sandbox_expects_it(models: Models) -> None:
    (case,) = cases(models, "feeds_2021-06-30.json", "createFeed", 202)
    due = case.parameters["body"]
    async with static_sandbox(case) as (client, replay):
        feed_id = await client.submit_feed(due["inputFeedDocumentId"], tuple(due["marketplaceIds"]))
    MODELS.expect(feed_id, case.answer["feedId"], "feed")
    # The sandbox's feed is one of products; ours are always of shipments.
    MODELS.expect(replay.sent, [due | {"feedType": "POST_ORDER_FULFILLMENT_DATA"}], "createFeed")


async def test_feeds(models: Models) -> None:
    (case,) = cases(models, "feeds_2021-06-30.json", "getFeed", 200)
    (listed,) = cases(models, "feeds_2021-06-30.json", "getFeeds", 200)
    async with static_sandbox(case) as (client, _):
        statuses = [await client.feed_status(case.parameters["feedId"])]
    # The case names a next page and has none.
    del listed.answer["nextToken"]
    async with static_sandbox(listed) as (client, _):
        statuses += await client.feeds_since(NOON)
    feeds = [case.answer, *listed.answer["feeds"]]
    for status, feed in zip(statuses, feeds, strict=True):
        MODELS.expect(status.feed_id, feed["feedId"], "feed")
        MODELS.expect(status.state, FeedState(feed["processingStatus"]), "state")
        created_at = datetime.fromisoformat(feed["createdTime"])
        MODELS.expect(status.created_at, created_at, "created")
        MODELS.expect(status.report_id, feed.get("resultFeedDocumentId"), "report")


async def test_refusals(models: Models) -> None:
    orders, feeds = "orders_2026-01-01.json", "feeds_2021-06-30.json"
    for case in cases(models, orders, "getOrder", 400):
        async with static_sandbox(case) as (client, _):
            with pytest.raises(AmazonRefused, match="Invalid Input"):
                await client.get_order("TEST_CASE_400")
    for case in cases(models, feeds, "createFeed", 400):
        async with static_sandbox(case) as (client, _):
            with pytest.raises(AmazonRefused, match="Invalid input"):
                await client.submit_feed("badDocumentId", (US,))

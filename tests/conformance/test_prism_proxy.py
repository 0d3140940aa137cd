"""Prism between our client and the local Amazon: neither breaks Amazon's models."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from amazon_endpoint.amazon.fulfillment import write_feed
from amazon_endpoint.amazon.port import Amazon, OrderQuery
from amazon_endpoint.amazon.spapi.order_reader import STATUS_WORDS
from amazon_endpoint.errors import (
    AccessDenied,
    AmazonRefused,
    AmazonUnavailable,
    EndpointError,
    FeedNotFound,
    OrderNotFound,
    PageTokenRefused,
    Throttled,
)
from amazon_endpoint.feeds import FeedState
from amazon_endpoint.orders import Order
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.shipments import Carrier, Package, PackageItem
from tests.conformance.loopback import serving
from tests.conformance.our_client import US, our_client
from tests.conformance.prism import MODELS, Front, prism
from tests.conformance.referees import PRISM, Models
from tests.turned_clock import TurnedClock

pytestmark = pytest.mark.conformance

ORDERS = "/orders/2026-01-01/orders"


class Judged:
    """The local Amazon, and the address at which every call to it is judged."""

    def __init__(self, amazon: RunningSandbox, front: Front, url: str) -> None:
        self.amazon = amazon
        self.front = front
        self.url = url

    def expect_no_violation(self) -> None:
        self.front.expect_no_violation()


@pytest.fixture(scope="module")
def started(models: Models, prism_program: Path) -> Iterator[Judged]:
    options = SandboxOptions(
        orders=30, page_cap=2, marketplaces=(US,), queue_seconds=60, progress_seconds=60
    )
    with ExitStack() as stack:
        amazon = stack.enter_context(run_in_thread(options))
        front = Front(
            {
                path: stack.enter_context(
                    prism(prism_program, "proxy", "--errors", models[model], amazon.url)
                )
                for path, model in MODELS.items()
            }
        )
        yield Judged(amazon, front, stack.enter_context(serving(front)))


@pytest.fixture
def judged(started: Judged) -> Judged:
    started.front.verdicts()
    started.amazon.clear_faults()
    return started


def window(amazon: RunningSandbox) -> OrderQuery:
    now = amazon.now()
    return OrderQuery(
        after=now - timedelta(days=60),
        before=now - timedelta(minutes=3),
        marketplace_ids=(US,),
        statuses=tuple(STATUS_WORDS.values()),
        fulfilled_by=("MERCHANT", "AMAZON"),
    )


async def open_order(amazon: RunningSandbox, client: Amazon) -> Order:
    """An order of a merchant, nothing of it shipped."""
    number = next(
        order["orderId"]
        for order in amazon.orders()
        if order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
        and order["fulfillment"]["fulfilledBy"] == "MERCHANT"
        and "FBM_SHIP_PLUS" not in order.get("programs", [])
    )
    return await client.get_order(number)


def parcel(amazon: RunningSandbox, order: Order) -> Package:
    return Package(
        order_number=order.number,
        marketplace_id=US,
        reference="7",
        message_id="1",
        carrier=Carrier("Other", "Rumpel Couriers"),
        shipping_method="Overnight",
        tracking="RC-0001",
        shipped_at=amazon.now(),
        items=tuple(PackageItem(item.item_id, item.quantity) for item in order.items),
    )


async def test_every_page_of_a_window(judged: Judged) -> None:
    async with our_client(judged.url, judged.amazon.url, seller="pages") as client:
        query, token, numbers = window(judged.amazon), None, []
        while True:
            page = await client.search_orders(query, token)
            assert page.unreadable == ()
            numbers += [order.number for order in page.orders]
            token = page.next_token
            if token is None:
                break
    assert numbers == [order["orderId"] for order in judged.amazon.orders()]
    judged.expect_no_violation()


async def test_single_orders(judged: Judged) -> None:
    async with our_client(judged.url, judged.amazon.url, seller="single") as client:
        for order in judged.amazon.orders()[:10]:
            read = await client.get_order(order["orderId"])
            assert read.number == order["orderId"]
    judged.expect_no_violation()


async def test_a_confirmed_shipment(judged: Judged) -> None:
    async with our_client(judged.url, judged.amazon.url, seller="shipping") as client:
        order = await open_order(judged.amazon, client)
        await client.confirm_shipment(parcel(judged.amazon, order))
        assert (await client.get_order(order.number)).status == "Shipped"
    judged.expect_no_violation()


async def test_a_feed_from_its_document_to_its_report(judged: Judged) -> None:
    amazon = judged.amazon
    async with our_client(judged.url, amazon.url, seller="feeds") as client:
        order = await open_order(amazon, client)
        submitted_at = amazon.now()
        body = write_feed("SELLER", [parcel(amazon, order)])
        feed_id = await client.submit_feed(await client.prepare_feed(body), (US,))
        for state in (FeedState.IN_QUEUE, FeedState.IN_PROGRESS):
            assert (await client.feed_status(feed_id)).state is state
            amazon.advance(61)
        status = await client.feed_status(feed_id)
        report = await client.feed_report(status)
        listed = await client.feeds_since(submitted_at)
        assert (await client.get_order(order.number)).status == "Shipped"
    assert (report.processed, report.successful) == (1, 1)
    assert listed == (status,)
    judged.expect_no_violation()


async def test_what_the_local_amazon_does_not_know_or_take(judged: Judged) -> None:
    amazon = judged.amazon
    async with our_client(judged.url, amazon.url, seller="refusals") as client:
        with pytest.raises(OrderNotFound):
            await client.get_order("000-0000000-0000000")
        with pytest.raises(PageTokenRefused):
            await client.search_orders(window(amazon), "no such token")
        with pytest.raises(FeedNotFound):
            await client.feed_status("1")
        with pytest.raises(AmazonRefused):
            await client.submit_feed("no such document", (US,))
        order = await open_order(amazon, client)
        stranger = Package(
            order_number=order.number,
            marketplace_id=US,
            reference="8",
            message_id="2",
            carrier=Carrier("UPS"),
            shipping_method=None,
            tracking="1Z0000000000000002",
            shipped_at=amazon.now(),
            items=(PackageItem("no such item", 1),),
        )
        with pytest.raises(AmazonRefused):
            await client.confirm_shipment(stranger)
    judged.expect_no_violation()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("throttle", Throttled),
        ("deny", AccessDenied),
        ("internal500", AmazonUnavailable),
    ],
)
async def test_what_the_local_amazon_says_when_it_will_not(
    judged: Judged, fault: str, error: type[EndpointError]
) -> None:
    amazon = judged.amazon
    number = amazon.orders()[0]["orderId"]
    async with our_client(judged.url, amazon.url, seller=fault, clock=TurnedClock()) as client:
        amazon.fault("*", fault, times=None)
        for call in (
            client.get_order(number),
            client.search_orders(window(amazon), None),
            client.feed_status("1"),
            client.feeds_since(amazon.now()),
        ):
            with pytest.raises(error):
                await call
    judged.expect_no_violation()


def test_a_request_that_the_model_forbids_is_flagged(judged: Judged) -> None:
    httpx2.get(judged.url + ORDERS, params={"createdAfter": "yesterday", "includedData": "SECRETS"})
    (verdict,) = judged.front.verdicts()
    assert "allowed values: BUYER, RECIPIENT" in str(verdict.violation)
    PRISM.expect(verdict.violation is not None, True, "a wrong request is flagged")


async def test_an_answer_that_the_model_forbids_is_flagged(judged: Judged) -> None:
    order = judged.amazon.orders()[0]
    broken = {key: value for key, value in order.items() if key != "salesChannel"}
    judged.amazon.add_orders(broken)
    async with our_client(judged.url, judged.amazon.url, clock=TurnedClock()) as client:
        with pytest.raises(AmazonUnavailable):
            await client.get_order(order["orderId"])
    judged.amazon.add_orders(order)
    for verdict in judged.front.verdicts():
        assert "must have required property 'salesChannel'" in str(verdict.violation)
        PRISM.expect(verdict.violation is not None, True, "a wrong answer is flagged")

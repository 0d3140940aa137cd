"""Prism as Amazon itself: our client understands whatever the models answer of themselves."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from amazon_endpoint.amazon.port import Amazon, OrderQuery
from amazon_endpoint.errors import (
    AccessDenied,
    AmazonRefused,
    AmazonUnavailable,
    AnswerLost,
    CredentialsRefused,
    EndpointError,
    HostNotAllowed,
    OrderNotFound,
    PageRepeated,
    Throttled,
)
from amazon_endpoint.feeds import FeedState
from amazon_endpoint.orders import bill
from amazon_endpoint.shipments import Carrier, Package, PackageItem
from tests.conformance.loopback import serving
from tests.conformance.our_client import US, our_client, token_host
from tests.conformance.prism import MODELS, Front, prism
from tests.conformance.referees import Models
from tests.turned_clock import NOON, TurnedClock

pytestmark = pytest.mark.conformance

WINDOW = OrderQuery(after=NOON, before=NOON, marketplace_ids=(US,))
PACKAGE = Package(
    order_number="123-4567890-1234567",
    marketplace_id=US,
    reference="1",
    message_id="1",
    carrier=Carrier("UPS"),
    shipping_method=None,
    tracking="1Z0000000000000001",
    shipped_at=NOON,
    items=(PackageItem("12345678901234", 2),),
)


class Mock(NamedTuple):
    """Three mocks behind one front, and a host that gives tokens."""

    front: Front
    services: str
    tokens: str

    def client(self) -> AbstractAsyncContextManager[Amazon]:
        return our_client(self.services, self.tokens, clock=TurnedClock())


@pytest.fixture(scope="module")
def started(models: Models, prism_program: Path) -> Iterator[Mock]:
    with ExitStack() as stack:
        behind = {
            path: stack.enter_context(prism(prism_program, "mock", models[model]))
            for path, model in MODELS.items()
        }
        front = Front(behind)
        yield Mock(
            front, stack.enter_context(serving(front)), stack.enter_context(serving(token_host))
        )


@pytest.fixture
def mock(started: Mock) -> Mock:
    started.front.verdicts()
    started.front.prefer = None
    return started


async def test_a_page_of_orders(mock: Mock) -> None:
    async with mock.client() as client:
        page = await client.search_orders(WINDOW, None)
        again = await client.search_orders(WINDOW, page.next_token)
    assert page == again
    assert page.unreadable == ()
    assert page.served_before == datetime(2024, 12, 25, 15, tzinfo=UTC)
    (order,) = page.orders
    assert (order.number, order.status) == ("123-4567890-1234567", "Shipped")
    assert bill(order).totals.order == Decimal("154.99")
    mock.front.expect_no_violation()


async def test_an_order(mock: Mock) -> None:
    async with mock.client() as client:
        order = await client.get_order("202-1234567-8901234")
    assert (order.number, order.channel) == ("202-1234567-8901234", "Amazon.co.uk")
    assert bill(order).totals.order == Decimal("103.97")
    mock.front.expect_no_violation()


async def test_a_confirmation(mock: Mock) -> None:
    async with mock.client() as client:
        await client.confirm_shipment(PACKAGE)
    mock.front.expect_no_violation()


async def test_a_feed(mock: Mock) -> None:
    async with mock.client() as client:
        feed_id = await client.submit_feed("document", (US,))
        status = await client.feed_status(feed_id)
    assert (feed_id, status.feed_id) == ("string", "string")
    assert status.state in set(FeedState) - {FeedState.UNKNOWN}
    mock.front.expect_no_violation()


async def test_a_list_of_feeds_that_never_ends_is_given_up(mock: Mock) -> None:
    async with mock.client() as client:
        with pytest.raises(PageRepeated):
            await client.feeds_since(NOON)
    mock.front.expect_no_violation()


async def test_a_document_at_an_address_that_is_none_is_left_alone(mock: Mock) -> None:
    async with mock.client() as client:
        with pytest.raises(HostNotAllowed):
            await client.prepare_feed(b"<AmazonEnvelope/>")
    mock.front.expect_no_violation()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, AmazonRefused),
        (403, AccessDenied),
        (404, OrderNotFound),
        (413, AmazonRefused),
        (415, AmazonRefused),
        (429, Throttled),
        (500, AmazonUnavailable),
        (503, AmazonUnavailable),
    ],
)
async def test_each_refusal_of_an_order(
    mock: Mock, status: int, error: type[EndpointError]
) -> None:
    mock.front.prefer = f"code={status}"
    async with mock.client() as client:
        with pytest.raises(error):
            await client.get_order("202-1234567-8901234")
    mock.front.expect_no_violation()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, AmazonRefused),
        (401, CredentialsRefused),
        (403, AccessDenied),
        (404, OrderNotFound),
        (429, Throttled),
        (500, AnswerLost),
        (503, AnswerLost),
    ],
)
async def test_each_refusal_of_a_confirmation(
    mock: Mock, status: int, error: type[EndpointError]
) -> None:
    mock.front.prefer = f"code={status}"
    async with mock.client() as client:
        with pytest.raises(error):
            await client.confirm_shipment(PACKAGE)
    mock.front.expect_no_violation()

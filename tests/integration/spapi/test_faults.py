"""What goes wrong at the local Amazon, one fault at a time, and what comes of it."""

import pytest

from amazon_endpoint.amazon.fulfillment import write_feed
from amazon_endpoint.amazon.port import OrderPage
from amazon_endpoint.errors import (
    AccessDenied,
    AmazonUnavailable,
    AnswerLost,
    EndpointError,
    PageTokenRefused,
    Throttled,
)
from amazon_endpoint.feeds import FeedState
from amazon_endpoint.sandbox.testing import RunningSandbox
from tests.integration.spapi.seller import PACKAGE, UNITED_STATES, Seller, window


async def first_page(seller: Seller) -> OrderPage:
    account = seller.account()
    return await account.search_orders(window(await account.latest_upper_bound()), None)


async def second_page(seller: Seller, first: OrderPage) -> OrderPage:
    account = seller.account()
    return await account.search_orders(window(await account.latest_upper_bound()), first.next_token)


async def submitted(seller: Seller) -> str:
    account = seller.account()
    document_id = await account.prepare_feed(write_feed("A0000000000000", [PACKAGE]))
    return await account.submit_feed(document_id, (UNITED_STATES,))


@pytest.mark.parametrize(
    "fault",
    [
        "html503",
        "internal500",
        "empty200",
        "missing_orders_key",
        "drop",
        "cut_body",
        "bad_json",
        "lost_answer",
        "expired_token",
    ],
)
async def test_a_passing_fault_is_not_noticed(
    sandbox: RunningSandbox, local_seller: Seller, fault: str
) -> None:
    sandbox.fault("searchOrders", fault)

    page = await first_page(local_seller)

    assert len(page.orders) == 15
    assert sandbox.calls("searchOrders") == 2


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("html503", AmazonUnavailable),
        ("internal500", AmazonUnavailable),
        ("empty200", AmazonUnavailable),
        ("missing_orders_key", AmazonUnavailable),
        ("drop", AmazonUnavailable),
        ("cut_body", AmazonUnavailable),
        ("bad_json", AmazonUnavailable),
        ("throttle", Throttled),
        ("deny", AccessDenied),
    ],
)
async def test_a_lasting_fault_has_a_name(
    sandbox: RunningSandbox, local_seller: Seller, fault: str, outcome: type[EndpointError]
) -> None:
    sandbox.fault("searchOrders", fault, times=None)

    with pytest.raises(outcome):
        await first_page(local_seller)


async def test_a_slow_answer_is_waited_for(sandbox: RunningSandbox, local_seller: Seller) -> None:
    sandbox.fault("searchOrders", "slow", seconds=0.1)

    assert (await first_page(local_seller)).orders


async def test_a_refused_role_for_personal_data_costs_only_the_personal_data(
    sandbox: RunningSandbox, local_seller: Seller
) -> None:
    sandbox.fault("searchOrders", "deny_personal_data", times=None)

    page = await first_page(local_seller)

    assert len(page.orders) == 15
    assert not any(one.shipping_address or one.buyer_email for one in page.orders)
    merchants = [one for one in page.orders if one.fulfilled_by == "MERCHANT"]
    assert merchants
    assert all(one.personal_data_refused for one in merchants)


async def test_a_dead_page_token_is_told_as_such(
    sandbox: RunningSandbox, local_seller: Seller
) -> None:
    first = await first_page(local_seller)
    sandbox.fault("searchOrders", "dead_token")

    with pytest.raises(PageTokenRefused):
        await second_page(local_seller, first)


async def test_a_repeated_page_shows_its_token_again(
    sandbox: RunningSandbox, local_seller: Seller
) -> None:
    first = await first_page(local_seller)
    sandbox.fault("searchOrders", "repeated_page")

    second = await second_page(local_seller, first)

    assert second.next_token == first.next_token


async def test_a_bad_order_is_told_and_the_others_arrive(
    sandbox: RunningSandbox, local_seller: Seller
) -> None:
    sandbox.fault("searchOrders", "bad_order")

    page = await first_page(local_seller)

    assert len(page.orders) == 14
    assert [one.number for one in page.unreadable] == [sandbox.orders()[0]["orderId"]]


async def test_what_amazon_never_published_is_kept(
    sandbox: RunningSandbox, local_seller: Seller
) -> None:
    sandbox.fault("searchOrders", "unknown_enum")

    order = (await first_page(local_seller)).orders[0]

    assert order.status == "AWAITING_DRONE"
    assert "MOON_DELIVERY" in order.programs


@pytest.mark.parametrize("fault", ["lost_answer", "cut_body", "bad_json", "drop", "internal500"])
async def test_a_feed_may_have_been_submitted(
    sandbox: RunningSandbox, local_seller: Seller, fault: str
) -> None:
    sandbox.fault("createFeed", fault)

    with pytest.raises(AnswerLost):
        await submitted(local_seller)

    assert sandbox.calls("createFeed") == 1


async def test_a_feed_whose_answer_was_lost_is_found_again(
    sandbox: RunningSandbox, local_seller: Seller
) -> None:
    before = sandbox.now()
    sandbox.fault("createFeed", "lost_answer")
    with pytest.raises(AnswerLost):
        await submitted(local_seller)

    assert len(await local_seller.account().feeds_since(before)) == 1


@pytest.mark.parametrize("operation", ["createFeedDocument", "uploadDocument"])
async def test_preparing_a_feed_can_be_repeated(
    sandbox: RunningSandbox, local_seller: Seller, operation: str
) -> None:
    sandbox.fault(operation, "lost_answer")

    feed_id = await submitted(local_seller)

    assert (await local_seller.account().feed_status(feed_id)).state is FeedState.DONE


@pytest.mark.parametrize(
    ("fault", "state"),
    [("feed_fatal", FeedState.FATAL), ("feed_cancelled", FeedState.CANCELLED)],
)
async def test_a_failed_feed_is_told(
    sandbox: RunningSandbox, local_seller: Seller, fault: str, state: FeedState
) -> None:
    sandbox.fault("createFeed", fault)

    status = await local_seller.account().feed_status(await submitted(local_seller))

    assert status.state is state
    assert status.state.final


@pytest.mark.parametrize("operation", ["getFeedDocument", "downloadDocument"])
async def test_a_report_is_fetched_again(
    sandbox: RunningSandbox, local_seller: Seller, operation: str
) -> None:
    account = local_seller.account()
    status = await account.feed_status(await submitted(local_seller))
    sandbox.fault(operation, "cut_body")

    assert (await account.feed_report(status)).processed == 1


async def test_a_lost_confirmation_may_have_happened(
    sandbox: RunningSandbox, local_seller: Seller
) -> None:
    sandbox.fault("confirmShipment", "lost_answer")

    with pytest.raises(AnswerLost):
        await local_seller.account().confirm_shipment(PACKAGE)

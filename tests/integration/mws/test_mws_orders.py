"""Orders of MWS: all pages, all items, filters, and pages that the quota cuts short."""

from datetime import datetime, timedelta

import msgspec
import pytest

from amazon_endpoint.amazon.port import Amazon, OrderPage, OrderQuery
from amazon_endpoint.clock import whole_seconds
from amazon_endpoint.errors import (
    AccessDenied,
    AmazonRefused,
    AmazonUnavailable,
    OrderNotFound,
    PageTokenRefused,
    Throttled,
    Unreadable,
)
from amazon_endpoint.orders import Order, bill
from amazon_endpoint.sandbox.testing import RunningSandbox
from tests.integration.mws.scripted_mws import (
    HTML,
    THROTTLED,
    ScriptedMws,
    answer,
    items,
    order,
    orders,
    refusal,
)
from tests.integration.mws.seller import Seller
from tests.integration.spapi.scripted_amazon import Reply
from tests.integration.spapi.seller import window
from tests.turned_clock import NOON, TurnedClock
from tests.unit.mws.mws_orders import item_xml, order_xml


async def everything(account: Amazon, query: OrderQuery, clock: TurnedClock) -> list[Order]:
    """All pages of a window; where there is no quota, the clock is turned on."""
    found: list[Order] = []
    token = None
    while True:
        try:
            page = await account.search_orders(query, token)
        except Throttled:
            clock.advance(60)
            continue
        assert not page.unreadable
        found += page.orders
        token = page.next_token
        if token is None:
            return found


def numbers(page: OrderPage) -> list[str]:
    return [one.number for one in page.orders]


# At the local Amazon


async def test_every_order_is_read_with_every_item(
    sandbox: RunningSandbox, local_seller: Seller, clock: TurnedClock
) -> None:
    sandbox.advance(600)
    account = local_seller.account()
    until = await account.latest_upper_bound()
    query = msgspec.structs.replace(window(until), after=until - timedelta(days=90))

    found = await everything(account, query, clock)

    told = {one["orderId"]: len(one["orderItems"]) for one in sandbox.orders()}
    assert {one.number: len(one.items) for one in found} == told
    assert all(bill(one).difference == 0 for one in found if one.priced)


async def test_a_window_may_be_one_of_creation(
    sandbox: RunningSandbox, local_seller: Seller, clock: TurnedClock
) -> None:
    created = sorted(datetime.fromisoformat(one["createdTime"]) for one in sandbox.orders())
    query = msgspec.structs.replace(
        window(), by="created", after=whole_seconds(created[4]), before=created[8]
    )

    found = await everything(local_seller.account(), query, clock)

    assert sorted(one.placed_at for one in found) == created[4:8]


async def test_filters_go_to_amazon(
    sandbox: RunningSandbox, local_seller: Seller, clock: TurnedClock
) -> None:
    sandbox.advance(600)
    account = local_seller.account()
    until = await account.latest_upper_bound()

    shipped = await everything(account, window(until, statuses=("Shipped",)), clock)
    theirs = await everything(account, window(until, fulfilled_by=("AMAZON",)), clock)

    assert {one.status for one in shipped} == {"Shipped"}
    assert {one.fulfilled_by for one in theirs} == {"AMAZON"}


async def test_an_order_is_read_by_number(sandbox: RunningSandbox, local_seller: Seller) -> None:
    wanted = sandbox.orders()[0]

    found = await local_seller.account().get_order(wanted["orderId"])

    assert [one.item_id for one in found.items] == [
        one["orderItemId"] for one in wanted["orderItems"]
    ]


@pytest.mark.parametrize("number", ["999-0000000-0000000", "nonsense"])
async def test_an_order_that_is_not_there_is_not_found(local_seller: Seller, number: str) -> None:
    with pytest.raises(OrderNotFound) as told:
        await local_seller.account().get_order(number)

    assert told.value.request_id


# What is asked


async def test_a_window_is_asked_for_in_mws_words(amazon: ScriptedMws, seller: Seller) -> None:
    query = OrderQuery(
        after=NOON - timedelta(days=1),
        before=NOON,
        marketplace_ids=("ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"),
        statuses=("Unshipped", "Shipped"),
        fulfilled_by=("MERCHANT", "AMAZON"),
    )

    page = await seller.account().search_orders(query, None)

    assert {
        "Action": "ListOrders",
        "LastUpdatedAfter": "2026-10-31T12:00:00Z",
        "LastUpdatedBefore": "2026-11-01T12:00:00Z",
        "MarketplaceId.Id.1": "ATVPDKIKX0DER",
        "MarketplaceId.Id.2": "A2EUQ1WTGCTBG2",
        "OrderStatus.Status.1": "PartiallyShipped",
        "OrderStatus.Status.2": "Shipped",
        "OrderStatus.Status.3": "Unshipped",
        "FulfillmentChannel.Channel.1": "MFN",
        "FulfillmentChannel.Channel.2": "AFN",
        "MaxResultsPerPage": "25",
    }.items() <= amazon.signed[0].items()
    assert page.served_before == NOON - timedelta(minutes=2, seconds=5)


async def test_an_empty_filter_asks_for_all(amazon: ScriptedMws, seller: Seller) -> None:
    await seller.account().search_orders(window(), None)

    assert not [one for one in amazon.signed[0] if one.startswith(("OrderStatus", "Fulfillment"))]


async def test_of_two_statuses_that_come_together_only_the_wanted_is_read(
    amazon: ScriptedMws, seller: Seller
) -> None:
    both = order_xml(AmazonOrderId=order(1), OrderStatus="PartiallyShipped") + order_xml(
        AmazonOrderId=order(2), OrderStatus="Unshipped"
    )
    amazon.will(answer("ListOrders", f"<Orders>{both}</Orders>"), items(1))

    page = await seller.account().search_orders(window(statuses=("PartiallyShipped",)), None)

    assert numbers(page) == [order(1)]
    assert amazon.actions == ["ListOrders", "ListOrderItems"]


# Pages


async def test_pages_and_items_are_followed_to_the_last(
    amazon: ScriptedMws, seller: Seller, clock: TurnedClock
) -> None:
    amazon.will(
        orders(1, next_token="a+b/=="),
        items(1, item_xml(), next_token="c d"),
        items(1, item_xml(OrderItemId="2"), by_token=True),
        orders(2, by_token=True),
        items(2),
    )

    found = await everything(seller.account(), window(), clock)

    assert [[item.item_id for item in one.items] for one in found] == [["1", "2"], ["1"]]
    assert [one.get("NextToken") for one in amazon.signed] == [None, None, "c d", "a+b/==", None]


async def test_items_that_run_in_a_circle_are_told(amazon: ScriptedMws, seller: Seller) -> None:
    amazon.will(
        orders(1), items(1, next_token="again"), items(1, next_token="again", by_token=True)
    )

    (bad,) = (await seller.account().search_orders(window(), None)).unreadable

    assert (bad.number, "again and again" in bad.reason) == (order(1), True)


async def test_a_dead_token_starts_the_window_again(amazon: ScriptedMws, seller: Seller) -> None:
    amazon.will(orders(1, next_token="dead"), items(1), refusal(400, "InvalidParameterValue"))
    account = seller.account()
    page = await account.search_orders(window(), None)

    with pytest.raises(PageTokenRefused):
        await account.search_orders(window(), page.next_token)


async def test_another_generations_token_is_dead(amazon: ScriptedMws, seller: Seller) -> None:
    with pytest.raises(PageTokenRefused):
        await seller.account().search_orders(window(), "2YgYW55IGNhcm5hbCBwbGVhc3VyZS4")

    assert amazon.asked == []


# One bad order


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(items(2, item_xml("canary")), id="an amount that is none"),
        pytest.param(refusal(400, "InvalidParameterValue"), id="items refused"),
        pytest.param(refusal(401, "AccessDenied"), id="items denied"),
        pytest.param([answer("ListOrderItems")] * 4, id="no OrderItems element"),
        pytest.param(answer("ListOrderItems", "<OrderItems/>"), id="no items"),
        pytest.param([Reply(200, b"<html>")] * 4, id="items that stay unreadable"),
    ],
)
async def test_one_bad_order_stops_no_other(
    amazon: ScriptedMws, seller: Seller, bad: Reply | list[Reply]
) -> None:
    amazon.by_order(orders(1, 2, 3), {order(1): items(1), order(2): bad, order(3): items(3)})

    page = await seller.account().search_orders(window(), None)

    assert numbers(page) == [order(1), order(3)]
    assert [one.number for one in page.unreadable] == [order(2)]
    assert page.next_token is None


async def test_an_order_whose_items_alone_keep_failing_is_given_up(
    amazon: ScriptedMws, seller: Seller, clock: TurnedClock
) -> None:
    account = seller.account()
    page, pages = None, []
    for _ in range(3):
        amazon.by_order(orders(1, 2, next_token="next"), {order(1): items(1), order(2): [HTML] * 4})
        page = await account.search_orders(window(), page.next_token if page else None)
        pages.append(page)
        clock.advance(60)

    assert list(map(numbers, pages)) == [[order(1)], [], []]
    assert [isinstance(one.stopped, AmazonUnavailable) for one in pages] == [True, True, False]
    assert [one.number for page in pages for one in page.unreadable] == [order(2)]
    amazon.will(orders(3, by_token=True), items(3))
    assert numbers(await account.search_orders(window(), pages[-1].next_token)) == [order(3)]


async def test_no_order_is_given_up_while_amazon_gives_no_items_at_all(
    amazon: ScriptedMws, seller: Seller, clock: TurnedClock
) -> None:
    account = seller.account()
    amazon.by_order(orders(1, 2), {order(1): items(1), order(2): [HTML] * 4})
    token = (await account.search_orders(window(), None)).next_token

    for _ in range(5):
        clock.advance(60)
        amazon.by_order(orders(1, 2), {order(1): [HTML] * 4, order(2): [HTML] * 4})
        with pytest.raises(AmazonUnavailable):
            await account.search_orders(window(), token)


async def test_access_denied_to_all_orders_is_told(amazon: ScriptedMws, seller: Seller) -> None:
    denied = refusal(401, "AccessDenied")
    amazon.by_order(orders(1, 2), {order(1): denied, order(2): denied})

    with pytest.raises(AccessDenied):
        await seller.account().search_orders(window(), None)


async def test_an_order_without_a_number_is_told(amazon: ScriptedMws, seller: Seller) -> None:
    amazon.will(answer("ListOrders", f"<Orders>{order_xml(AmazonOrderId=None)}</Orders>"))

    (bad,) = (await seller.account().search_orders(window(), None)).unreadable

    assert bad.number is None


async def test_a_single_order_that_makes_no_sense_is_unreadable(
    amazon: ScriptedMws, seller: Seller
) -> None:
    told = order_xml(AmazonOrderId=order(1), LastUpdateDate="canary")
    amazon.will(answer("GetOrder", f"<Orders>{told}</Orders>"), items(1))

    with pytest.raises(Unreadable, match="LastUpdateDate"):
        await seller.account().get_order(order(1))


async def test_a_single_order_may_be_refused_for_another_reason(
    amazon: ScriptedMws, seller: Seller
) -> None:
    amazon.will(refusal(400, "InvalidParameterValue", "Invalid SellerId"))

    with pytest.raises(AmazonRefused, match="SellerId") as refused:
        await seller.account().get_order(order(1))

    assert not isinstance(refused.value, OrderNotFound)


# Pages cut short


@pytest.mark.parametrize("trouble", [[THROTTLED], [HTML] * 4], ids=["throttled", "failing"])
async def test_a_page_cut_short_goes_on_where_it_was_left(
    amazon: ScriptedMws, seller: Seller, clock: TurnedClock, trouble: list[Reply]
) -> None:
    amazon.by_order(
        orders(1, 2, 3, next_token="next"),
        {order(1): items(1), order(2): trouble, order(3): items(3)},
    )
    account = seller.account()
    first = await account.search_orders(window(), None)
    # Meanwhile one order left the page and another came into it.
    amazon.by_order(orders(4, 2, 3, next_token="next"), {order(4): items(4), order(2): items(2)})
    clock.advance(60)

    rest = await account.search_orders(window(), first.next_token)

    assert numbers(first) == [order(1), order(3)]
    assert numbers(rest) == [order(4), order(2)]
    amazon.will(orders(by_token=True))
    last = await account.search_orders(window(), rest.next_token)
    assert amazon.signed[-1]["NextToken"] == "next"
    assert last.next_token is None


async def test_a_later_page_cut_short_is_listed_by_its_own_token(
    amazon: ScriptedMws, seller: Seller, clock: TurnedClock
) -> None:
    amazon.will(orders(1, next_token="two"), items(1))
    amazon.will(orders(2, 3, by_token=True), items(2), THROTTLED)
    account = seller.account()
    one = await account.search_orders(window(), None)
    cut = await account.search_orders(window(), one.next_token)
    clock.advance(60)
    amazon.will(orders(2, 3, by_token=True), items(3))

    rest = await account.search_orders(window(), cut.next_token)

    assert (len(cut.orders), len(rest.orders), rest.next_token) == (1, 1, None)
    assert [one.get("NextToken") for one in amazon.signed if "OrderItems" not in one["Action"]] == [
        None,
        "two",
        "two",
    ]


@pytest.mark.parametrize(
    ("trouble", "kind"), [([THROTTLED], Throttled), ([HTML] * 4, AmazonUnavailable)]
)
async def test_what_could_not_be_begun_is_put_off(
    amazon: ScriptedMws, seller: Seller, trouble: list[Reply], kind: type[Exception]
) -> None:
    amazon.will(orders(1), *trouble)

    with pytest.raises(kind):
        await seller.account().search_orders(window(), None)


async def test_a_page_is_not_listed_before_its_items_can_be_read(
    amazon: ScriptedMws, seller: Seller
) -> None:
    account = seller.account()
    amazon.by_order(
        orders(*range(1, 26), next_token="two"), {order(n): items(n) for n in range(1, 26)}
    )
    full = await account.search_orders(window(), None)

    with pytest.raises(Throttled) as throttled:
        await account.search_orders(window(), full.next_token)

    assert len(full.orders) == 25
    assert amazon.actions.count("ListOrdersByNextToken") == 0
    assert throttled.value.not_before is not None
    wait = throttled.value.not_before - NOON  # five of thirty are left, twenty more are needed
    assert timedelta(seconds=40) <= wait < timedelta(seconds=41)

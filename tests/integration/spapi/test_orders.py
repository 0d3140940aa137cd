"""Orders: windows read page by page, and single orders, with or without personal data."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from amazon_endpoint.amazon.port import OrderPage
from amazon_endpoint.clock import whole_seconds
from amazon_endpoint.errors import AccessDenied, Throttled, Unreadable
from amazon_endpoint.sandbox.testing import RunningSandbox
from tests.integration.spapi.scripted_amazon import NO_ORDERS, Reply, ScriptedAmazon, refusal
from tests.integration.spapi.seller import Seller, window
from tests.turned_clock import NOON, TurnedClock

NUMBER = "111-0000000-0000001"
DENIED = refusal(403, "Unauthorized", "Access to requested resource is denied.")
IMPERSONAL = "PROCEEDS,FULFILLMENT,PROMOTION,CANCELLATION,PACKAGES,TAX"


def order(number: str = NUMBER, **blocks: Any) -> dict[str, Any]:
    return {
        "orderId": number,
        "createdTime": "2026-10-20T08:00:00.250Z",
        "lastUpdatedTime": "2026-10-21T08:00:00.750Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER"},
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
        "orderItems": [
            {"orderItemId": "1", "quantityOrdered": 1, "product": {"sellerSku": "MUG-1"}}
        ],
    } | blocks


def page_of(*orders: object, **more: object) -> Reply:
    return Reply(200, msgspec.json.encode({"orders": orders} | more))


async def pages(seller: Seller, **filters: tuple[str, ...]) -> list[OrderPage]:
    account = seller.account()
    query = window(await account.latest_upper_bound(), **filters)
    found = [await account.search_orders(query, None)]
    while found[-1].next_token:
        found.append(await account.search_orders(query, found[-1].next_token))
    return found


# Windows


async def test_every_order_of_a_window_arrives_once(
    sandbox: RunningSandbox, local_seller: Seller
) -> None:
    found = await pages(local_seller)

    numbers = [one.number for page in found for one in page.orders]
    assert len(found) == 2
    assert not any(page.unreadable for page in found)
    assert sorted(numbers) == sorted(one["orderId"] for one in sandbox.orders())


async def test_a_window_may_be_one_of_creation(
    sandbox: RunningSandbox, local_seller: Seller
) -> None:
    account = local_seller.account()
    created = sorted(datetime.fromisoformat(one["createdTime"]) for one in sandbox.orders())
    query = msgspec.structs.replace(
        window(), by="created", after=whole_seconds(created[4]), before=created[8]
    )

    page = await account.search_orders(query, None)

    assert sorted(one.placed_at for one in page.orders) == created[4:8]
    assert page.served_before == whole_seconds(created[8])


async def test_filters_are_amazons_to_apply(sandbox: RunningSandbox, local_seller: Seller) -> None:
    updated = (sandbox.now() - timedelta(hours=1)).isoformat(timespec="milliseconds")
    cancelled = {"fulfillmentStatus": "CANCELLED", "fulfilledBy": "MERCHANT"}
    by_amazon = {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "AMAZON"}
    sandbox.clear_orders()
    sandbox.add_orders(
        order("111-0000000-0000001", lastUpdatedTime=updated),
        order("111-0000000-0000002", lastUpdatedTime=updated, fulfillment=cancelled),
        order("111-0000000-0000003", lastUpdatedTime=updated, fulfillment=by_amazon),
    )

    (found,) = await pages(
        local_seller, statuses=("Unshipped", "Canceled"), fulfilled_by=("MERCHANT",)
    )

    assert [one.number[-1] for one in found.orders] == ["1", "2"]


async def test_a_window_is_asked_for_as_a_whole(amazon: ScriptedAmazon, seller: Seller) -> None:
    query = window(
        NOON + timedelta(microseconds=999_999),
        statuses=("Unshipped", "PartiallyShipped", "New"),
        fulfilled_by=("MERCHANT", "AMAZON"),
    )
    await seller.account().search_orders(query, None)
    await seller.account().search_orders(query, "a+b/c==&d e")

    first, second = (one.params for one in amazon.calls)
    assert first == {
        "lastUpdatedAfter": "2026-10-02T12:00:00Z",
        "lastUpdatedBefore": "2026-11-01T12:00:00Z",
        "marketplaceIds": "ATVPDKIKX0DER",
        "fulfillmentStatuses": "UNSHIPPED,PARTIALLY_SHIPPED,New",
        "fulfilledBy": "MERCHANT,AMAZON",
        "maxResultsPerPage": "100",
        "includedData": f"BUYER,RECIPIENT,{IMPERSONAL}",
    }
    assert second == first | {"paginationToken": "a+b/c==&d e"}


async def test_the_last_page_has_no_token_and_tells_the_bound_it_served(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(
        page_of(pagination={"nextToken": "next"}),
        page_of(pagination={"nextToken": ""}, lastUpdatedBefore="2026-11-01T11:50:00Z"),
        page_of(pagination=None),
    )
    account = seller.account()

    more, last, empty = [await account.search_orders(window(), None) for _ in range(3)]

    assert more.next_token == "next"
    assert (last.next_token, last.served_before) == (None, NOON - timedelta(minutes=10))
    assert empty == OrderPage(orders=())


async def test_one_bad_order_does_not_stop_the_others(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(
        page_of(
            order("111-0000000-0000001", orderItems="not a list"),
            order("111-0000000-0000002", createdTime="yesterday"),
            order("111-0000000-0000003"),
            "not an order",
            {"orderId": ["x"]},
        )
    )

    page = await seller.account().search_orders(window(), None)

    assert [one.number for one in page.orders] == ["111-0000000-0000003"]
    assert [one.number for one in page.unreadable] == [
        "111-0000000-0000001",
        "111-0000000-0000002",
        None,
        None,
    ]
    assert "orderItems" in page.unreadable[0].reason


async def test_a_field_without_a_bottom_costs_no_order(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    page = page_of(order("111-0000000-0000001"), order("111-0000000-0000002", new="@@"))
    deep = b"[" * 3000 + b"]" * 3000
    amazon.will(msgspec.structs.replace(page, body=page.body.replace(b'"@@"', deep)))

    found = await seller.account().search_orders(window(), None)

    assert [one.number[-1] for one in found.orders] == ["1", "2"]


async def test_depths_without_an_end_are_no_answer(amazon: ScriptedAmazon, seller: Seller) -> None:
    amazon.will(Reply(200, b'{"orders": ' + b"[" * 3000), page_of(order()))

    found = await seller.account().search_orders(window(), None)

    assert len(found.orders) == 1
    assert len(amazon.calls) == 2


# Single orders


async def test_an_order_asked_for_by_number_is_the_one_of_the_window(
    local_seller: Seller,
) -> None:
    page = (await pages(local_seller))[0]

    alone = [await local_seller.account().get_order(one.number) for one in page.orders]

    assert alone == list(page.orders)


async def test_a_number_can_not_leave_its_place_in_the_path(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(Reply(200, msgspec.json.encode({"order": order()})))

    await seller.account().get_order("../../feeds?x=1#")

    assert amazon.calls[0].path == "/orders/2026-01-01/orders/..%2F..%2Ffeeds%3Fx%3D1%23"


async def test_an_unreadable_order_is_named_without_its_content(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    broken = order(buyer={"buyerName": ["Erika Mustermann"]})
    amazon.will(Reply(200, msgspec.json.encode({"order": broken})))

    with pytest.raises(Unreadable, match="buyerName") as told:
        await seller.account().get_order(NUMBER)

    assert "Erika" not in str(told.value)


# Without the role for personal data


async def test_orders_come_without_the_buyer_where_the_role_is_missing(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    by_amazon = order(
        "111-0000000-0000002",
        fulfillment={"fulfillmentStatus": "SHIPPED", "fulfilledBy": "AMAZON"},
    )
    amazon.will(DENIED, DENIED, page_of(order(), by_amazon))

    page = await seller.account().search_orders(window(), None)

    assert [one.personal_data_refused for one in page.orders] == [True, False]
    assert amazon.calls[-1].params["includedData"] == IMPERSONAL


async def test_a_refusal_that_passes_costs_no_order_its_buyer(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(DENIED, page_of(order()), DENIED, page_of(order()))

    found = [await seller.account().search_orders(window(), None) for _ in range(2)]

    assert [page.orders[0].personal_data_refused for page in found] == [False, False]
    assert all("RECIPIENT" in one.params["includedData"] for one in amazon.calls)


async def test_a_refusal_of_personal_data_is_doubted_once_more_then_believed_for_an_hour(
    amazon: ScriptedAmazon, seller: Seller, clock: TurnedClock
) -> None:
    async def asked() -> list[bool]:
        before = len(amazon.calls)
        await seller.account().search_orders(window(), None)
        return ["RECIPIENT" in one.params["includedData"] for one in amazon.calls[before:]]

    amazon.will(DENIED, DENIED)
    assert await asked() == [True, True, False]
    assert await asked() == [False]

    clock.advance(300)
    amazon.will(DENIED)
    assert await asked() == [True, False]

    clock.advance(3599)
    assert await asked() == [False]
    clock.advance(1)
    amazon.will(DENIED)
    assert await asked() == [True, False]
    clock.advance(3600)
    assert await asked() == [True]


async def test_a_refusal_of_personal_data_concerns_one_operation(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(DENIED, DENIED, NO_ORDERS, Reply(200, msgspec.json.encode({"order": order()})))
    await seller.account().search_orders(window(), None)

    found = await seller.account().get_order(NUMBER)

    assert not found.personal_data_refused


async def test_a_denial_of_everything_is_no_matter_of_personal_data(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(DENIED, DENIED, DENIED)
    with pytest.raises(AccessDenied):
        await seller.account().search_orders(window(), None)

    await seller.account().search_orders(window(), None)

    assert "RECIPIENT" in amazon.calls[-1].params["includedData"]


async def test_throttling_between_the_questions_loses_nothing(
    amazon: ScriptedAmazon, seller: Seller, clock: TurnedClock
) -> None:
    amazon.will(DENIED, refusal(429, "QuotaExceeded"), DENIED, page_of(order()))
    for _ in range(2):
        with pytest.raises(Throttled):
            await seller.account().search_orders(window(), None)
        clock.advance(200)

    page = await seller.account().search_orders(window(), None)

    assert [one.personal_data_refused for one in page.orders] == [True]
    assert len(amazon.calls) == 4

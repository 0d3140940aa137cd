"""Kept orders stand in for Amazon's own as far as the polls have come."""

from datetime import datetime, timedelta

from amazon_endpoint.orders import Order
from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.kept_orders import KeptOrders
from tests.integration.sync.accounts import ACCOUNT, Polled, changed

NUMBER = "111-0000000-0000001"
# Amazon lists what is two minutes old.
LISTED = timedelta(minutes=2)


async def current(
    shop: Polled, since: datetime, account: SyncAccount = ACCOUNT, number: str = NUMBER
) -> Order | None:
    known = await KeptOrders(shop.storage.orders).current(account, [number], since=since)
    return known.get(number)


async def poll_an_order(shop: Polled) -> Order:
    order = shop.amazon.put(1)
    shop.clock.advance(LISTED.total_seconds())
    await shop.poll()
    return order


async def test_before_the_first_poll_no_order_is_current(shop: Polled) -> None:
    assert await current(shop, shop.clock.now()) is None


async def test_an_order_is_current_up_to_where_the_polls_have_come(shop: Polled) -> None:
    order = await poll_an_order(shop)
    polled = shop.clock.now() - LISTED
    assert await current(shop, polled) == order
    assert await current(shop, polled + timedelta(seconds=1)) is None


async def test_an_order_that_did_not_change_stays_current(shop: Polled) -> None:
    order = await poll_an_order(shop)
    await shop.later()
    assert await current(shop, shop.clock.now() - LISTED) == order


async def test_an_order_that_was_never_read_is_not_known(shop: Polled) -> None:
    await poll_an_order(shop)
    assert await current(shop, shop.clock.now() - LISTED, number="111-0000000-0000002") is None


async def test_with_a_filter_of_statuses_changes_may_pass_unread(shop: Polled) -> None:
    await poll_an_order(shop)
    account = changed(statuses=("Unshipped",))
    assert await current(shop, shop.clock.now() - LISTED, account) is None

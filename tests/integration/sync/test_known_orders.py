"""Orders read by number: what is held, put aside or hinted at, next to the polls."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from amazon_endpoint.amazon.port import OrderPage, OrderQuery
from amazon_endpoint.errors import AmazonUnavailable, CredentialsRefused, InvalidInput, Throttled
from amazon_endpoint.sync.intake import Decide
from amazon_endpoint.sync.known_orders import WantedOrder, find_due
from amazon_endpoint.sync.quarantine import retry
from tests.integration.sync.accounts import ACCOUNT, Polled, changed
from tests.turned_clock import NOON

ONE, TWO, THREE = (f"111-0000000-000000{number}" for number in (1, 2, 3))
WEEK = timedelta(days=7)
BARE: dict[str, Any] = {
    "buyer_email": None,
    "shipping_address": None,
    "personal_data_refused": True,
}


async def wanted(shop: Polled, until: datetime = NOON + WEEK) -> dict[str, WantedOrder]:
    due = await shop.storage.wanted_orders.due(ACCOUNT.id, until, 100)
    return {one.number: one for one in due}


async def want(shop: Polled, *numbers: str) -> None:
    await shop.storage.wanted_orders.want(ACCOUNT.id, numbers, shop.clock.now())


def keeping(
    shop: Polled, monkeypatch: pytest.MonkeyPatch, never: str | None = None
) -> list[Sequence[str]]:
    """What is kept together, of each transaction. One with the order `never` fails."""
    together = []
    take_in = shop.storage.orders.take_in

    async def counted(account_id: str, numbers: Sequence[str], decide: Decide) -> bool:
        if never in numbers:
            raise InvalidInput
        together.append(numbers)
        return await take_in(account_id, numbers, decide)

    monkeypatch.setattr(shop.storage.orders, "take_in", counted)
    return together


async def test_an_order_wanted_often_is_read_once(shop: Polled) -> None:
    shop.amazon.put(1)
    await want(shop, ONE, ONE)
    await want(shop, ONE)
    assert await find_due(shop.storage.wanted_orders, NOON) == [("read", ACCOUNT.id)]

    await shop.read_known()

    assert shop.amazon.asked_for == [ONE]
    assert await shop.messages() == [(1, "order:import")]
    assert await find_due(shop.storage.wanted_orders, NOON + WEEK) == []


async def test_what_the_quota_holds_is_read_at_once_and_the_rest_in_rounds(shop: Polled) -> None:
    numbers = [shop.amazon.put(number).number for number in range(45)]
    await want(shop, *numbers)

    for read, seconds_to_the_next in [(30, 20), (40, 10)]:
        again = await shop.read_known()
        assert len(shop.amazon.asked_for) == read
        assert again is not None
        assert round((again - shop.clock.now()).total_seconds(), 3) == seconds_to_the_next
        shop.clock.advance((again - shop.clock.now()).total_seconds())
    assert await shop.read_known() is None

    assert shop.amazon.asked_for == numbers
    assert len(await shop.messages()) == 45


async def test_a_single_order_waits_for_no_others(shop: Polled) -> None:
    shop.amazon.put(1)
    await want(shop, ONE)
    shop.amazon.drain()

    again = await shop.read_known()

    assert again is not None
    assert round((again - NOON).total_seconds(), 3) == 2
    assert shop.amazon.asked_for == []


async def test_a_round_is_kept_in_one_transaction(
    shop: Polled, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = keeping(shop, monkeypatch)
    numbers = [shop.amazon.put(number).number for number in range(12)]
    await want(shop, *numbers)

    await shop.read_known()

    assert kept == [numbers]


async def test_what_can_not_be_kept_spoils_no_other_of_its_round(
    shop: Polled, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping(shop, monkeypatch, never=TWO)
    for number in (1, 2, 3):
        shop.amazon.put(number)
    await want(shop, ONE, TWO, THREE)

    await shop.read_known()

    assert await shop.messages() == [(1, "order:import"), (3, "order:import")]
    assert {one.number: one.last_error for one in (await wanted(shop)).values()} == {
        TWO: "InvalidInput"
    }


async def test_an_order_held_for_its_address_is_read_until_amazon_tells_it(shop: Polled) -> None:
    order = shop.amazon.put(1)
    shop.amazon.put(1, **BARE)
    await shop.later()
    assert await shop.messages() == []
    await shop.read_known()
    assert shop.amazon.asked_for == []

    shop.clock.advance(600)
    await shop.read_known()
    assert await shop.messages() == []
    assert (await wanted(shop))[ONE].attempts == 1

    shop.amazon.orders[ONE] = order
    shop.clock.advance(600)
    await shop.read_known()
    assert await shop.messages() == [(1, "order:import")]
    assert await wanted(shop) == {}


async def test_a_poll_that_brings_the_address_ends_the_wait(shop: Polled) -> None:
    order = shop.amazon.put(1)
    shop.amazon.put(1, **BARE)
    await shop.later()
    shop.amazon.orders[ONE] = order

    await shop.later()

    assert await shop.messages() == [(1, "order:import")]
    assert await wanted(shop) == {}


async def test_what_is_wanted_while_a_page_is_read_is_not_settled_by_it(
    shop: Polled, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.amazon.put(1)
    listed = shop.amazon.search_orders

    async def search_orders(query: OrderQuery, page_token: str | None) -> OrderPage:
        page = await listed(query, page_token)
        shop.clock.advance(1)
        await want(shop, ONE)
        return page

    monkeypatch.setattr(shop.amazon, "search_orders", search_orders)
    await shop.later()

    assert set(await wanted(shop)) == {ONE}


async def test_an_order_in_quarantine_is_read_again_by_itself(shop: Polled) -> None:
    shop.amazon.put(1)
    shop.amazon.unreadable = {ONE}
    await shop.later()
    shop.clock.advance(600)
    await shop.read_known()
    [aside] = await shop.storage.quarantine.of(ACCOUNT.id)
    assert aside.last_seen_at > aside.first_seen_at

    shop.amazon.unreadable = set()
    shop.clock.advance(3600)
    await shop.read_known()

    assert await shop.storage.quarantine.of(ACCOUNT.id) == ()
    assert await shop.messages() == [(1, "order:import")]


async def test_an_order_in_quarantine_is_read_again_on_command(shop: Polled) -> None:
    for number in (1, 2):
        shop.amazon.put(number)
    shop.amazon.unreadable = {ONE, TWO}
    await shop.later()
    repositories = shop.storage.quarantine, shop.storage.wanted_orders

    assert await retry(*repositories, ACCOUNT.id, shop.clock.now(), ONE) == 1
    assert set(await wanted(shop, shop.clock.now())) == {ONE}
    assert await retry(*repositories, ACCOUNT.id, shop.clock.now()) == 2
    assert set(await wanted(shop, shop.clock.now())) == {ONE, TWO}
    with pytest.raises(InvalidInput, match="not in quarantine"):
        await retry(*repositories, ACCOUNT.id, shop.clock.now(), THREE)


async def test_a_number_that_amazon_knows_not_is_put_aside_and_not_asked_again(
    shop: Polled,
) -> None:
    await want(shop, ONE)

    await shop.read_known()

    [aside] = await shop.storage.quarantine.of(ACCOUNT.id)
    assert aside.reason == "Amazon knows no such order in this account."
    assert await wanted(shop) == {}


async def test_being_throttled_is_no_failure(shop: Polled) -> None:
    for number in (1, 2, 3):
        shop.amazon.put(number)
    await want(shop, ONE, TWO, THREE)
    shop.amazon.failures.extend([None, Throttled(not_before=NOON + timedelta(seconds=40))])

    assert await shop.read_known() == NOON + timedelta(seconds=40)

    assert len(await shop.messages()) == 2
    assert {one.number: one.attempts for one in (await wanted(shop)).values()} == {TWO: 0}
    shop.clock.advance(40)
    await shop.read_known()
    assert await shop.messages() == [(2, "order:import")]


@pytest.mark.parametrize("error", [AmazonUnavailable, CredentialsRefused])
async def test_what_fails_is_left_alone_ever_longer_and_holds_up_nobody(
    shop: Polled, error: type[AmazonUnavailable]
) -> None:
    for number in (1, 2):
        shop.amazon.put(number)
    await want(shop, ONE, TWO)
    shop.amazon.failures.append(error("Patrick Cook", request_id="r-1"))

    await shop.read_known()

    assert await shop.messages() == [(2, "order:import")]
    failed = (await wanted(shop))[ONE]
    assert failed.last_error == f"{error.__name__} (Amazon request id r-1)"
    assert failed.next_attempt_at == NOON + timedelta(minutes=7.5)

    shop.clock.advance(450)
    shop.amazon.failures.append(error())
    await shop.read_known()
    failed = (await wanted(shop))[ONE]
    assert failed.next_attempt_at == shop.clock.now() + timedelta(minutes=15)


async def test_an_order_of_a_paused_account_is_left_alone(shop: Polled) -> None:
    await want(shop, ONE)
    shop.account = changed(paused_at=NOON)

    await shop.read_known()

    assert shop.amazon.asked_for == []


async def test_what_was_wanted_last_is_read_first_while_a_poll_has_pages_to_go(
    shop: Polled,
) -> None:
    numbers = [shop.amazon.put(number).number for number in range(30)]
    for one in numbers:
        await want(shop, one)
        shop.clock.advance(1)
    shop.amazon.page_size = 10
    shop.clock.advance(600)
    await shop.poll_once()

    await shop.read_known()

    assert shop.amazon.asked_for == numbers[:9:-1]


async def test_what_is_longest_due_is_read_first_once_the_polls_have_caught_up(
    shop: Polled,
) -> None:
    await shop.poll()
    numbers = [shop.amazon.put(number).number for number in range(3)]
    for one in numbers:
        await want(shop, one)
        shop.clock.advance(1)

    await shop.read_known()

    assert shop.amazon.asked_for == numbers

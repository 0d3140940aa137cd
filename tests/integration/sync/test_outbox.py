"""The outbox: of each order one message at a time, in its sequence."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from amazon_endpoint.stores.messages import read_order
from amazon_endpoint.sync.accounts import AccountUnknown
from amazon_endpoint.sync.outbox import Outbox, OutboxMessage, find_due
from amazon_endpoint.sync.standing import Standing
from tests.integration.sync.accounts import ACCOUNT, Polled
from tests.turned_clock import NOON

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
ONE, TWO = (f"111-0000000-000000{number}" for number in (1, 2))


async def fill(shop: Polled) -> Outbox:
    """Two orders, each with two messages."""
    for status in ("Unshipped", "Shipped"):
        for number in (1, 2):
            shop.amazon.put(number, status=status)
        await shop.later()
    return shop.storage.outbox


async def due(shop: Polled, *, limit: int = 10) -> list[tuple[str, int]]:
    found = await shop.storage.outbox.due(ACCOUNT.id, shop.clock.now(), limit)
    return [(one.order_number, one.sequence) for one in found]


async def first(shop: Polled) -> OutboxMessage:
    return (await shop.storage.outbox.due(ACCOUNT.id, shop.clock.now(), 1))[0]


async def test_of_each_order_only_the_first_undelivered_message_is_due(shop: Polled) -> None:
    outbox = await fill(shop)
    assert await due(shop) == [(ONE, 1), (TWO, 1)]
    assert await due(shop, limit=1) == [(ONE, 1)]

    assert await outbox.delivered([await first(shop)], shop.clock.now())

    assert set(await due(shop)) == {(ONE, 2), (TWO, 1)}


async def test_a_message_that_is_put_off_holds_up_its_own_order_alone(shop: Polled) -> None:
    outbox = await fill(shop)
    message = await first(shop)

    assert await outbox.put_off(message, shop.clock.now() + HOUR, "503")

    assert await due(shop) == [(TWO, 1)]
    shop.clock.advance(3600)
    again = {one.order_number: one for one in await outbox.due(ACCOUNT.id, shop.clock.now(), 9)}
    assert again[ONE].webhook_id == message.webhook_id
    assert again[ONE].attempts == 1


async def test_a_parked_message_holds_up_its_order_until_it_is_redelivered(shop: Polled) -> None:
    outbox = await fill(shop)
    message = await first(shop)
    assert await outbox.park(message, "410")
    assert await due(shop) == [(TWO, 1)]

    assert await outbox.redeliver(ACCOUNT.id, shop.clock.now(), TWO) == 0
    assert await outbox.redeliver(ACCOUNT.id, shop.clock.now(), ONE) == 1

    assert (ONE, 1) in await due(shop)
    assert [number for number, _ in await shop.messages()].count(1) == 2


async def test_all_parked_messages_of_an_account_can_be_redelivered(shop: Polled) -> None:
    outbox = await fill(shop)
    for message in await outbox.due(ACCOUNT.id, shop.clock.now(), 9):
        await outbox.park(message, "410")
    assert await due(shop) == []

    assert await outbox.redeliver(ACCOUNT.id, shop.clock.now()) == 2
    assert len(await due(shop)) == 2


async def test_of_two_attempts_at_a_message_only_one_counts(shop: Polled) -> None:
    outbox = await fill(shop)
    message = await first(shop)

    ends = await asyncio.gather(
        *(outbox.put_off(message, shop.clock.now(), "503") for _ in range(3))
    )

    assert sorted(ends) == [False, False, True]
    assert not await outbox.delivered([message], shop.clock.now())


async def test_what_is_erased_is_never_delivered_and_holds_up_nothing(shop: Polled) -> None:
    outbox = await fill(shop)

    await shop.storage.buyers_data.erase(ACCOUNT.id, ONE, shop.clock.now())

    assert await due(shop) == [(TWO, 1)]
    assert await outbox.undelivered(ACCOUNT.id) == 2
    shop.amazon.put(1, status="Canceled")
    await shop.later()
    assert (ONE, 3) in await due(shop)


async def test_what_the_store_lacks_is_counted(shop: Polled) -> None:
    outbox = await fill(shop)
    assert await outbox.undelivered(ACCOUNT.id) == 4
    assert await find_due(outbox, shop.clock.now()) == [("deliver", ACCOUNT.id)]
    await outbox.park(await first(shop), "410")
    assert await outbox.undelivered(ACCOUNT.id) == 4

    await shop.messages()

    assert await outbox.undelivered(ACCOUNT.id) == 2
    assert await find_due(outbox, NOON + WEEK) == []


async def test_a_message_is_the_order_as_it_was_and_has_a_name_of_its_own(shop: Polled) -> None:
    await fill(shop)
    names = set()
    for status in ("Unshipped", "Shipped"):
        for message in await shop.storage.outbox.due(ACCOUNT.id, shop.clock.now(), 9):
            body = shop.storage.outbox.open(message)
            assert read_order(body).order.status == status
            assert "." not in message.webhook_id
            names.add(message.webhook_id)
            await shop.storage.outbox.delivered([message], shop.clock.now())
    assert len(names) == 4


async def test_a_message_is_kept_sealed(shop: Polled) -> None:
    outbox = await fill(shop)
    message = await first(shop)

    assert b"Patrick" not in message.sealed
    assert b"Patrick" in outbox.open(message)


async def test_what_was_put_off_can_be_redelivered_too(shop: Polled) -> None:
    outbox = await fill(shop)
    await outbox.put_off(await first(shop), shop.clock.now() + HOUR, "503")

    assert await outbox.redeliver(ACCOUNT.id, shop.clock.now()) == 1

    found = await outbox.due(ACCOUNT.id, shop.clock.now(), 9)
    assert {one.order_number: one.attempts for one in found} == {ONE: 0, TWO: 0}


@pytest.mark.parametrize(
    "closed",
    [{"stopped_at": NOON}, {"failures": 3, "rests_until": NOON + WEEK}],
    ids=["stopped", "resting"],
)
async def test_a_store_that_is_not_to_be_called_has_nothing_to_do(
    shop: Polled, closed: dict[str, Any]
) -> None:
    outbox = await fill(shop)
    assert await outbox.keep_standing(Standing(account_id=ACCOUNT.id, reason="410", **closed))
    assert await find_due(outbox, shop.clock.now()) == []
    assert (await outbox.standing(ACCOUNT.id)).reason == "410"

    await outbox.redeliver(ACCOUNT.id, shop.clock.now())

    assert await find_due(outbox, shop.clock.now()) == [("deliver", ACCOUNT.id)]
    assert (await outbox.standing(ACCOUNT.id)).is_open(shop.clock.now())


async def test_a_rest_ends_by_itself(shop: Polled) -> None:
    outbox = await fill(shop)
    await outbox.keep_standing(Standing(account_id=ACCOUNT.id, rests_until=shop.clock.now() + HOUR))

    shop.clock.advance(3600)

    assert await find_due(outbox, shop.clock.now()) == [("deliver", ACCOUNT.id)]


async def test_what_a_store_said_before_the_operator_spoke_counts_no_more(shop: Polled) -> None:
    outbox = shop.storage.outbox
    stopped = msgspec.structs.replace(await outbox.standing(ACCOUNT.id), stopped_at=NOON)
    await outbox.redeliver(ACCOUNT.id, shop.clock.now())
    assert not await outbox.keep_standing(stopped)

    stopped = msgspec.structs.replace(await outbox.standing(ACCOUNT.id), stopped_at=NOON)
    assert await outbox.keep_standing(stopped)
    assert not await outbox.keep_standing(stopped)
    await outbox.redeliver(ACCOUNT.id, shop.clock.now())
    assert (await outbox.standing(ACCOUNT.id)).stopped_at is None


async def test_a_removed_account_has_nothing_to_redeliver(shop: Polled) -> None:
    await shop.storage.accounts.remove(ACCOUNT.id)

    with pytest.raises(AccountUnknown):
        await shop.storage.outbox.redeliver(ACCOUNT.id, shop.clock.now())
    with pytest.raises(AccountUnknown):
        await shop.storage.outbox.keep_standing(Standing(account_id=ACCOUNT.id))

"""Deliveries: whatever a store does, each message comes to it, those of an order in sequence."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest
from structlog.testing import capture_logs

from amazon_endpoint import outbound as outbound_module
from amazon_endpoint.outbound import Outbound
from amazon_endpoint.storage import StorageUnavailable
from amazon_endpoint.storage.outbox import StoredOutbox
from amazon_endpoint.stores.port import Delivery, Outcome
from amazon_endpoint.stores.webhook import WebhookStore
from amazon_endpoint.sync import delivery
from amazon_endpoint.sync.outbox import OutboxState
from tests.integration.spapi.scripted_amazon import LOST, Reply
from tests.integration.sync.accounts import ACCOUNT, Polled
from tests.integration.sync.shopkeeper import Delivering, Shopkeeper
from tests.unit.stores.examples import TOKEN

HOUR = 60 * 60
DAY = 24 * HOUR
HTML = Reply(502, b"<p>Patrick Cook</p>", {"content-type": "text/html"})


@pytest.fixture
async def store() -> AsyncIterator[Shopkeeper]:
    async with Shopkeeper() as running:
        yield running


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    """Connects to this machine by its number, as if the operator had listed it, and not by name."""
    client = Outbound(may_be_private=lambda host, _port: host == "127.0.0.1")
    yield client
    await client.aclose()


@pytest.fixture
def world(shop: Polled, store: Shopkeeper, outbound: Outbound) -> Delivering:
    return Delivering(shop, store, outbound)


async def test_what_is_due_comes_to_the_store_in_the_sequence_of_each_order(
    world: Delivering,
) -> None:
    await world.place(*range(1, 7))
    await world.place(1, 2, status="Shipped")

    await world.deliver()

    for number in range(1, 7):
        told = [kind for about, kind in world.store.told if about == number]
        assert told == ["order:import", "order:update"][: 2 if number < 3 else 1]
    assert await world.lacking() == {}
    assert not await world.batch()


async def test_a_few_messages_go_at_once(
    world: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_BATCH", 8)
    await world.place(*range(1, 11))
    world.store.hold()

    batch = asyncio.create_task(world.batch())
    async with asyncio.timeout(60):
        await world.store.four_at_once.wait()
    world.store.release()

    assert world.is_now(await batch)
    assert world.store.most_at_once == 4
    assert len(world.store.asked) == 8


async def test_a_slow_store_leaves_others_their_turn(world: Delivering) -> None:
    await world.place(*range(1, 11))
    world.store.hold()

    batch = asyncio.create_task(world.batch())
    async with asyncio.timeout(60):
        await world.store.four_at_once.wait()
    world.shop.clock.advance(150)
    world.store.release()

    assert world.is_now(await batch)
    assert len(world.store.asked) == 4


async def test_what_failed_is_due_at_its_own_moment(world: Delivering) -> None:
    world.store.will_say(1, Reply(500))
    await world.place(1, 2)

    assert await world.batch() == world.shop.clock.now() + timedelta(seconds=10.5)


async def test_a_store_that_is_down_is_due_when_its_rest_is_over(world: Delivering) -> None:
    await world.place(*range(1, 6))
    world.store.always = LOST

    due = await world.batch()

    assert due == (await world.outbox.standing(ACCOUNT.id)).rests_until
    assert (due or world.shop.clock.now()) > world.shop.clock.now()
    assert await world.batch() == due


async def test_a_store_that_is_gone_is_due_at_no_moment(world: Delivering) -> None:
    await world.place(1)
    world.store.always = Reply(410)

    assert await world.batch() is None
    assert await world.batch() is None


async def test_an_update_waits_until_its_import_is_accepted(world: Delivering) -> None:
    world.store.will_say(1, HTML, Reply(429), LOST)
    await world.place(1, 2)
    await world.place(1, status="Shipped")

    await world.deliver()
    assert sorted(world.store.told) == [(1, "order:import"), (2, "order:import")]
    await world.later(600)

    told = [kind for about, kind in world.store.told if about == 1]
    assert told == [*4 * ["order:import"], "order:update"]
    assert len(set(world.store.ids)) == 3


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (HTML, "The store answered 502 (text/html)."),
        (Reply(307, b"", {"location": "/elsewhere"}), "Redirects are not followed"),
        (Reply(401), "secret"),
        (LOST, "no whole answer"),
    ],
    ids=["HTML", "redirect", "wrong secret", "lost answer"],
)
async def test_what_the_store_does_not_take_is_tried_again_and_holds_up_no_others(
    world: Delivering, reply: Reply, told: str
) -> None:
    world.store.will_say(1, reply)
    await world.place(1, 2)

    await world.deliver()

    left = await world.lacking()
    assert list(left) == [1]
    assert left[1].attempts == 1
    assert told in (left[1].last_error or "")
    assert left[1].next_attempt_at == world.shop.clock.now() + timedelta(seconds=10.5)
    await world.later(60)
    assert await world.lacking() == {}
    assert len(world.store.asked) == 3


async def test_a_busy_store_is_not_called_before_it_asks_to_be(world: Delivering) -> None:
    world.store.will_say(1, Reply(503, b"", {"retry-after": "3600"}))
    await world.place(1)
    await world.deliver()

    await world.later(3540)
    assert len(world.store.asked) == 1
    await world.later(60)

    assert len(world.store.asked) == 2
    assert await world.lacking() == {}


async def test_a_message_that_is_never_taken_is_parked_after_three_days(world: Delivering) -> None:
    world.store.always = HTML
    await world.place(1)
    await world.deliver()

    await world.later(3 * DAY)
    assert (await world.lacking())[1].state is OutboxState.PENDING
    await world.later(DAY / 2)

    parked = (await world.lacking())[1]
    assert (parked.state, parked.next_attempt_at) == (OutboxState.PARKED, None)
    attempts = len(world.store.asked)
    assert parked.attempts == attempts
    assert parked in await world.outbox.lacking(parked=True)
    await world.later(DAY)
    assert len(world.store.asked) == attempts
    world.store.always = None
    assert await world.outbox.redeliver(ACCOUNT.id, world.shop.clock.now()) == 1
    await world.deliver()
    assert await world.lacking() == {}
    assert len(set(world.store.ids)) == 1


async def test_a_store_that_is_down_is_asked_by_one_message_now_and_then(
    world: Delivering,
) -> None:
    await world.place(*range(1, 101))
    world.store.always = LOST

    await world.deliver()
    assert len(world.store.asked) == 4
    await world.later(3600)

    assert 10 <= len(world.store.asked) <= 20
    untried = [one for one in (await world.lacking()).values() if not one.attempts]
    assert len(untried) >= 100 - len(world.store.asked)
    world.store.always = None
    await world.later(6 * HOUR)
    assert await world.lacking() == {}


async def test_orders_that_no_store_takes_hold_up_no_others(world: Delivering) -> None:
    for number in range(1, 11):
        world.store.will_say(number, *60 * [Reply(422)])
    await world.place(*range(1, 11))
    await world.deliver()

    for number in range(11, 16):
        await world.place(number)
        await world.deliver()

    assert set(await world.lacking()) == set(range(1, 11))


async def test_a_store_that_is_gone_is_called_no_more_until_the_operator_says_so(
    world: Delivering,
) -> None:
    await world.place(*range(1, 21))
    world.store.always = Reply(410)

    await world.deliver()
    await world.later(4 * DAY)

    assert len(world.store.asked) == 4
    stopped = await world.outbox.standing(ACCOUNT.id)
    assert stopped.stopped_at is not None
    assert "410" in (stopped.reason or "")
    assert {one.state for one in (await world.lacking()).values()} == {OutboxState.PENDING}
    world.store.always = None
    await world.outbox.redeliver(ACCOUNT.id, world.shop.clock.now())
    await world.deliver()
    assert await world.lacking() == {}
    assert all(world.store.ids.count(one) <= 2 for one in world.store.ids)


async def test_what_a_store_says_after_the_operator_spoke_does_not_stop_the_next_one(
    world: Delivering,
) -> None:
    await world.place(1)
    world.store.always = Reply(410)
    world.store.hold()
    batch = asyncio.create_task(world.batch())
    await world.store.arrived.wait()

    await world.outbox.redeliver(ACCOUNT.id, world.shop.clock.now())
    world.store.release()

    assert world.is_now(await batch)
    assert (await world.outbox.standing(ACCOUNT.id)).is_open(world.shop.clock.now())


async def test_a_store_that_hangs_costs_a_bounded_while(
    world: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound_module, "_WHOLE_CALL_SECONDS", 1)
    await world.place(*range(1, 11))
    world.store.hold()

    await world.deliver()

    assert len(world.store.asked) == 4
    assert len(await world.lacking()) == 10
    world.store.release()


async def test_a_private_address_gets_nothing(world: Delivering) -> None:
    world.goes_to(world.store.url.replace("127.0.0.1", "localhost"))
    await world.place(1)

    await world.deliver()

    assert world.store.asked == []
    assert "AMAZON_ENDPOINT_ALLOWED_HOSTS" in ((await world.lacking())[1].last_error or "")


async def test_what_is_no_hub_extension_takes_no_orders(world: Delivering) -> None:
    world.goes_to(f"{world.store.url}/wombat", kind="v6", secret=TOKEN)
    world.store.always = Reply(200, b"<p>Please log in</p>", {"content-type": "text/html"})
    await world.place(1)

    await world.deliver()

    assert "no hub extension" in ((await world.lacking())[1].last_error or "")


async def test_what_can_not_be_opened_or_written_holds_up_no_others(world: Delivering) -> None:
    await world.place(*range(1, 7))
    keyring, place = world.outbox._keyring, {"table": "outbox", "row": "another/row"}
    await world.overwrite(1, b"\x01 sealed with a key that nobody has, as long as it has to be")
    await world.overwrite(2, keyring.seal(b"{}", **place))
    place["row"] = f"{ACCOUNT.id}/111-0000000-0000003/1"
    await world.overwrite(3, keyring.seal(b'{"order": "Patrick"}', **place))

    await world.deliver()

    left = await world.lacking()
    assert set(left) == {1, 2, 3}
    assert "was sealed with key" in (left[1].last_error or "")
    assert "Restore the database" in (left[2].last_error or "")
    assert left[3].last_error == "The message can't be written (ValidationError)."
    assert [one.attempts for one in left.values()] == [1, 1, 1]


@pytest.mark.parametrize(("seconds", "repeated"), [(0.0, 8), (1.0, 4)])
async def test_of_what_was_delivered_and_not_kept_a_second_comes_once_more(
    world: Delivering, monkeypatch: pytest.MonkeyPatch, seconds: float, repeated: int
) -> None:
    await world.place(*range(1, 9))
    deliver = WebhookStore.deliver

    async def takes_its_time(store: WebhookStore, delivery: Delivery) -> Outcome:
        world.shop.clock.advance(seconds)
        return await deliver(store, delivery)

    async def fails(_outbox: StoredOutbox, _messages: object, _now: object) -> int:
        raise StorageUnavailable

    monkeypatch.setattr(WebhookStore, "deliver", takes_its_time)
    with monkeypatch.context() as broken:
        broken.setattr(StoredOutbox, "delivered", fails)
        with pytest.raises(StorageUnavailable):
            await world.batch()
    assert len(world.store.asked) == repeated
    await world.deliver()

    assert await world.lacking() == {}
    times = sorted(map(world.store.ids.count, set(world.store.ids)))
    assert times == [1] * (8 - repeated) + [2] * repeated


async def test_a_paused_account_tells_its_store_nothing(world: Delivering) -> None:
    await world.place(1)
    world.account = msgspec.structs.replace(world.account, paused_at=world.shop.clock.now())

    assert not await world.batch()

    assert world.store.asked == []


async def test_logs_name_the_order_and_not_its_buyer(world: Delivering) -> None:
    world.store.will_say(1, HTML)
    world.store.will_say(2, Reply(410))
    await world.place(1, 2, 3)

    with capture_logs() as lines:
        await world.deliver()

    by_event = {one["event"]: one for one in lines}
    assert by_event["delivered"]["order"] == "111-0000000-0000003"
    assert by_event["delivery_failed"]["account"] == ACCOUNT.id
    assert by_event["delivery_failed"]["reason"] == "The store answered 502 (text/html)."
    assert by_event["store_gone"]["account"] == ACCOUNT.id
    assert "Patrick" not in repr(lines)

"""Confirmations in the database: one row per content, changed only by who saw it last."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.services.confirmations import (
    Channel,
    Confirmation,
    ConfirmationKey,
    ConfirmationState,
)
from amazon_endpoint.shipments import PackageItem
from amazon_endpoint.storage import Storage

SECOND = timedelta(seconds=1)
NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
KEY = ConfirmationKey(
    seller_id="A1SELLER", order_number="111-2223334-5556667", shipment_number="H438", content="c1"
)
PREPARED = Confirmation(
    key=KEY,
    reference="81",
    message_id="17",
    shipped_at=NOW - timedelta(days=1),
    items=(PackageItem("00000000000001", 2), PackageItem("00000000000002", 1)),
    channel=Channel.FEED,
    state=ConfirmationState.PREPARED,
    created_at=NOW,
)


async def find(storage: Storage, key: ConfirmationKey = KEY) -> Confirmation | None:
    found = await storage.confirmations.of_orders(key.seller_id, [key.order_number])
    return next((one for one in found if one.key == key), None)


def changed(confirmation: Confirmation, **changes: object) -> Confirmation:
    return msgspec.structs.replace(confirmation, **changes)


def other(**changes: str) -> Confirmation:
    return changed(PREPARED, key=msgspec.structs.replace(KEY, **changes))


def sending(confirmation: Confirmation = PREPARED, at: datetime = NOW) -> Confirmation:
    return changed(confirmation, state=ConfirmationState.SENDING, sent_at=at)


def submitted(feed_id: str, confirmation: Confirmation = PREPARED) -> Confirmation:
    return changed(confirmation, state=ConfirmationState.SUBMITTED, sent_at=NOW, feed_id=feed_id)


async def test_what_was_never_added_is_not_found(storage: Storage) -> None:
    assert await find(storage) is None


async def test_a_confirmation_comes_back_as_it_was_added(storage: Storage) -> None:
    full = changed(
        PREPARED,
        channel=Channel.DIRECT,
        state=ConfirmationState.REFUSED,
        sent_at=NOW + timedelta(microseconds=1),
        feed_id="50013018",
    )

    await storage.confirmations.add([full])
    assert await find(storage) == full


async def test_times_come_back_in_utc(storage: Storage) -> None:
    tokyo = timezone(timedelta(hours=9))
    await storage.confirmations.add([changed(PREPARED, shipped_at=NOW.astimezone(tokyo))])

    found = await find(storage)
    assert found is not None
    assert found.shipped_at == NOW
    assert found.shipped_at.tzinfo is UTC


async def test_adding_again_leaves_what_is_there(storage: Storage) -> None:
    await storage.confirmations.add([PREPARED])
    again = changed(PREPARED, shipped_at=NOW, created_at=NOW + timedelta(days=9))

    second = other(shipment_number="H439")
    await storage.confirmations.add([second, again])
    assert await storage.confirmations.of_orders("A1SELLER", [KEY.order_number]) == (
        PREPARED,
        second,
    )


async def test_what_is_there_is_not_begun(storage: Storage) -> None:
    assert await storage.confirmations.begin(sending())
    assert not await storage.confirmations.begin(PREPARED)
    assert await find(storage) == sending()


async def test_adding_at_once_stores_one(storage: Storage) -> None:
    candidates = [changed(PREPARED, reference=str(number)) for number in range(20)]
    await asyncio.gather(*(storage.confirmations.add([one]) for one in candidates))

    assert await find(storage) in candidates


async def test_a_committed_intent_survives_the_process(database_url: str) -> None:
    async with await Storage.open(database_url) as storage:
        await storage.confirmations.add([PREPARED])
    async with await Storage.open(database_url) as storage:
        assert await find(storage) == PREPARED


async def test_every_content_of_orders_is_told_oldest_first(storage: Storage) -> None:
    corrected = changed(other(content="b0"), created_at=NOW + timedelta(hours=2))
    parcel = changed(other(shipment_number="H439"), created_at=NOW + timedelta(hours=1))
    further = changed(other(order_number="111-2223334-5556668"), created_at=NOW - SECOND)
    elsewhere = (other(order_number="111-2223334-5556669"), other(seller_id="A2SELLER"))
    await storage.confirmations.add([corrected, parcel, PREPARED, further, *elsewhere])

    numbers = [KEY.order_number, further.key.order_number, "111-2223334-5556670"]
    found = await storage.confirmations.of_orders("A1SELLER", numbers)
    assert found == (further, PREPARED, parcel, corrected)
    assert await storage.confirmations.of_orders("A1SELLER", []) == ()


async def test_who_saw_the_row_last_replaces_it(storage: Storage) -> None:
    await storage.confirmations.add([PREPARED])

    assert await storage.confirmations.replace(PREPARED, sending())
    assert await find(storage) == sending()


async def test_a_row_that_moved_on_is_not_replaced(storage: Storage) -> None:
    await storage.confirmations.add([PREPARED])
    await storage.confirmations.replace(PREPARED, sending())

    assert not await storage.confirmations.replace(PREPARED, sending())


async def test_a_row_that_was_sent_again_is_not_replaced(storage: Storage) -> None:
    again = sending(at=NOW + timedelta(microseconds=1))
    await storage.confirmations.add([again])

    assert not await storage.confirmations.replace(sending(), submitted("50013018"))
    assert await find(storage) == again


async def test_a_row_that_is_not_there_is_not_replaced(storage: Storage) -> None:
    assert not await storage.confirmations.replace(PREPARED, sending())
    assert await find(storage) is None


async def test_of_all_that_replace_at_once_one_succeeds(storage: Storage) -> None:
    await storage.confirmations.add([PREPARED])
    attempts = (storage.confirmations.replace(PREPARED, sending()) for _ in range(20))

    assert sum(await asyncio.gather(*attempts)) == 1


async def test_many_rows_are_replaced_together(storage: Storage) -> None:
    second = other(shipment_number="H439")
    for one in (PREPARED, second):
        await storage.confirmations.add([one])

    moves = [(PREPARED, submitted("50013018")), (second, submitted("50013018", second))]
    assert await storage.confirmations.replace_all(moves)
    assert len(await storage.confirmations.of_feed("A1SELLER", "50013018")) == 2
    assert await storage.confirmations.feeds_known_since("A1SELLER", NOW) == {"50013018"}


async def test_of_many_rows_one_that_moved_on_keeps_all_as_they_were(storage: Storage) -> None:
    second = other(shipment_number="H439")
    for one in (PREPARED, second):
        await storage.confirmations.add([one])
    await storage.confirmations.replace(second, sending(second))

    moves = [(PREPARED, sending()), (second, sending(second))]
    assert not await storage.confirmations.replace_all(moves)
    assert await find(storage) == PREPARED


async def test_what_was_sent_together_is_found_together(storage: Storage) -> None:
    first = changed(sending(), submission="81 at noon")
    second = changed(sending(other(shipment_number="H439")), submission="81 at noon")
    elsewhere = changed(submitted("1", other(seller_id="A2SELLER")), submission="81 at noon")
    apart = changed(submitted("2", other(shipment_number="H440")), submission="17 at noon")
    for one in (first, second, elsewhere, apart):
        await storage.confirmations.add([one])

    assert await storage.confirmations.feed_of_submission("A1SELLER", "81 at noon") is None
    await storage.confirmations.replace(second, changed(second, feed_id="50013018"))
    assert await storage.confirmations.feed_of_submission("A1SELLER", "81 at noon") == "50013018"


async def test_the_other_contents_of_what_was_sent_together_are_found(storage: Storage) -> None:
    mine = changed(sending(), submission="81 at noon")
    rival = other(content="corrected")
    for one in (mine, rival, other(shipment_number="H439"), other(seller_id="A2SELLER")):
        await storage.confirmations.add([one])

    assert await storage.confirmations.rivals("A1SELLER", "81 at noon") == (rival,)


async def test_a_feed_knows_what_travelled_in_it(storage: Storage) -> None:
    first = submitted("50013018")
    second = submitted("50013018", other(shipment_number="H439"))
    for one in (first, second, submitted("50013019", other(shipment_number="H440"))):
        await storage.confirmations.add([one])
    await storage.confirmations.add([submitted("50013018", other(seller_id="A2SELLER"))])

    assert set(await storage.confirmations.of_feed("A1SELLER", "50013018")) == {first, second}


async def test_the_feeds_we_were_given_are_known(storage: Storage) -> None:
    await storage.confirmations.add([sending()])
    await storage.confirmations.replace(sending(), submitted("50013018"))
    elsewhere = sending(other(seller_id="A2SELLER"))
    await storage.confirmations.add([elsewhere])
    await storage.confirmations.replace(elsewhere, submitted("50013019", elsewhere))

    assert await storage.confirmations.feeds_known_since("A1SELLER", NOW) == {"50013018"}


async def test_a_feed_that_began_just_before_is_known(storage: Storage) -> None:
    await storage.confirmations.add([sending()])
    await storage.confirmations.replace(sending(), submitted("50013018"))

    shortly_after = NOW + timedelta(minutes=1)
    assert await storage.confirmations.feeds_known_since("A1SELLER", shortly_after) == {"50013018"}
    assert not await storage.confirmations.feeds_known_since("A1SELLER", NOW + timedelta(days=1))


async def test_a_feed_stays_known_after_another_try(storage: Storage) -> None:
    first = submitted("50013018")
    await storage.confirmations.add([sending()])
    await storage.confirmations.replace(sending(), first)
    again = changed(first, state=ConfirmationState.SENDING, feed_id=None)
    await storage.confirmations.replace(first, again)
    await storage.confirmations.replace(again, submitted("50013019"))

    known = await storage.confirmations.feeds_known_since("A1SELLER", NOW)
    assert known == {"50013018", "50013019"}


async def test_two_shipments_in_one_feed_make_it_known_once(storage: Storage) -> None:
    for one in (PREPARED, other(shipment_number="H439")):
        await storage.confirmations.add([one])
        assert await storage.confirmations.replace(one, submitted("50013018", one))

    assert await storage.confirmations.feeds_known_since("A1SELLER", NOW) == {"50013018"}


@pytest.mark.parametrize("number", ["H438\0", "H" * 256], ids=["NUL", "endless"])
async def test_what_postgresql_cannot_keep_is_invalid_input(
    postgresql_url: str, number: str
) -> None:
    async with await Storage.open(postgresql_url) as storage:
        with pytest.raises(InvalidInput):
            await storage.confirmations.add([other(shipment_number=number)])


async def test_an_intent_is_committed_though_its_caller_gave_up(database_url: str) -> None:
    async with await Storage.open(database_url) as storage:
        adding = asyncio.create_task(storage.confirmations.add([PREPARED]))
        await asyncio.sleep(0)
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding

    async with await Storage.open(database_url) as storage:
        assert await find(storage) == PREPARED

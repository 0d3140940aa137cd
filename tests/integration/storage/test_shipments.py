"""Shipments in the database: kept first, told of once, and moved only by who saw them last."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.shipments import Shipment, ShipmentItem
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.encryption import KeyMissing
from amazon_endpoint.storage.shipment_tables import shipments as rows
from amazon_endpoint.storage.shipments import StoredShipments
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.sync.accounts import AccountUnknown, paused
from amazon_endpoint.sync.shipping import (
    KeptShipment,
    NextDue,
    ShipmentErased,
    ShipmentState,
    ShipmentUnknown,
    confirmed,
    find_due,
    new_feed,
    put_off,
    refused,
    sent,
)
from tests.integration.sync.accounts import ACCOUNT, KEY

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
OTHER_KEY = "b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVyb3Q="
SHIPMENT = Shipment(
    number="H1",
    order_number="111-2222222-3333333",
    tracking="1Z CANARY",
    shipping_method="UPS Ground",
    shipped_at=NOW - timedelta(hours=1),
    items=(ShipmentItem(sku="MUG", quantity=2),),
)
CORRECTED = msgspec.structs.replace(SHIPMENT, tracking="1Z OTHER")


@pytest.fixture
async def kept(storage: Storage) -> SyncStorage:
    unlocked = await storage.unlock(KEY)
    await unlocked.accounts.add(ACCOUNT)
    return unlocked


@pytest.fixture
def shipments(kept: SyncStorage) -> StoredShipments:
    return kept.shipments


async def receive(
    shipments: StoredShipments, shipment: Shipment = SHIPMENT, now: datetime = NOW
) -> KeptShipment:
    return await shipments.receive(shipment, account_id=ACCOUNT.id, now=now)


async def told(kept: SyncStorage) -> list[str]:
    found = []
    while due := await kept.outbox.due(ACCOUNT.id, LATER, 10):
        for message in due:
            found.append(str(message.kind))
            await kept.outbox.delivered([message], LATER)
    return found


async def again(shipments: StoredShipments, one: KeptShipment) -> KeptShipment:
    return await shipments.get(ACCOUNT.id, one.id)


async def test_another_key_than_the_accounts_takes_no_shipment_in(
    storage: Storage, kept: SyncStorage
) -> None:
    stranger = await storage.unlock(OTHER_KEY)
    with pytest.raises(KeyMissing, match=f"accounts {ACCOUNT.id} was sealed with key"):
        await receive(stranger.shipments)
    assert await kept.shipments.of(ACCOUNT.id) == ()


async def test_a_new_key_takes_shipments_in_next_to_the_old_one(
    storage: Storage, kept: SyncStorage
) -> None:
    rotating = await storage.unlock(f"{OTHER_KEY},{KEY}")
    one = await receive(rotating.shipments)
    assert rotating.shipments.open(one) == SHIPMENT


async def test_shipments_are_listed_the_latest_first(shipments: StoredShipments) -> None:
    first = await receive(shipments)
    second = await receive(shipments, CORRECTED, LATER)

    replaced, waiting = await again(shipments, first), second
    assert await shipments.of(ACCOUNT.id) == (waiting, replaced)
    assert await shipments.of(ACCOUNT.id, limit=1) == (waiting,)
    assert await shipments.of(ACCOUNT.id, ShipmentState.REPLACED) == (replaced,)
    assert await shipments.of("another") == ()


async def test_a_shipment_is_kept_and_comes_back(shipments: StoredShipments) -> None:
    received = await receive(shipments)
    assert received.state is ShipmentState.WAITING
    assert received.next_attempt_at == NOW
    assert await again(shipments, received) == received
    assert shipments.open(received) == SHIPMENT


async def test_the_same_content_again_is_the_same_shipment(shipments: StoredShipments) -> None:
    first = await receive(shipments)
    await shipments.move([(first, sent(first, "7001"))], feed=new_feed(ACCOUNT.id, "7001", NOW))
    second = await receive(shipments, now=LATER)
    assert (second.id, second.state, second.feed_id) == (first.id, ShipmentState.SENT, "7001")
    assert second.received_at == NOW


async def test_changed_content_takes_the_place_of_what_waits(shipments: StoredShipments) -> None:
    first = await receive(shipments)
    second = await receive(shipments, CORRECTED, LATER)
    assert second.id != first.id
    assert (await again(shipments, first)).state is ShipmentState.REPLACED
    assert [one.id for one in await shipments.waiting(ACCOUNT.id, LATER, 10)] == [second.id]


async def test_changed_content_leaves_alone_what_was_sent(shipments: StoredShipments) -> None:
    first = await receive(shipments)
    await shipments.move([(first, sent(first, "7001"))], feed=new_feed(ACCOUNT.id, "7001", NOW))
    await receive(shipments, CORRECTED, LATER)
    assert (await again(shipments, first)).state is ShipmentState.SENT


async def test_another_shipment_of_the_order_replaces_nothing(shipments: StoredShipments) -> None:
    await receive(shipments)
    await receive(shipments, msgspec.structs.replace(SHIPMENT, number="H2"), LATER)
    assert len(await shipments.waiting(ACCOUNT.id, LATER, 10)) == 2


async def test_what_was_refused_is_tried_again_when_it_comes_again(
    kept: SyncStorage, shipments: StoredShipments
) -> None:
    first = await receive(shipments)
    await shipments.move([(first, refused(first, "No.", NOW))])
    second = await receive(shipments, now=LATER)
    assert (second.id, second.state, second.reason) == (first.id, ShipmentState.WAITING, None)
    await shipments.move([(second, refused(second, "No.", LATER))])
    assert await told(kept) == ["shipment:refused", "shipment:refused"]


async def test_an_end_is_told_once(kept: SyncStorage, shipments: StoredShipments) -> None:
    first = await receive(shipments)
    moves = [(first, confirmed(first, NOW))]
    await shipments.move(moves)
    await shipments.move(moves)
    end = await again(shipments, first)
    await shipments.move([(end, put_off(end, LATER, None))])
    assert await told(kept) == ["shipment:confirmed"]


async def test_who_saw_an_older_state_moves_nothing(shipments: StoredShipments) -> None:
    first = await receive(shipments)
    postponed = put_off(first, LATER, "Not yet.")
    await shipments.move([(first, postponed)])
    await shipments.move([(first, refused(first, "No.", NOW))])
    assert await again(shipments, first) == postponed


async def test_an_unknown_account_keeps_nothing(shipments: StoredShipments) -> None:
    with pytest.raises(AccountUnknown):
        await shipments.receive(SHIPMENT, account_id="nobody", now=NOW)


async def test_an_id_is_known_to_its_account_only(shipments: StoredShipments) -> None:
    first = await receive(shipments)
    with pytest.raises(ShipmentUnknown):
        await shipments.get("nobody", first.id)


async def test_all_of_it_goes_with_the_account(
    kept: SyncStorage, shipments: StoredShipments
) -> None:
    first = await receive(shipments)
    await shipments.move([(first, sent(first, "7001"))], feed=new_feed(ACCOUNT.id, "7001", NOW))
    await kept.accounts.remove(ACCOUNT.id, force=True)
    with pytest.raises(ShipmentUnknown):
        await again(shipments, first)
    with pytest.raises(AccountUnknown):
        await shipments.move([(first, confirmed(first, NOW))])


async def test_what_is_due_is_found(kept: SyncStorage, shipments: StoredShipments) -> None:
    first = await receive(shipments)
    assert list(await find_due(shipments, NOW)) == [("confirm", ACCOUNT.id)]
    assert await shipments.next_due(ACCOUNT.id) == NextDue(NOW, None)
    assert await shipments.latest_feed(ACCOUNT.id, NOW) is None
    feed = new_feed(ACCOUNT.id, "7001", NOW)
    await shipments.move([(first, sent(first, "7001"))], feed=feed)
    assert list(await find_due(shipments, NOW)) == []
    assert await shipments.next_due(ACCOUNT.id) == NextDue(None, feed.next_look_at)
    assert await shipments.latest_feed(ACCOUNT.id, NOW) == NOW
    assert await shipments.latest_feed(ACCOUNT.id, NOW - timedelta(seconds=1)) is None
    assert list(await find_due(shipments, LATER)) == [("follow", ACCOUNT.id)]
    await kept.accounts.change(ACCOUNT.id, lambda account: paused(account, NOW))
    assert list(await find_due(shipments, LATER)) == []


async def test_a_feed_is_followed_again_when_another_shipment_is_found_in_it(
    shipments: StoredShipments,
) -> None:
    feed = new_feed(ACCOUNT.id, "7001", NOW)
    first = await receive(shipments)
    second = await receive(shipments, msgspec.structs.replace(SHIPMENT, number="H2"))
    in_feed = sent(first, "7001")
    await shipments.move([(first, in_feed)], feed=feed)
    await shipments.move([(in_feed, confirmed(in_feed, LATER))])
    ended = msgspec.structs.replace(feed, next_look_at=None, ended_at=LATER)
    await shipments.keep_feed(ended)
    assert await shipments.processing_time(ACCOUNT.id) == LATER - NOW
    await shipments.move([(second, sent(second, "7001"))], feed=feed)
    assert await shipments.feeds(ACCOUNT.id, LATER, 10) == (feed,)


async def test_a_feed_does_not_end_before_its_shipments(shipments: StoredShipments) -> None:
    feed = new_feed(ACCOUNT.id, "7001", NOW)
    first = await receive(shipments)
    await shipments.move([(first, sent(first, "7001"))], feed=feed)
    await shipments.keep_feed(msgspec.structs.replace(feed, next_look_at=None, ended_at=LATER))
    assert await shipments.feeds(ACCOUNT.id, LATER, 10) == (feed,)


async def test_the_time_that_feeds_take_is_unknown_at_first(shipments: StoredShipments) -> None:
    assert await shipments.processing_time(ACCOUNT.id) is None


async def test_a_feed_that_ended_before_it_went_tells_no_time(shipments: StoredShipments) -> None:
    sent_by_a_clock_ahead = new_feed(ACCOUNT.id, "7001", LATER)
    first = await receive(shipments)
    in_feed = sent(first, "7001")
    await shipments.move([(first, in_feed)], feed=sent_by_a_clock_ahead)
    await shipments.move([(in_feed, confirmed(in_feed, NOW))])
    ended = msgspec.structs.replace(sent_by_a_clock_ahead, next_look_at=None, ended_at=NOW)
    await shipments.keep_feed(ended)
    assert await shipments.processing_time(ACCOUNT.id) is None


async def test_the_shipment_is_sealed(storage: Storage, shipments: StoredShipments) -> None:
    await receive(shipments)

    def body(connection: Any) -> bytes:
        found: bytes = connection.scalar(select(rows.c.body))
        return found

    assert b"CANARY" not in await storage._database.run(body)


async def test_an_erased_shipment_says_so(shipments: StoredShipments) -> None:
    first = await receive(shipments)
    with pytest.raises(ShipmentErased):
        shipments.open(msgspec.structs.replace(first, sealed=None))


async def test_what_postgresql_cannot_keep_is_invalid_input(postgresql_url: str) -> None:
    async with await Storage.open(postgresql_url) as storage:
        unlocked = await storage.unlock(KEY)
        await unlocked.accounts.add(ACCOUNT)
        with pytest.raises(InvalidInput):
            await receive(unlocked.shipments, msgspec.structs.replace(SHIPMENT, number="H\0"))

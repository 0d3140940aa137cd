"""All that is put off can be brought forward, and nothing else is."""

from datetime import timedelta

import msgspec
import pytest

from amazon_endpoint.shipments import Shipment, ShipmentItem
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.sync.reading import ReadingKind
from amazon_endpoint.sync.shipping import KeptShipment, put_off, sent
from amazon_endpoint.sync.shipping import new_feed as feed_of
from tests.integration.sync.accounts import ACCOUNT, Polled
from tests.turned_clock import NOON

YEAR = NOON + timedelta(days=365)
SOON = NOON + timedelta(minutes=10)


def shipment(number: str) -> Shipment:
    items = (ShipmentItem(sku="MUG", quantity=1),)
    order_number = "111-0000000-0000001"
    return Shipment(number=number, order_number=order_number, tracking="1Z", items=items)


async def receive(kept: SyncStorage, number: str) -> KeptShipment:
    return await kept.shipments.receive(shipment(number), account_id=ACCOUNT.id, now=NOON)


@pytest.fixture
async def put_off_for_a_year(shop: Polled) -> Polled:
    """Something of each kind, put off as a clock does that is a year ahead."""
    kept = shop.storage
    shop.amazon.put(1)
    await shop.later()
    (message,) = await kept.outbox.due(ACCOUNT.id, shop.clock.now(), 9)
    await kept.outbox.put_off(message, YEAR, "It answered 500.")
    standing = await kept.outbox.standing(ACCOUNT.id)
    await kept.outbox.keep_standing(msgspec.structs.replace(standing, rests_until=YEAR))
    reading = await shop.reading()
    await kept.readings.keep(msgspec.structs.replace(reading, next_attempt_at=YEAR))
    await kept.wanted_orders.want(ACCOUNT.id, [message.order_number], YEAR)
    waiting, travels = await receive(kept, "H1"), await receive(kept, "H2")
    await kept.shipments.move([(waiting, put_off(waiting, YEAR, None))])
    await kept.shipments.move(
        [(travels, sent(travels, "7001"))], feed=feed_of("shop-us", "7001", YEAR)
    )
    return shop


async def test_everything_is_due_then(put_off_for_a_year: Polled) -> None:
    kept = put_off_for_a_year.storage
    await kept.schedule.bring_forward(SOON, beyond=SOON)

    assert await kept.readings.due(SOON) == (ACCOUNT.id,)
    assert await kept.outbox.due_accounts(SOON) == (ACCOUNT.id,)
    assert await kept.wanted_orders.due_accounts(SOON) == (ACCOUNT.id,)
    due = await kept.shipments.due_accounts(SOON)
    assert (due.to_send, due.to_follow) == (frozenset({ACCOUNT.id}),) * 2


async def test_only_what_is_put_off_beyond_a_moment_is_brought_forward(
    put_off_for_a_year: Polled,
) -> None:
    kept = put_off_for_a_year.storage

    hour = timedelta(hours=1)

    assert await kept.schedule.bring_forward(SOON, beyond=YEAR + hour) == 0
    assert await kept.schedule.bring_forward(SOON, beyond=YEAR - hour) == 6
    assert await kept.schedule.bring_forward(SOON, beyond=SOON) == 0


async def test_nothing_is_due_before(put_off_for_a_year: Polled) -> None:
    kept, before = put_off_for_a_year.storage, SOON - timedelta(seconds=1)
    await kept.schedule.bring_forward(SOON, beyond=SOON)

    assert await kept.readings.due(before) == ()
    assert await kept.outbox.due_accounts(before) == ()
    assert await kept.wanted_orders.due_accounts(before) == ()
    due = await kept.shipments.due_accounts(before)
    assert (due.to_send, due.to_follow) == (frozenset(),) * 2


async def test_what_is_due_sooner_or_never_stays_so(shop: Polled) -> None:
    kept = shop.storage
    await shop.poll()
    poll = await shop.reading()
    ended = msgspec.structs.replace(
        poll, kind=ReadingKind.BACKFILL, revision=0, next_attempt_at=None
    )
    await kept.readings.keep(ended)

    await kept.schedule.bring_forward(SOON, beyond=SOON)

    readings = await kept.readings.of(ACCOUNT.id)
    assert readings[ReadingKind.POLL] == poll
    assert readings[ReadingKind.BACKFILL].next_attempt_at is None

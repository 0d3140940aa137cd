"""Erasure: all that holds a buyer goes with its order, at its time, and does not come back."""

import random
from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy import Connection, insert

from amazon_endpoint.amazon.port import OrderPage, OrderQuery
from amazon_endpoint.orders import OrderPackage
from amazon_endpoint.storage import Storage, erasure
from amazon_endpoint.storage.order_tables import orders, outbox, wanted_orders
from amazon_endpoint.storage.shipment_tables import shipments
from amazon_endpoint.stores.messages import read_order
from amazon_endpoint.stores.port import Delivery, MessageKind
from amazon_endpoint.stores.webhook import write_message
from amazon_endpoint.sync import erasure as decisions
from amazon_endpoint.sync.accounts import AccountUnknown, paused
from amazon_endpoint.sync.changes import OrderState
from amazon_endpoint.sync.erasure import LONGEST, Erased, deadlines, is_due
from amazon_endpoint.sync.outbox import OutboxState
from amazon_endpoint.sync.shipping import (
    KeptShipment,
    ShipmentErased,
    ShipmentState,
    put_off,
    refused,
    sent,
)
from tests.integration.sync.accounts import ACCOUNT, Polled
from tests.integration.sync.shipped import Shipped
from tests.integration.sync.tidied import ONE, SHIPMENT, TWO, Tidied, poll, rows
from tests.turned_clock import NOON
from tests.unit.services.shipping_amazon import ShippingAmazon

DAY, WEEK = timedelta(days=1), timedelta(days=7)
ARRIVED = (OrderPackage(reference="1", status="DELIVERED"),)


@pytest.fixture
def shop(shop: Polled) -> Tidied:
    return Tidied(shop.storage, shop.clock)


# When


async def test_all_that_is_kept_of_an_order_goes_30_days_after_its_delivery(
    shop: Tidied, storage: Storage
) -> None:
    shop.amazon.put(1)
    await poll(shop)
    await shop.deliver()
    shipment = await shop.receive()
    shop.amazon.put(1, packages=ARRIVED, status="Shipped")
    await poll(shop)
    delivered = shop.amazon.orders[ONE].updated_at

    await shop.wait(delivered + LONGEST - shop.clock.now() - timedelta(seconds=1))
    assert await shop.due() == []
    await shop.tidy()
    assert await shop.kept_orders() == shop.amazon.orders

    await shop.wait(timedelta(seconds=1))
    assert await shop.due() == [("tidy", ACCOUNT.id)]
    await shop.tidy()

    (order,) = await rows(storage, orders)
    assert (order.body, order.personal_mark) == (None, None)
    assert order.erased_at == shop.clock.now()
    assert [(one.state, one.body) for one in await rows(storage, outbox)] == [
        (OutboxState.DELIVERED, None),
        (OutboxState.EXPIRED, None),
    ]
    kept = await shop.storage.shipments.get(ACCOUNT.id, shipment.id)
    assert (kept.sealed, kept.reason) == (None, None)
    assert await shop.due() == []


async def test_an_order_of_unknown_delivery_goes_after_its_last_change_of_status(
    shop: Tidied,
) -> None:
    shop.amazon.put(1)
    await poll(shop)
    await shop.wait(20 * DAY)
    shop.amazon.put(1, status="Shipped")
    await poll(shop)

    await shop.wait(20 * DAY)
    await shop.tidy()
    assert await shop.kept_orders() == shop.amazon.orders

    await shop.wait(10 * DAY)
    await shop.tidy()
    assert await shop.kept_orders() == {}


async def test_the_operator_may_have_it_go_earlier(shop: Tidied) -> None:
    shop.amazon.put(1, packages=ARRIVED)
    await poll(shop)
    await shop.wait(WEEK)
    assert await shop.due() == []

    shop.after = WEEK

    assert await shop.due() == [("tidy", ACCOUNT.id)]
    await shop.tidy()
    assert await shop.kept_orders() == {}


async def test_a_paused_account_keeps_nothing_longer(shop: Tidied) -> None:
    shop.amazon.put(1)
    await poll(shop)
    await shop.storage.accounts.change(ACCOUNT.id, lambda one: paused(one, NOON))
    await shop.wait(31 * DAY)

    assert await shop.due() == [("tidy", ACCOUNT.id)]
    await shop.tidy()
    assert await shop.kept_orders() == {}


async def test_the_database_finds_just_what_is_due(shop: Tidied, storage: Storage) -> None:
    pick = random.Random(22)
    now, after = shop.clock.now(), 10 * DAY

    def ago() -> datetime:
        # Often just at an edge.
        days = pick.choice([9, 10, 11, 29, 30, 31, pick.randrange(60)])
        return now - days * DAY

    known = [
        {
            "account_id": ACCOUNT.id,
            "number": f"{number}",
            "updated_at": now,
            "status": "Shipped",
            "status_since": ago(),
            "delivered_at": pick.choice([None, ago()]),
            "state": OrderState.READY,
            "content_mark": "",
            "cancel_told": False,
            "first_seen_at": ago(),
            "erased_at": pick.choice([None, None, now]),
        }
        for number in range(400)
    ]
    expected = {
        one["number"]
        for one in known
        if one["erased_at"] is None
        and is_due(
            deadlines(after, now),
            delivered_at=one["delivered_at"],  # type: ignore[arg-type]
            status_since=one["status_since"],  # type: ignore[arg-type]
            first_seen_at=one["first_seen_at"],  # type: ignore[arg-type]
        )
    }
    already = {one["number"] for one in known if one["erased_at"] is not None}

    def put(connection: Connection) -> None:
        connection.execute(insert(orders), known)

    await storage._database.run(put)
    shop.after = after
    await shop.tidy()

    erased = {row.number for row in await rows(storage, orders) if row.erased_at is not None}
    assert erased - already == expected
    assert len(expected) > 50


async def test_an_old_order_is_brought_in_without_its_buyer(shop: Tidied) -> None:
    shop.account = msgspec.structs.replace(shop.account, start=NOON - 60 * DAY)
    long_ago = NOON - 40 * DAY
    shop.amazon.put(1, packages=ARRIVED, placed_at=long_ago, updated_at=long_ago)
    await poll(shop)

    assert await shop.due() == []
    ((number, kind, order),) = await shop.deliver()
    assert (number, kind) == (1, "order:import")
    assert (order.buyer_name, order.shipping_address) == (None, None)
    kept = await shop.kept(1)
    assert kept is not None
    assert (kept.marks.personal, kept.erased_at) == (None, shop.clock.now())


@pytest.mark.parametrize("by_number", [False, True])
async def test_a_clock_of_ours_that_is_ahead_costs_no_order_its_buyer(
    shop: Tidied, by_number: bool
) -> None:
    shop.account = msgspec.structs.replace(shop.account, start=NOON - 60 * DAY)
    shop.amazon.behind = 40 * DAY
    moment = NOON - 45 * DAY
    placed = shop.amazon.put(1, packages=ARRIVED, placed_at=moment, updated_at=moment)
    if by_number:
        await shop.storage.wanted_orders.want(shop.account.id, [placed.number], NOON)
        await shop.read_known()
    else:
        await poll(shop)

    ((_, _, order),) = await shop.deliver()
    assert order.shipping_address == placed.shipping_address
    assert order.shipping_address is not None


# All of it or nothing


async def test_what_stops_halfway_has_erased_nothing(
    shop: Tidied, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.amazon.put(1)
    await poll(shop)
    await shop.receive()
    await shop.wait(31 * DAY)
    before = [await rows(storage, table) for table in (orders, outbox, shipments)]

    def dies(*_: object) -> int:
        raise RuntimeError

    monkeypatch.setattr(erasure, "_erase_shipments", dies)
    with pytest.raises(RuntimeError):
        await shop.tidy()
    assert [await rows(storage, table) for table in (orders, outbox, shipments)] == before

    monkeypatch.undo()
    await shop.tidy()
    assert await shop.kept_orders() == {}


async def test_many_are_erased_a_batch_at_a_time(
    shop: Tidied, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "_AT_ONCE", 2)
    for number in range(1, 6):
        shop.amazon.put(number)
    await poll(shop)
    await shop.wait(31 * DAY)

    left = []
    while await shop.tidy_once():
        left.append(len(await shop.kept_orders()))
    assert left == [3, 1]
    assert await shop.kept_orders() == {}


async def test_no_key_is_needed_to_erase(shop: Tidied, storage: Storage) -> None:
    shop.amazon.put(1)
    await poll(shop)
    await shop.receive()
    await shop.wait(31 * DAY)
    other_key = "bm9uZW5vbmVub25lbm9uZW5vbmVub25lbm9uZW5vbmU="
    shop.storage = await storage.unlock(other_key)

    await shop.tidy()

    assert [row.body for row in await rows(storage, orders)] == [None]


async def test_of_a_removed_account_there_is_nothing_to_erase(shop: Tidied) -> None:
    await shop.storage.accounts.remove(ACCOUNT.id, force=True)
    with pytest.raises(AccountUnknown):
        await shop.tidy_once()


# What comes afterwards


async def test_an_erased_order_that_is_read_again_stays_without_its_buyer(
    shop: Tidied, storage: Storage
) -> None:
    shop.amazon.put(1)
    await poll(shop)
    await shop.deliver()
    await shop.erase()

    shop.amazon.put(1, status="Shipped", buyer_name="Another Name")
    await poll(shop)

    assert await shop.deliver() == []
    kept = await shop.kept(1)
    assert kept is not None
    assert kept.order is not None
    assert (kept.status, kept.marks.personal) == ("Shipped", None)
    assert (kept.order.buyer_name, kept.order.buyer_email) == (None, None)
    assert kept.order.shipping_address is None
    await shop.tidy()
    assert await rows(storage, orders) != []
    assert (await shop.kept(1)) == kept


async def test_a_page_that_was_read_before_the_erasure_does_not_undo_it(shop: Tidied) -> None:
    shop.amazon.put(1)
    await poll(shop)
    listed = shop.amazon.search_orders

    async def erased_meanwhile(query: OrderQuery, page_token: str | None) -> OrderPage:
        page = await listed(query, page_token)
        await shop.erase()
        return page

    shop.amazon.put(1, status="Shipped")
    shop.amazon.search_orders = erased_meanwhile  # type: ignore[method-assign]
    await poll(shop)

    kept = await shop.kept(1)
    assert kept is not None
    assert kept.order is not None
    assert (kept.status, kept.order.buyer_email) == ("Shipped", None)


async def test_the_cancellation_of_an_erased_order_blanks_nothing(shop: Tidied) -> None:
    shop.amazon.put(1)
    await poll(shop)
    await shop.deliver()
    await shop.erase()

    shop.amazon.put(1, status="Canceled")
    await poll(shop)

    (message,) = await shop.storage.outbox.due(ACCOUNT.id, shop.clock.now(), 9)
    body = shop.storage.outbox.open(message)
    assert read_order(body).order.status == "Canceled"
    delivery = Delivery(
        webhook_id=message.webhook_id,
        kind=message.kind,
        account_id=ACCOUNT.id,
        order_number=ONE,
        body=body,
    )
    told = msgspec.json.decode(write_message(delivery))
    assert told["message"] == MessageKind.ORDER_CANCEL
    assert sorted(told["payload"]["order"]) == [
        *("channel", "number", "placed_on", "status", "updated_at")
    ]


async def test_an_order_held_for_its_address_is_not_asked_for_once_erased(
    shop: Tidied, storage: Storage
) -> None:
    bare = {"personal_data_refused": True, "shipping_address": None}
    shop.amazon.put(1, **bare)
    await poll(shop)
    assert len(await rows(storage, wanted_orders)) == 1

    await shop.erase()
    assert await rows(storage, wanted_orders) == []
    shop.amazon.put(1, status="PartiallyShipped", **bare)
    await poll(shop)
    assert await rows(storage, wanted_orders) == []
    assert await shop.deliver() == []


async def test_a_message_under_way_when_it_is_erased_stays_expired(
    shop: Tidied, storage: Storage
) -> None:
    shop.amazon.put(1)
    await poll(shop)
    (message,) = await shop.storage.outbox.due(ACCOUNT.id, shop.clock.now(), 9)

    erased = await shop.erase()

    assert erased == Erased(messages=1, expired=1, shipments=0, before=None)
    assert not await shop.storage.outbox.delivered([message], shop.clock.now())
    assert not await shop.storage.outbox.put_off(message, shop.clock.now(), "503")
    ((state, body),) = [(one.state, one.body) for one in await rows(storage, outbox)]
    assert (state, body) == (OutboxState.EXPIRED, None)
    assert await shop.storage.outbox.undelivered(ACCOUNT.id) == 0


async def test_a_shipment_under_way_when_it_is_erased_stays_erased(shop: Tidied) -> None:
    shop.amazon.put(1)
    await poll(shop)
    seen = await shop.receive()
    await shop.erase()

    await shop.storage.shipments.move([(seen, sent(seen, "7001"))])

    kept = await shop.storage.shipments.get(ACCOUNT.id, seen.id)
    assert (kept.state, kept.sealed) == (ShipmentState.SENT, None)


async def test_a_shipment_that_waits_when_it_is_erased_is_refused_and_may_come_again(
    shop: Tidied, storage: Storage
) -> None:
    shop.amazon.put(1)
    await poll(shop)
    await shop.deliver()
    shipment = await shop.receive()
    until = shop.clock.now() + DAY
    await shop.storage.shipments.move([(shipment, put_off(shipment, until, "Not yet."))])
    await shop.erase()
    shipped = Shipped(storage, shop.storage, ShippingAmazon(shop.clock), shop.clock)

    await shipped.send()

    assert await shipped.states() == {"H1": ShipmentState.REFUSED}
    ((kind, told),) = await shipped.told()
    assert (kind, told.reason) == ("shipment:refused", ShipmentErased().message)
    again = await shop.receive()
    assert again.state is ShipmentState.WAITING
    assert shop.storage.shipments.open(again) == SHIPMENT


async def test_a_shipment_without_an_order_is_erased_30_days_after_its_end(shop: Tidied) -> None:
    waits = await shop.receive()
    ends = await shop.receive(msgspec.structs.replace(SHIPMENT, number="H2"))
    await shop.wait(LONGEST - DAY)
    await shop.storage.shipments.move([(ends, refused(ends, "No.", shop.clock.now()))])
    await shop.wait(DAY)

    assert await shop.due() == [("tidy", ACCOUNT.id)]
    await shop.tidy()

    async def sealed(one: KeptShipment) -> bool:
        return (await shop.storage.shipments.get(ACCOUNT.id, one.id)).sealed is not None

    assert (await sealed(waits), await sealed(ends)) == (False, True)
    await shop.wait(LONGEST - DAY)
    await shop.tidy()
    assert not await sealed(ends)


async def test_what_is_told_of_an_erased_order_is_erased_in_its_turn(
    shop: Tidied, storage: Storage
) -> None:
    shop.amazon.put(1)
    await poll(shop)
    await shop.erase()
    shop.amazon.put(1, status="Canceled")
    await poll(shop)

    await shop.wait(LONGEST - DAY)
    await shop.tidy()
    assert [row.state for row in await rows(storage, outbox)] == ["expired", "pending"]
    await shop.wait(DAY)
    await shop.tidy()
    assert [(row.state, row.body) for row in await rows(storage, outbox)] == [("expired", None)] * 2


# On command


async def test_an_order_is_erased_on_command_with_all_that_belongs_to_it(
    shop: Tidied, storage: Storage
) -> None:
    for number in (1, 2):
        shop.amazon.put(number)
    await poll(shop)
    await shop.receive()
    await shop.receive(msgspec.structs.replace(SHIPMENT, order_number=TWO))

    assert await shop.erase() == Erased(messages=1, expired=1, shipments=1, before=None)

    at = shop.clock.now()
    await shop.wait(DAY)
    assert await shop.erase() == Erased(messages=0, expired=0, shipments=0, before=at)
    assert list(await shop.kept_orders()) == [TWO]
    assert [row.body is None for row in await rows(storage, outbox)] == [True, False]
    assert await shop.erase("111-0000000-0000009") is None


async def test_an_order_in_quarantine_of_which_nothing_is_kept_stays_there(shop: Tidied) -> None:
    shop.amazon.put(1)
    shop.amazon.unreadable.add(ONE)
    await poll(shop)

    assert await shop.erase() is None

    assert [one.number for one in await shop.storage.quarantine.of(ACCOUNT.id)] == [ONE]

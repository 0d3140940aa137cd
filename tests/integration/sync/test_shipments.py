"""Shipments on their way to the local Amazon: by its own count each is taken once."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from amazon_endpoint.amazon.port import OrderQuery
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import AmazonUnavailable, CredentialsRefused, FeedNotFound
from amazon_endpoint.orders import Order
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.services.next_step import package_number
from amazon_endpoint.shipments import Carrier, Package, PackageItem, Shipment, ShipmentItem
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.encryption import Keyring
from amazon_endpoint.storage.shipment_tables import shipments as rows
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.sync.channel import FEED_EVERY, GATHERING, QUIET
from amazon_endpoint.sync.shipping import ShipmentState, new_feed, sent
from tests.integration.mws.seller import Seller as MwsSeller
from tests.integration.spapi.seller import UNITED_STATES, Seller
from tests.integration.sync.accounts import ACCOUNT, KEY, changed
from tests.integration.sync.shipped import Shipped
from tests.turned_clock import TurnedClock
from tests.unit.services.shipping_amazon import NUMBER, ShippingAmazon

WAITING, SENT, DOUBTED, CONFIRMED, REFUSED = (
    ShipmentState.WAITING,
    ShipmentState.SENT,
    ShipmentState.DOUBTED,
    ShipmentState.CONFIRMED,
    ShipmentState.REFUSED,
)
TOGETHER = GATHERING.total_seconds()


class Shop(Shipped):
    """A store connected to the local Amazon, whose clock goes with it."""

    def __init__(
        self,
        sandbox: RunningSandbox,
        storage: Storage,
        kept: SyncStorage,
        seller: Callable[[str, Clock], Seller | MwsSeller] = Seller,
    ) -> None:
        clock = TurnedClock(sandbox.now())
        self.seller = seller(sandbox.url, clock)
        super().__init__(storage, kept, self.seller.account(), clock)
        self.sandbox = sandbox
        self.orders: list[Order] = []

    async def read_orders(self) -> None:
        query = OrderQuery(
            after=self.clock.now() - timedelta(days=60),
            before=self.clock.now() - timedelta(minutes=5),
            marketplace_ids=(UNITED_STATES,),
            statuses=("Unshipped",),
            fulfilled_by=("MERCHANT",),
        )
        page = await self.amazon.search_orders(query, None)
        self.orders = [
            order
            for order in page.orders
            if not order.cancellation_requested and not order.programs
        ]

    def know_orders(self) -> None:
        """The polls have read all orders."""
        self.known_orders.orders = {order.number: order for order in self.orders}

    def shipment(self, index: int, **changes: Any) -> Shipment:
        """The whole of one of the orders, in a parcel of the same number."""
        order = self.orders[index]
        items = tuple(
            ShipmentItem(sku="", external_ref=item.item_id, quantity=item.quantity)
            for item in order.items
            if item.quantity
        )
        shipment = Shipment(
            number=f"H{index}",
            order_number=order.number,
            tracking=f"1Z{index:016d}",
            shipping_method="UPS Ground",
            items=items,
        )
        return msgspec.structs.replace(shipment, **changes)

    async def later(self, seconds: float) -> None:
        self.sandbox.advance(seconds)
        await super().later(seconds)

    def without_direct_calls(self) -> None:
        quota = self.amazon.shipping_quota

        async def shipping_quota() -> Any:
            return msgspec.structs.replace(await quota(), direct=None)

        self.amazon.shipping_quota = shipping_quota

    def taken(self) -> dict[str, set[str]]:
        """By Amazon's own count: the packages of each order."""
        confirmations = self.sandbox.state()["confirmations"]
        return {
            number: {one["packageReferenceId"] for one in taken}
            for number, taken in confirmations.items()
            if taken
        }

    def check_taken_once(self, *shipments: Shipment) -> None:
        assert self.taken() == {
            one.order_number: {package_number(one.order_number, one.number)} for one in shipments
        }
        for one in shipments:
            counted = self.sandbox.state()["confirmations"][one.order_number]
            assert sum(unit["quantity"] for unit in counted) == sum(
                item.quantity for item in one.items
            )

    async def told_kinds(self) -> dict[str, str]:
        told = await self.told()
        kinds = {one.shipment_number: kind for kind, one in told}
        assert len(kinds) == len(told)
        return kinds


@asynccontextmanager
async def opened(
    folder: Path,
    seller: Callable[[str, Clock], Seller | MwsSeller] = Seller,
    feed_seconds: float = 5,
) -> AsyncIterator[Shop]:
    options = SandboxOptions(
        orders=120,
        marketplaces=(UNITED_STATES,),
        queue_seconds=0,
        progress_seconds=feed_seconds,
    )
    with run_in_thread(options) as sandbox:
        async with await Storage.open(str(folder / "sync.db")) as storage:
            kept = await storage.unlock(KEY)
            await kept.accounts.add(ACCOUNT)
            shop = Shop(sandbox, storage, kept, seller)
            await shop.read_orders()
            yield shop
            await shop.seller.connector.aclose()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with opened(tmp_path) as shop:
        yield shop


async def test_a_tracked_shipment_is_confirmed_at_once(shop: Shop) -> None:
    shipment = shop.shipment(0)
    await shop.receive(shipment)
    await shop.send()
    assert await shop.states() == {"H0": CONFIRMED}
    shop.check_taken_once(shipment)
    assert shop.sandbox.calls("createFeed") == 0
    assert await shop.told_kinds() == {"H0": "shipment:confirmed"}


async def test_a_carrier_of_the_stores_own_is_named_as_amazon_knows_it(shop: Shop) -> None:
    shop.account = changed(carriers={"Our Courier": "DHL"})
    shipment = shop.shipment(0, shipping_method="our courier")
    await shop.receive(shipment)
    await shop.send()
    (package,) = (await shop.amazon.get_order(shipment.order_number)).packages
    assert package.carrier == "DHL"


async def test_over_mws_a_shipment_travels_in_a_feed_and_is_found_later(tmp_path: Path) -> None:
    async with opened(tmp_path, MwsSeller) as shop:
        shipment = shop.shipment(0)
        await shop.receive(shipment)
        await shop.finish()
        assert len(await shop.feeds()) == 1
        shop.check_taken_once(shipment)
        await shop.later(3600)
        (one,) = await shop.all()
        assert (one.state, one.next_attempt_at, one.alarm) == (CONFIRMED, None, None)


async def test_many_shipments_travel_in_one_feed(shop: Shop) -> None:
    shop.know_orders()
    shipments = [shop.shipment(index, tracking="") for index in range(40)]
    await shop.receive(*shipments)
    await shop.send()
    assert shop.sandbox.calls("createFeed") == 0
    await shop.later(TOGETHER)
    assert shop.sandbox.calls("createFeed") == 1
    assert set((await shop.states()).values()) == {SENT}
    await shop.later(TOGETHER)
    assert set((await shop.states()).values()) == {CONFIRMED}
    shop.check_taken_once(*shipments)
    assert shop.sandbox.calls("getOrder") == 0
    assert set((await shop.told_kinds()).values()) == {"shipment:confirmed"}
    (feed,) = await shop.feeds()
    assert feed.ended_at is not None
    assert feed.next_look_at is None


async def test_what_comes_while_others_gather_goes_with_them(shop: Shop) -> None:
    quiet = QUIET.total_seconds()
    first, second = shop.shipment(0, tracking=""), shop.shipment(1, tracking="")
    await shop.receive(first)
    await shop.send()
    await shop.later(quiet / 2)
    await shop.receive(second)
    await shop.send()
    await shop.later(quiet / 2)
    assert await shop.states() == {"H0": SENT, "H1": SENT}
    assert shop.sandbox.calls("createFeed") == 1


async def test_the_next_feed_keeps_the_distance_that_amazon_advises(shop: Shop) -> None:
    await shop.receive(shop.shipment(0, tracking=""))
    await shop.later(TOGETHER)
    went = shop.clock.now()
    await shop.receive(shop.shipment(1, tracking=""), shop.shipment(2))
    await shop.later(TOGETHER)
    assert await shop.states() == {"H0": CONFIRMED, "H1": WAITING, "H2": CONFIRMED}
    due = await shop.kept.shipments.next_due(ACCOUNT.id)
    assert (due.to_send, due.to_look) == (went + FEED_EVERY, None)
    await shop.finish()
    assert shop.clock.now() - went < FEED_EVERY + GATHERING
    assert shop.sandbox.calls("createFeed") == 2


async def test_a_feed_of_a_clock_that_was_ahead_holds_up_no_other(shop: Shop) -> None:
    (first,) = await shop.receive(shop.shipment(0, tracking=""))
    ahead = new_feed(ACCOUNT.id, "7001", shop.clock.now() + timedelta(days=365))
    await shop.shipments.move([(first, sent(first, "7001"))], feed=ahead)
    await shop.receive(shop.shipment(1, tracking=""))
    await shop.later(TOGETHER)
    assert shop.sandbox.calls("createFeed") == 1


async def test_the_end_of_a_feed_is_seen_soon(tmp_path: Path) -> None:
    async with opened(tmp_path, feed_seconds=1000) as shop:
        await shop.receive(shop.shipment(0, tracking=""))
        await shop.later(TOGETHER)
        (feed,) = await shop.feeds()
        await shop.finish()
        (ended,) = await shop.feeds()
        assert ended.ended_at is not None
        assert ended.ended_at - feed.sent_at < timedelta(seconds=1050)


async def test_an_order_in_two_parcels_is_read_once_and_confirmed_whole(shop: Shop) -> None:
    index = next(
        index
        for index, order in enumerate(shop.orders)
        if sum(item.quantity for item in order.items) > 1
    )
    whole = shop.shipment(index)
    units = [
        msgspec.structs.replace(item, quantity=1)
        for item in whole.items
        for _ in range(item.quantity)
    ]
    parcels = [
        msgspec.structs.replace(whole, number="P1", items=(units[0],)),
        msgspec.structs.replace(whole, number="P2", items=tuple(units[1:]), tracking="1Z2"),
    ]
    await shop.receive(*parcels)
    await shop.send()
    assert await shop.states() == {"P1": CONFIRMED, "P2": CONFIRMED}
    assert shop.sandbox.calls("getOrder") == 1
    references = {package_number(one.order_number, one.number) for one in parcels}
    assert shop.taken() == {whole.order_number: references}


async def kept_order(shop: Shop, *quantities: int) -> str:
    """An order of one SKU in items of so many units, kept as it was before any was shipped."""
    placed = shop.sandbox.order(shop.orders[0].number)
    (item, *_) = placed["orderItems"]
    item["product"]["sellerSku"] = "MUG"
    placed["orderItems"] = [
        item
        | {"orderItemId": str(index), "quantityOrdered": units}
        | {"fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": units}}
        for index, units in enumerate(quantities, 1)
    ]
    shop.sandbox.add_orders(placed)
    shop.orders = [await shop.amazon.get_order(placed["orderId"])]
    shop.know_orders()
    return shop.orders[0].number


def mugs(shop: Shop, number: str, quantity: int) -> Shipment:
    items = (ShipmentItem(sku="MUG", quantity=quantity),)
    return shop.shipment(0, number=number, tracking=f"1Z{number}", items=items)


async def test_a_second_parcel_takes_the_item_that_the_first_one_left_open(shop: Shop) -> None:
    number = await kept_order(shop, 1, 1)
    for parcel in ("H1", "H2"):
        await shop.receive(mugs(shop, parcel, 1))
        await shop.send()
    assert await shop.states() == {"H1": CONFIRMED, "H2": CONFIRMED}
    packages = {package_number(number, parcel) for parcel in ("H1", "H2")}
    assert shop.taken() == {number: packages}


async def test_more_units_than_the_first_parcel_left_are_refused_beforehand(shop: Shop) -> None:
    await kept_order(shop, 3)
    for parcel in ("H1", "H2"):
        await shop.receive(mugs(shop, parcel, 2))
        await shop.send()
    assert await shop.states() == {"H1": CONFIRMED, "H2": REFUSED}
    assert shop.sandbox.calls("confirmShipment") == 1


async def test_each_shipment_of_a_feed_has_its_own_end(shop: Shop) -> None:
    shop.know_orders()
    good, bad = shop.shipment(0, tracking=""), shop.shipment(1, tracking="")
    order = shop.orders[1]
    elsewhere = Package(
        order_number=order.number,
        marketplace_id=UNITED_STATES,
        reference="1",
        message_id="1",
        carrier=Carrier("UPS"),
        shipping_method=None,
        tracking="1Z BY HAND",
        shipped_at=shop.clock.now(),
        items=tuple(PackageItem(item.item_id, item.quantity) for item in order.items),
    )
    await shop.receive(good, bad)
    await shop.amazon.confirm_shipment(elsewhere)
    await shop.send()
    await shop.later(TOGETHER)
    await shop.later(TOGETHER)
    assert await shop.states() == {"H0": CONFIRMED, "H1": DOUBTED}
    await shop.later(TOGETHER)
    assert await shop.states() == {"H0": CONFIRMED, "H1": REFUSED}
    told = {one.shipment_number: (kind, one.reason) for kind, one in await shop.told()}
    assert told["H0"] == ("shipment:confirmed", None)
    kind, reason = told["H1"]
    assert kind == "shipment:refused"
    assert reason is not None
    assert reason.startswith("18021")


@pytest.mark.parametrize(
    ("fault", "word"), [("feed_fatal", "FATAL"), ("feed_cancelled", "CANCELLED")]
)
async def test_a_feed_that_ended_badly_refuses_what_the_order_does_not_show(
    shop: Shop, fault: str, word: str
) -> None:
    shipment = shop.shipment(0, tracking="")
    shop.sandbox.fault("createFeed", fault)
    await shop.receive(shipment)
    for _ in range(4):
        await shop.later(TOGETHER)
    ((kind, message),) = await shop.told()
    assert kind == "shipment:refused"
    assert message.reason is not None
    assert word in message.reason
    # The store may send it again, and it goes.
    await shop.receive(shipment)
    await shop.finish()
    shop.check_taken_once(shipment)
    assert await shop.told_kinds() == {"H0": "shipment:confirmed"}


async def test_a_refusal_of_what_the_order_shows_is_a_confirmation(shop: Shop) -> None:
    shop.know_orders()
    shop.without_direct_calls()
    shipment = shop.shipment(0)
    by_hand = Package(
        order_number=shipment.order_number,
        marketplace_id=UNITED_STATES,
        reference="1",
        message_id="1",
        carrier=Carrier("UPS"),
        shipping_method=None,
        tracking=shipment.tracking,
        shipped_at=shop.clock.now(),
        items=tuple(PackageItem(one.item_id, one.quantity) for one in shop.orders[0].items),
    )
    await shop.receive(shipment)
    await shop.amazon.confirm_shipment(by_hand)
    for _ in range(4):
        await shop.later(TOGETHER)
    assert await shop.told_kinds() == {"H0": "shipment:confirmed"}


@pytest.mark.parametrize("fault", ["lost_answer", "drop", "internal500", "html503"])
@pytest.mark.parametrize("tracking", ["", "1Z0000000000000009"])
async def test_a_lost_answer_leaves_each_shipment_taken_once(
    shop: Shop, fault: str, tracking: str
) -> None:
    shipments = [
        shop.shipment(index, tracking=tracking and f"{tracking}{index}") for index in (0, 1)
    ]
    shop.sandbox.fault("confirmShipment" if tracking else "createFeed", fault)
    await shop.receive(*shipments)
    await shop.finish()
    assert set((await shop.states()).values()) == {CONFIRMED}
    shop.check_taken_once(*shipments)
    assert set((await shop.told_kinds()).values()) == {"shipment:confirmed"}


async def test_a_corrected_shipment_edits_its_package(shop: Shop) -> None:
    first = shop.shipment(0)
    await shop.receive(first)
    await shop.send()
    await shop.later(TOGETHER)
    corrected = msgspec.structs.replace(first, tracking="1Z CORRECTED")
    await shop.receive(corrected)
    await shop.send()
    assert len(await shop.all()) == 2
    reference = package_number(first.order_number, first.number)
    assert shop.taken() == {first.order_number: {reference}}
    (package,) = (await shop.amazon.get_order(first.order_number)).packages
    assert package.tracking == "1Z CORRECTED"
    kinds = [kind for kind, _ in await shop.told()]
    assert kinds == ["shipment:confirmed", "shipment:confirmed"]


async def test_of_two_versions_that_wait_the_later_one_goes(shop: Shop) -> None:
    first = shop.shipment(0, tracking="")
    await shop.receive(first)
    later = shop.shipment(0, tracking="1Z LATER")
    await shop.receive(later)
    await shop.finish()
    shop.check_taken_once(later)
    assert await shop.told_kinds() == {"H0": "shipment:confirmed"}


# What may not be sent


async def test_an_unknown_order_is_refused(shop: Shop) -> None:
    await shop.receive(shop.shipment(0, order_number="111-0000000-0000000"))
    await shop.send()
    ((kind, message),) = await shop.told()
    assert kind == "shipment:refused"
    assert message.reason is not None
    assert "111-0000000-0000000" in message.reason


async def test_one_that_cannot_be_sent_holds_up_no_other(shop: Shop) -> None:
    shop.know_orders()
    bad = [
        shop.shipment(0, tracking="", items=(ShipmentItem(sku="NONE", quantity=1),)),
        shop.shipment(1, tracking="", shipping_method=None),
        shop.shipment(2, tracking="", shipping_method="\x01"),
    ]
    good = shop.shipment(3, tracking="")
    await shop.receive(*bad, good)
    await shop.later(TOGETHER)
    await shop.later(TOGETHER)
    states = await shop.states()
    assert states == {"H0": REFUSED, "H1": REFUSED, "H2": REFUSED, "H3": CONFIRMED}
    shop.check_taken_once(good)


async def test_what_no_key_opens_waits_and_says_what_to_do(shop: Shop) -> None:
    (kept,) = await shop.receive(shop.shipment(0))
    stranger = Keyring([b"s" * 32]).seal(b"{}", table="shipments", row=kept.id)
    await shop.storage._database.run(lambda one: one.execute(update(rows).values(body=stranger)))
    for _ in range(6):
        await shop.later(3600)
    (waiting,) = await shop.all()
    assert waiting.state is WAITING
    assert waiting.alarm == waiting.reason
    assert f"{kept.id} was sealed with key" in str(waiting.alarm)
    assert "Add that key" in str(waiting.alarm)


# Amazon's quota, and its trouble


async def test_an_empty_quota_puts_off_and_never_sleeps(shop: Shop) -> None:
    shop.know_orders()
    shop.without_direct_calls()
    await shop.receive(*(shop.shipment(index) for index in range(3)))
    shop.sandbox.fault("createFeed", "throttle")
    before = shop.clock.now()
    await shop.later(TOGETHER)
    assert shop.clock.now() == before + GATHERING
    for one in await shop.all():
        assert one.state is WAITING
        assert one.next_attempt_at is not None
        assert one.next_attempt_at > shop.clock.now() + timedelta(seconds=60)
        assert one.attempts == 0
    await shop.finish()
    assert len(shop.sandbox.state()["feeds"]) == 1


async def test_no_more_orders_are_read_than_the_quota_has(shop: Shop) -> None:
    shipments = [shop.shipment(index, tracking="") for index in range(40)]
    await shop.receive(*shipments)
    before = shop.clock.now()
    await shop.later(TOGETHER)
    assert shop.clock.now() == before + GATHERING
    assert shop.sandbox.calls("getOrder") == 30
    states = list((await shop.states()).values())
    assert (states.count(SENT), states.count(WAITING)) == (30, 10)
    await shop.finish()
    shop.check_taken_once(*shipments)
    assert shop.sandbox.calls("createFeed") == 2
    # What was left behind need not keep the distance.
    assert shop.clock.now() - before < FEED_EVERY


async def test_what_was_left_behind_keeps_no_distance_once_feeds_have_their_quota_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.receive(*(shop.shipment(index, tracking="") for index in range(31)))
    await shop.later(TOGETHER)
    went = shop.clock.now()
    quota = shop.amazon.shipping_quota

    async def without_feeds() -> Any:
        now = await quota()
        return msgspec.structs.replace(now, feeds=msgspec.structs.replace(now.feeds, tokens=0.0))

    with monkeypatch.context() as patch:
        patch.setattr(shop.amazon, "shipping_quota", without_feeds)
        await shop.later(TOGETHER)
    assert shop.sandbox.calls("createFeed") == 1
    await shop.finish()
    assert shop.sandbox.calls("createFeed") == 2
    assert shop.clock.now() - went < FEED_EVERY


@pytest.mark.parametrize("error", [CredentialsRefused, AmazonUnavailable])
async def test_trouble_of_the_account_refuses_no_shipment(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    async def fails(_number: str) -> Order:
        raise error

    shipments = [shop.shipment(index) for index in range(3)]
    await shop.receive(*shipments)
    with monkeypatch.context() as trouble:
        trouble.setattr(shop.amazon, "get_order", fails)
        await shop.send()
    for one in await shop.all():
        assert (one.state, one.attempts) == (WAITING, 1)
        assert one.reason == error.__name__
    await shop.finish()
    shop.check_taken_once(*shipments)


async def test_the_trouble_of_one_account_delays_no_other(shop: Shop) -> None:
    shop.sandbox.fault("*", "throttle", times=None)
    await shop.receive(*(shop.shipment(index) for index in range(3)))
    account = changed(id="shop-eu")
    await shop.kept.accounts.add(account)
    other = Shipped(shop.storage, shop.kept, ShippingAmazon(shop.clock), shop.clock, account)
    mug = ShipmentItem(sku="MUG", quantity=1)
    await other.receive(shop.shipment(0, order_number=NUMBER, items=(mug,)))
    before = shop.clock.now()
    await shop.send()
    await other.send()
    assert shop.clock.now() - before < timedelta(seconds=5)
    assert shop.taken() == {}
    assert other.amazon.accepted == 1


async def test_a_paused_account_sends_nothing(shop: Shop) -> None:
    await shop.receive(shop.shipment(0))
    shop.account = msgspec.structs.replace(shop.account, paused_at=shop.clock.now())
    await shop.later(3600)
    assert await shop.states() == {"H0": WAITING}
    assert shop.taken() == {}


# What is looked at later


async def test_a_feed_that_does_not_end_is_an_alarm(tmp_path: Path) -> None:
    async with opened(tmp_path, feed_seconds=86400) as shop:
        await shop.receive(shop.shipment(0, tracking=""))
        shop.clock.advance(TOGETHER)
        await shop.send()
        went = shop.clock.now()
        pauses, alarms = [], []
        for minutes in (1, 5, 60, 360, 900):
            shop.clock.advance((went + timedelta(minutes=minutes) - shop.clock.now()).seconds)
            await shop.follow()
            (feed,) = await shop.feeds()
            assert feed.next_look_at is not None
            pauses.append((feed.next_look_at - shop.clock.now()).total_seconds())
            alarms.append(feed.alarm is not None)
        assert pauses == [30, 30, 180, 1080, 1800]
        assert alarms == [False, False, False, True, True]
        assert await shop.states() == {"H0": SENT}
        shop.sandbox.advance(86400)
        await shop.finish()
        (feed,) = await shop.feeds()
        assert feed.alarm is None


async def test_what_amazon_confirmed_is_found_in_its_order(shop: Shop) -> None:
    await shop.receive(shop.shipment(0))
    await shop.send()
    await shop.later(3600)
    (one,) = await shop.all()
    assert (one.next_attempt_at, one.alarm) == (None, None)
    assert await shop.told_kinds() == {"H0": "shipment:confirmed"}


async def test_what_its_order_never_shows_is_an_alarm(shop: Shop) -> None:
    placed = shop.sandbox.order(shop.orders[0].number)
    await shop.receive(shop.shipment(0))
    await shop.send()
    shop.sandbox.add_orders(placed)
    for hours in (1, 5, 18):
        assert (await shop.all())[0].alarm is None
        await shop.later(hours * 3600)
    (one,) = await shop.all()
    assert one.alarm is not None
    assert (one.state, one.next_attempt_at) == (CONFIRMED, None)


async def test_an_unknown_feed_leaves_the_order_to_decide(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(_feed_id: str) -> Any:
        raise FeedNotFound

    shipment = shop.shipment(0, tracking="")
    await shop.receive(shipment)
    monkeypatch.setattr(shop.amazon, "feed_status", unknown)
    await shop.later(TOGETHER)
    await shop.later(TOGETHER)
    assert await shop.states() == {"H0": SENT}
    await shop.later(86400)
    await shop.later(1)
    assert await shop.told_kinds() == {"H0": "shipment:confirmed"}
    shop.check_taken_once(shipment)

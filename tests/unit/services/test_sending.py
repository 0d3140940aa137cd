"""Many shipments are told in one feed, and found in it together when its answer was lost."""

import asyncio
import xml.etree.ElementTree as ET
from typing import Any

import msgspec
import pytest

from amazon_endpoint.errors import AccessDenied, AmazonRefused
from amazon_endpoint.orders import OrderItem
from amazon_endpoint.services.confirmations import Channel, ConfirmationState
from amazon_endpoint.services.next_step import (
    SENDING_AT_MOST,
    Confirmed,
    ConfirmOutcome,
    Submitted,
    Wait,
    package_number,
)
from amazon_endpoint.services.preparation import ConfirmRequest, Ready, prepare_shipment
from amazon_endpoint.services.sending import in_feeds, send
from amazon_endpoint.shipments import PackageItem, Shipment, ShipmentItem
from tests.turned_clock import TurnedClock
from tests.unit.services.shipping_amazon import (
    NUMBER,
    MemoryConfirmations,
    ShippingAmazon,
    unshipped,
)


class Shop:
    """An order of ten mugs that leave one by one."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        mugs = OrderItem(item_id="10000000000001", sku="MUG", quantity=10)
        self.amazon = ShippingAmazon(self.clock, unshipped(mugs))
        self.confirmations = MemoryConfirmations()

    async def prepare(self, number: str, **known: Any) -> Ready | ConfirmOutcome:
        shipment = Shipment(
            number=number,
            order_number=NUMBER,
            tracking=f"1Z{number}",
            shipping_method="UPS Ground",
            items=(ShipmentItem(sku="MUG", quantity=1),),
        )
        request = ConfirmRequest(shipment=shipment, seller_id="SELLER1", marketplace_ids=())
        return await prepare_shipment(
            self.amazon,
            self.confirmations,
            request,
            clock=self.clock,
            of_order=await self.confirmations.of_orders("SELLER1", [NUMBER]),
            **known,
        )

    async def ready(self, *numbers: str) -> list[Ready]:
        found = [await self.prepare(number) for number in numbers]
        return [one for one in found if isinstance(one, Ready)]

    async def send(self, batch: list[Ready], channel: Channel = Channel.FEED) -> ConfirmOutcome:
        return await send(
            self.amazon,
            self.confirmations,
            batch,
            channel=channel,
            seller_id="SELLER1",
            clock=self.clock,
        )

    @property
    def states(self) -> list[ConfirmationState]:
        return [row.state for row in self.confirmations.rows.values()]


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def test_a_batch_is_one_feed_with_a_message_each(shop: Shop) -> None:
    outcome = await shop.send(await shop.ready("H1", "H2", "H3"))
    assert outcome == Submitted("7001")
    feed = ET.fromstring(shop.amazon.feeds["7001"].body)
    expected = [package_number(NUMBER, number) for number in ("H1", "H2", "H3")]
    assert [one.text for one in feed.iter("MessageID")] == expected
    assert [one.text for one in feed.iter("MerchantFulfillmentID")] == expected
    assert shop.states == [ConfirmationState.SUBMITTED] * 3


async def test_a_lost_feed_is_found_for_all_that_were_in_it(shop: Shop) -> None:
    batch = await shop.ready("H1", "H2", "H3")
    shop.amazon.loses_answer = "after"
    assert isinstance(await shop.send(batch), Wait)
    shop.clock.advance(200)
    # The first makes the feed a known one: the others must not miss it for that.
    assert [await shop.prepare(number) for number in ("H1", "H2", "H3")] == [Submitted("7001")] * 3
    # One look at Amazon is enough for all: its quota for orders would last for few.
    assert shop.amazon.calls["get_order"] == len(batch) + 1
    assert shop.amazon.calls["feeds_since"] == 1


async def test_a_feed_that_never_arrived_is_sent_again_as_a_whole(shop: Shop) -> None:
    batch = await shop.ready("H1", "H2")
    shop.amazon.loses_answer = "before"
    await shop.send(batch)
    shop.clock.advance(200)
    again = await shop.ready("H1", "H2")
    assert await shop.send(again) == Submitted("7001")
    assert shop.amazon.accepted == 1


async def test_all_of_a_batch_is_sent_or_nothing(shop: Shop) -> None:
    batch = await shop.ready("H1", "H2")
    assert await shop.send(batch[1:], Channel.DIRECT) == Confirmed()
    assert isinstance(await shop.send(batch), Wait)
    assert shop.states == [ConfirmationState.CONFIRMED, ConfirmationState.PREPARED]
    assert not shop.amazon.calls["submit_feed"]


async def test_a_refused_feed_refuses_each_shipment_in_it(shop: Shop) -> None:
    batch = await shop.ready("H1", "H2")
    shop.amazon.fails["submit_feed"] = AmazonRefused("InvalidInput: no.")
    with pytest.raises(AmazonRefused):
        await shop.send(batch)
    assert shop.states == [ConfirmationState.REFUSED] * 2


async def test_an_account_that_is_refused_refuses_no_shipment(shop: Shop) -> None:
    batch = await shop.ready("H1", "H2")
    shop.amazon.fails["submit_feed"] = AccessDenied()
    with pytest.raises(AccessDenied):
        await shop.send(batch)
    assert shop.states == [ConfirmationState.PREPARED] * 2


async def test_a_known_order_saves_its_reading(shop: Shop) -> None:
    assert isinstance(await shop.prepare("H1", known_order=shop.amazon.placed), Ready)
    assert not shop.amazon.calls["get_order"]


async def test_a_known_order_is_read_again_where_an_answer_was_lost(shop: Shop) -> None:
    shop.amazon.loses_answer = "after"
    await shop.send(await shop.ready("H1"))
    shop.clock.advance(200)
    assert await shop.prepare("H1", known_order=shop.amazon.placed) == Submitted("7001")


async def test_units_that_go_alongside_are_not_given_twice(shop: Shop) -> None:
    items = tuple(
        OrderItem(item_id=item_id, sku="MUG", quantity=1)
        for item_id in ("10000000000001", "10000000000002")
    )
    shop.amazon.placed = unshipped(*items)
    first = await shop.prepare("H1")
    assert isinstance(first, Ready)
    second = await shop.prepare("H2", alongside={first.package.reference: first.package.items})
    assert isinstance(second, Ready)
    assert first.package.items == (PackageItem("10000000000001", 1),)
    assert second.package.items == (PackageItem("10000000000002", 1),)


# Feeds


def of_marketplace(one: Ready, marketplace_id: str) -> Ready:
    package = msgspec.structs.replace(one.package, marketplace_id=marketplace_id)
    return msgspec.structs.replace(one, package=package)


async def test_each_marketplace_has_a_feed_of_its_own(shop: Shop) -> None:
    first, second, third = await shop.ready("H1", "H2", "H3")
    elsewhere = of_marketplace(second, "A1PA6795UKMFR9")
    assert list(in_feeds([first, elsewhere, third])) == [(first, third), (elsewhere,)]


async def test_a_feed_holds_no_more_than_amazon_takes(shop: Shop) -> None:
    batch = await shop.ready("H1", "H2", "H3")
    assert list(in_feeds(batch)) == [tuple(batch)]
    assert [len(one) for one in in_feeds(batch, largest=1700)] == [2, 1]
    assert [len(one) for one in in_feeds(batch, largest=1)] == [1, 1, 1]


def test_nothing_needs_no_feed() -> None:
    assert list(in_feeds([])) == []


async def test_what_took_too_long_to_commit_is_not_sent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rivals = shop.confirmations.rivals

    async def slow(*of: str) -> Any:
        shop.clock.advance(SENDING_AT_MOST.total_seconds())
        return await rivals(*of)

    batch = await shop.ready("H1", "H2")
    with monkeypatch.context() as patched:
        patched.setattr(shop.confirmations, "rivals", slow)
        assert isinstance(await shop.send(batch), Wait)
    assert not shop.amazon.feeds
    assert shop.states == [ConfirmationState.PREPARED] * 2
    assert await shop.send(batch) == Submitted("7001")


@pytest.mark.parametrize(("turned", "left"), [(40, 60), (-3600, 100)])
async def test_the_call_has_the_time_that_is_left_since_the_intent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, turned: float, left: float
) -> None:
    rivals = shop.confirmations.rivals
    given = []

    async def slow(*of: str) -> Any:
        shop.clock.advance(turned)
        return await rivals(*of)

    def timeout(seconds: float) -> asyncio.Timeout:
        given.append(seconds)
        return asyncio.Timeout(None)

    batch = await shop.ready("H1")
    monkeypatch.setattr(shop.confirmations, "rivals", slow)
    monkeypatch.setattr(asyncio, "timeout", timeout)
    assert await shop.send(batch) == Submitted("7001")
    assert given == [left]

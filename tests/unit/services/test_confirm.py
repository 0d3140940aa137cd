"""A shipment is confirmed once, told as it is, and refused with a reason."""

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from amazon_endpoint.errors import (
    AmazonRefused,
    AmazonUnavailable,
    InvalidInput,
    OrderNotFound,
    ShipmentRefused,
    StillUncertain,
    Throttled,
)
from amazon_endpoint.feeds import FeedState, MessageOutcome, MessageResult
from amazon_endpoint.orders import Order, OrderItem, OrderPackage
from amazon_endpoint.services import sending
from amazon_endpoint.services.confirm import (
    Confirmed,
    ConfirmOutcome,
    ConfirmRequest,
    Submitted,
    Wait,
    confirm_shipment,
)
from amazon_endpoint.services.confirmations import Channel, ConfirmationState
from amazon_endpoint.services.feed_status import feed_status
from amazon_endpoint.services.next_step import package_number
from amazon_endpoint.shipments import Carrier, Shipment, ShipmentItem
from tests.turned_clock import NOON, TurnedClock
from tests.unit.services.shipping_amazon import (
    MARKETPLACE,
    NUMBER,
    MemoryConfirmations,
    ShippingAmazon,
    failing_report,
    unshipped,
)

SHIPMENT = Shipment(
    number="H1",
    order_number=NUMBER,
    tracking="1Z 999",
    shipping_method="UPS Ground",
    shipped_at=NOON - timedelta(hours=3),
    items=(ShipmentItem(sku="MUG", quantity=1),),
)
ALL_OF_IT = msgspec.structs.replace(SHIPMENT, items=(ShipmentItem(sku="MUG", quantity=2),))
REFERENCE = package_number(NUMBER, "H1")


class Shop:
    """A store that confirms shipments, whose processes can start anew at any time."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.amazon = ShippingAmazon(self.clock)
        self.confirmations = MemoryConfirmations()

    async def confirm(
        self,
        shipment: Shipment = SHIPMENT,
        /,
        *,
        request: dict[str, Any] | None = None,
        **changes: Any,
    ) -> ConfirmOutcome:
        asked = ConfirmRequest(
            shipment=msgspec.structs.replace(shipment, **changes),
            seller_id="SELLER1",
            marketplace_ids=("A1F83G8C2ARO7P",),
        )
        asked = msgspec.structs.replace(asked, **(request or {}))
        return await confirm_shipment(
            self.amazon,
            self.confirmations,
            asked,
            clock=self.clock,
        )

    def while_the_order_is_read(self, do: Callable[[], Awaitable[None]]) -> None:
        """Have this happen once, between the look at what is confirmed and the order's answer."""
        read = self.amazon.get_order

        async def reading(number: str) -> Order:
            self.amazon.get_order = read  # type: ignore[method-assign]
            await do()
            return await read(number)

        self.amazon.get_order = reading  # type: ignore[method-assign]

    async def persist(self, **changes: Any) -> ConfirmOutcome:
        """Come back whenever told to, until there is an answer."""
        for _ in range(60):
            outcome = await self.confirm(**changes)
            if not isinstance(outcome, Wait):
                return outcome
            self.clock.advance((outcome.not_before - self.clock.now()).total_seconds())
        raise AssertionError("no answer within two hours")

    async def status(self, feed_id: str) -> FeedState:
        result = await feed_status(
            self.amazon,
            self.confirmations,
            feed_id,
            seller_id="SELLER1",
        )
        return result.status.state

    @property
    def state(self) -> ConfirmationState:
        return list(self.confirmations.rows.values())[-1].state

    def sent(self, feed_id: str = "7001") -> ET.Element:
        return ET.fromstring(self.amazon.feeds[feed_id].body)


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def test_a_shipment_is_submitted_as_a_feed_of_its_orders_marketplace(shop: Shop) -> None:
    assert await shop.confirm() == Submitted("7001")
    feed = shop.sent()
    assert feed.findtext(".//AmazonOrderID") == NUMBER
    assert feed.findtext(".//MerchantFulfillmentID") == REFERENCE
    assert feed.findtext(".//Message/MessageID") == REFERENCE
    assert feed.findtext(".//CarrierCode") == "UPS"
    assert feed.findtext(".//AmazonOrderItemCode") == "10000000000001"
    assert shop.amazon.feeds["7001"].marketplace_ids == (MARKETPLACE,)
    assert shop.state is ConfirmationState.SUBMITTED


async def test_the_same_content_is_answered_with_its_first_feed_without_amazon(shop: Shop) -> None:
    await shop.confirm()
    calls = shop.amazon.calls.copy()
    shop.clock.advance(400 * 86400)
    assert await shop.confirm(updated_at=shop.clock.now()) == Submitted("7001")
    assert shop.amazon.calls == calls


async def test_the_first_feed_stays_the_answer_after_it_succeeded(shop: Shop) -> None:
    await shop.confirm()
    shop.clock.advance(300)
    assert await shop.status("7001") is FeedState.DONE
    assert shop.state is ConfirmationState.CONFIRMED
    assert await shop.confirm() == Submitted("7001")


async def test_changed_content_edits_the_same_package_and_is_no_second_feed(shop: Shop) -> None:
    await shop.confirm()
    shop.clock.advance(86400)
    assert await shop.confirm(tracking="1Z 000") == Confirmed()
    (edit,) = shop.amazon.direct
    assert (edit.reference, edit.tracking) == (REFERENCE, "1Z 000")
    assert list(shop.amazon.feeds) == ["7001"]


async def test_a_correction_is_refused_where_amazon_never_shows_the_package(shop: Shop) -> None:
    shop.amazon.tells_packages = False
    await shop.confirm()
    assert isinstance(await shop.confirm(tracking="1Z 000"), Wait)
    shop.clock.advance(86400)
    with pytest.raises(ShipmentRefused, match="Seller Central"):
        await shop.confirm(tracking="1Z 000")
    assert shop.amazon.accepted == 1


async def test_a_package_of_ours_that_we_forgot_is_not_sent_again(shop: Shop) -> None:
    await shop.confirm()
    shop.clock.advance(86400)
    shop.confirmations.rows.clear()
    assert await shop.confirm() == Confirmed()
    assert shop.amazon.accepted == 1


async def test_what_is_confirmed_while_its_order_is_read_is_not_refused_for_its_own_units(
    shop: Shop,
) -> None:
    async def again() -> None:
        assert isinstance(await shop.confirm(ALL_OF_IT), Submitted)
        shop.clock.advance(3600)

    shop.while_the_order_is_read(again)

    assert isinstance(await shop.confirm(ALL_OF_IT), Wait)
    assert shop.amazon.accepted == 1


async def test_units_that_another_shipment_takes_while_the_order_is_read_are_not_shipped_twice(
    shop: Shop,
) -> None:
    async def another() -> None:
        assert isinstance(await shop.confirm(ALL_OF_IT, number="H2"), Submitted)

    shop.while_the_order_is_read(another)

    with pytest.raises(ShipmentRefused):
        await shop.confirm(ALL_OF_IT)
    assert shop.amazon.accepted == 1


async def test_two_contents_at_once_are_not_both_sent(shop: Shop) -> None:
    outcomes = await asyncio.gather(shop.confirm(), shop.confirm(tracking="1Z 000"))
    assert shop.amazon.accepted <= 1
    assert any(isinstance(one, Wait) for one in outcomes)


async def test_units_of_another_shipment_on_its_way_are_not_open(shop: Shop) -> None:
    shop.amazon.placed = unshipped(
        OrderItem(item_id="1", sku="MUG", quantity=2),
        OrderItem(item_id="2", sku="MUG", quantity=1),
    )
    await shop.confirm(items=(ShipmentItem(sku="MUG", quantity=2),))
    await shop.confirm(number="H2", items=(ShipmentItem(sku="MUG", quantity=1),))
    assert shop.sent("7002").findtext(".//AmazonOrderItemCode") == "2"


async def test_an_answer_that_does_not_come_in_time_counts_as_lost(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(*_: object) -> str:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(shop.amazon, "submit_feed", hangs)
    monkeypatch.setattr(sending, "SENDING_AT_MOST", timedelta(seconds=0.01))
    assert isinstance(await shop.confirm(), Wait)
    assert shop.state is ConfirmationState.UNCERTAIN


async def test_a_correction_may_name_the_units_that_the_shipment_already_has(shop: Shop) -> None:
    await shop.confirm(items=(ShipmentItem(sku="MUG", quantity=2),))
    shop.clock.advance(86400)
    again = await shop.confirm(items=(ShipmentItem(sku="MUG", quantity=2),), tracking="1Z 000")
    assert again == Confirmed()


async def test_another_parcel_of_the_order_is_a_package_of_its_own(shop: Shop) -> None:
    await shop.confirm()
    assert await shop.confirm(number="H2") == Submitted("7002")
    assert shop.sent("7002").findtext(".//MerchantFulfillmentID") == package_number(NUMBER, "H2")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "2026-11-01T09:00:00Z"),
        ({"shipped_at": None, "updated_at": NOON - timedelta(days=1)}, "2026-10-31T12:00:00Z"),
        ({"shipped_at": None}, "2026-11-01T12:00:00Z"),
    ],
)
async def test_the_date_is_when_it_was_shipped_else_updated_else_received(
    shop: Shop, changes: dict[str, Any], told: str
) -> None:
    await shop.confirm(**changes)
    assert shop.sent().findtext(".//FulfillmentDate") == told


async def test_the_date_of_the_first_receipt_survives_retries_and_corrections(shop: Shop) -> None:
    shop.amazon.fails["submit_feed"] = Throttled()
    with pytest.raises(Throttled):
        await shop.confirm(shipped_at=None)
    shop.clock.advance(86400)
    await shop.confirm(shipped_at=None)
    shop.clock.advance(86400)
    await shop.confirm(shipped_at=None, tracking="1Z 000")
    assert shop.sent().findtext(".//FulfillmentDate") == "2026-11-01T12:00:00Z"
    assert [one.shipped_at for one in shop.amazon.direct] == [NOON]


async def test_the_carrier_is_known_by_its_name_or_by_the_method(shop: Shop) -> None:
    await shop.confirm(carrier="Bee Couriers", shipping_method="DHL Paket")
    await shop.confirm(number="H2", carrier="Bee Couriers", shipping_method="Fast")
    assert shop.sent().findtext(".//CarrierCode") == "DHL-Paket"
    assert shop.sent("7002").findtext(".//CarrierName") == "Bee Couriers"


async def test_the_operators_carriers_are_used(shop: Shop) -> None:
    await shop.confirm(shipping_method="Ground", request={"carrier_lookup": {"ground": "OnTrac"}})
    assert shop.sent().findtext(".//CarrierCode") == "OnTrac"


async def test_an_order_without_a_marketplace_takes_the_connections(shop: Shop) -> None:
    shop.amazon.placed = msgspec.structs.replace(shop.amazon.placed, marketplace_id=None)
    await shop.confirm()
    assert shop.amazon.feeds["7001"].marketplace_ids == ("A1F83G8C2ARO7P",)


async def test_no_marketplace_at_all_is_told(shop: Shop) -> None:
    shop.amazon.placed = msgspec.structs.replace(shop.amazon.placed, marketplace_id=None)
    with pytest.raises(InvalidInput) as refused:
        await shop.confirm(request={"marketplace_ids": ()})
    assert refused.value.field == "amazon.marketplace_id"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tracking": "9" * 51}, "payload.shipment.tracking"),
        ({"tracking": "1Z\x01"}, "payload.shipment"),
        ({"shipping_method": None}, "payload.shipment.shipping_method"),
        ({"items": ()}, "payload.shipment.items"),
        ({"items": (ShipmentItem(sku="HAT", quantity=1),)}, "payload.shipment.items[0].sku"),
        ({"items": (ShipmentItem(sku="MUG", quantity=3),)}, "payload.shipment.items[0].quantity"),
    ],
)
async def test_what_cannot_be_told_is_refused_before_anything_is_sent(
    shop: Shop, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ShipmentRefused) as refused:
        await shop.confirm(**changes)
    assert refused.value.field == field
    assert not shop.amazon.calls["prepare_feed"]


async def test_a_buyers_cancellation_request_stops_the_shipment_unless_allowed(shop: Shop) -> None:
    wished = OrderItem(item_id="1", sku="MUG", quantity=1, cancellation_requested_by="BUYER")
    shop.amazon.placed = unshipped(wished)
    with pytest.raises(ShipmentRefused):
        await shop.confirm()
    allowed = {"allow_cancellation_requested": True}
    assert await shop.confirm(request=allowed) == Submitted("7001")


async def test_an_unknown_order_is_told_with_its_field(shop: Shop) -> None:
    with pytest.raises(OrderNotFound) as refused:
        await shop.confirm(order_number="111-0000000-0000000")
    assert refused.value.field == "payload.shipment.order_number"


@pytest.mark.parametrize("call", ["get_order", "prepare_feed", "submit_feed"])
@pytest.mark.parametrize("failure", [Throttled, AmazonUnavailable])
async def test_what_did_not_happen_is_simply_tried_again(
    shop: Shop, call: str, failure: type[Throttled]
) -> None:
    shop.amazon.fails[call] = failure()
    with pytest.raises(failure):
        await shop.confirm()
    assert await shop.confirm() == Submitted("7001")
    assert shop.amazon.accepted == 1


async def test_an_order_cancelled_while_waiting_for_quota_is_not_shipped(shop: Shop) -> None:
    shop.amazon.fails["submit_feed"] = Throttled()
    with pytest.raises(Throttled):
        await shop.confirm()
    shop.amazon.placed = msgspec.structs.replace(shop.amazon.placed, status="Canceled")
    with pytest.raises(ShipmentRefused, match="cancelled"):
        await shop.confirm()


async def test_a_refused_feed_may_be_tried_again(shop: Shop) -> None:
    shop.amazon.fails["submit_feed"] = AmazonRefused("InvalidInput: no.")
    with pytest.raises(AmazonRefused):
        await shop.confirm()
    (row,) = shop.confirmations.rows.values()
    assert row.state is ConfirmationState.REFUSED
    assert await shop.confirm() == Submitted("7001")


def error_for(message_id: str) -> MessageResult:
    return MessageResult(
        message_id=message_id, outcome=MessageOutcome.ERROR, code="18021", description="No."
    )


async def test_a_shipment_that_the_report_refuses_may_be_tried_again(shop: Shop) -> None:
    shop.amazon.next_report = failing_report(error_for(REFERENCE))
    await shop.confirm()
    shop.clock.advance(300)
    await shop.status("7001")
    assert shop.state is ConfirmationState.REFUSED
    assert await shop.confirm() == Submitted("7002")
    assert await shop.confirm() == Submitted("7002")


async def test_a_refused_shipment_that_amazon_shows_is_confirmed_not_sent(shop: Shop) -> None:
    shop.amazon.next_report = failing_report(error_for(REFERENCE))
    await shop.confirm()
    shop.clock.advance(300)
    await shop.status("7001")
    by_hand = OrderPackage(reference="1", tracking="1Z-999", items={"10000000000001": 1})
    shop.amazon.placed = msgspec.structs.replace(shop.amazon.placed, packages=(by_hand,))
    assert await shop.confirm() == Confirmed()
    assert shop.amazon.accepted == 1


@pytest.mark.parametrize("end", [FeedState.FATAL, FeedState.CANCELLED])
async def test_a_feed_that_ended_badly_allows_another_try(shop: Shop, end: FeedState) -> None:
    shop.amazon.next_feed_ends = end
    await shop.confirm()
    shop.clock.advance(300)
    assert await shop.status("7001") is end
    assert await shop.confirm() == Submitted("7002")


async def test_a_late_older_version_does_not_undo_a_newer_one(shop: Shop) -> None:
    shop.amazon.fails["submit_feed"] = Throttled()
    with pytest.raises(Throttled):
        await shop.confirm()
    shop.clock.advance(60)
    assert await shop.confirm(tracking="1Z 000") == Submitted("7001")
    with pytest.raises(ShipmentRefused, match="later version"):
        await shop.confirm()
    assert shop.amazon.accepted == 1


# What was sent and never answered


async def test_a_lost_answer_waits_until_amazon_can_show_something(shop: Shop) -> None:
    shop.amazon.loses_answer = "after"
    outcome = await shop.confirm()
    assert isinstance(outcome, Wait)
    assert outcome.not_before == shop.clock.now() + timedelta(minutes=2)
    assert shop.state is ConfirmationState.UNCERTAIN
    calls = shop.amazon.calls.copy()
    assert await shop.confirm() == outcome
    assert shop.amazon.calls == calls


@pytest.mark.parametrize("tells_packages", [True, False])
async def test_a_lost_answer_of_what_was_carried_out_is_found_with_its_feed(
    shop: Shop, tells_packages: bool
) -> None:
    shop.amazon.tells_packages = tells_packages
    shop.amazon.loses_answer = "after"
    both = (ShipmentItem(sku="MUG", quantity=2),)
    assert await shop.persist(items=both) == Submitted("7001")
    assert shop.amazon.accepted == 1


async def test_a_lost_feed_is_found_though_amazons_clock_is_behind_ours(shop: Shop) -> None:
    shop.amazon.behind = timedelta(minutes=2)
    shop.amazon.loses_answer = "after"
    assert await shop.persist() == Submitted("7001")


async def test_a_lost_answer_of_what_never_arrived_is_sent_again(shop: Shop) -> None:
    shop.amazon.loses_answer = "before"
    assert await shop.persist() == Submitted("7001")
    assert shop.amazon.accepted == 1


async def lose_with_a_foreign_feed(shop: Shop, **foreign: Any) -> None:
    """Our submission never arrives, and another program submits a feed a minute later."""
    shop.amazon.listed_after = timedelta()
    shop.amazon.loses_answer = "before"
    await shop.confirm()
    shop.clock.advance(70)
    shop.amazon.add_foreign_feed("9001", **foreign)
    shop.clock.advance(50)


async def test_a_feed_in_progress_that_could_be_ours_is_waited_for(shop: Shop) -> None:
    await lose_with_a_foreign_feed(shop)
    assert isinstance(await shop.confirm(), Wait)
    assert not shop.amazon.calls["feed_report"]
    assert shop.amazon.accepted == 0


async def test_what_stays_ambiguous_is_an_alarm_and_never_sent_again(shop: Shop) -> None:
    await lose_with_a_foreign_feed(shop)
    with pytest.raises(StillUncertain, match=r"H1 of order 111-2222222-3333333.*feed 9001"):
        await shop.persist()
    shop.clock.advance(10 * 86400)
    with pytest.raises(StillUncertain):
        await shop.confirm()
    assert shop.amazon.accepted == 0


async def test_an_alarm_is_over_once_the_shipment_was_confirmed_by_hand(shop: Shop) -> None:
    await lose_with_a_foreign_feed(shop)
    with pytest.raises(StillUncertain):
        await shop.persist()
    by_hand = OrderPackage(reference="1", tracking="1z999", items={"10000000000001": 1})
    shop.amazon.placed = msgspec.structs.replace(shop.amazon.placed, packages=(by_hand,))
    assert await shop.confirm() == Submitted("9001")


async def test_a_feed_whose_report_names_our_message_is_ours(shop: Shop) -> None:
    report = failing_report(error_for(REFERENCE))
    await lose_with_a_foreign_feed(shop, report=report)
    shop.clock.advance(60)
    assert await shop.confirm() == Submitted("9001")


async def test_a_feed_whose_report_names_all_its_messages_is_not_ours(shop: Shop) -> None:
    report = failing_report(error_for("1"), error_for("2"), processed=2)
    await lose_with_a_foreign_feed(shop, report=report)
    shop.clock.advance(60)
    assert await shop.confirm() == Submitted("7002")
    assert shop.amazon.accepted == 1


async def test_a_cancelled_feed_without_a_report_did_nothing_whoevers_it_was(shop: Shop) -> None:
    await lose_with_a_foreign_feed(shop, ends=FeedState.CANCELLED, has_report=False)
    shop.clock.advance(60)
    assert await shop.confirm() == Submitted("7002")


@pytest.mark.parametrize("end", [FeedState.FATAL, FeedState.DONE])
async def test_a_feed_without_a_report_may_have_done_it(shop: Shop, end: FeedState) -> None:
    await lose_with_a_foreign_feed(shop, ends=end, has_report=False)
    shop.clock.advance(60)
    assert isinstance(await shop.confirm(), Wait)


async def test_of_several_feeds_none_is_picked_but_the_order_counts(shop: Shop) -> None:
    shop.amazon.loses_answer = "after"
    await shop.confirm()
    shop.amazon.add_foreign_feed("9001")
    assert await shop.persist() == Confirmed()
    assert shop.amazon.accepted == 1


async def test_another_shipments_own_feed_is_not_taken_for_the_lost_one(shop: Shop) -> None:
    shop.amazon.loses_answer = "before"
    await shop.confirm()
    assert await shop.confirm(number="H2") == Submitted("7001")
    assert await shop.persist() == Submitted("7002")
    assert shop.amazon.accepted == 2


async def lose_three(shop: Shop) -> list[dict[str, Any]]:
    """Of three shipments of one order, whose answers are lost, the first two arrive. No packages
    are told, as with MWS."""
    shop.amazon.tells_packages = False
    skus = ("MUG", "POT", "BELL")
    shop.amazon.placed = unshipped(
        *(OrderItem(item_id=sku.lower(), sku=sku, quantity=1) for sku in skus)
    )
    shipments: list[dict[str, Any]] = [
        {"number": f"H-{sku}", "items": (ShipmentItem(sku=sku, quantity=1),)} for sku in skus
    ]
    for shipment, lost in zip(shipments, ("after", "after", "before"), strict=True):
        shop.amazon.loses_answer = lost
        assert isinstance(await shop.confirm(**shipment), Wait)
    shop.clock.advance(180)
    return shipments


async def test_of_several_lost_ones_the_feeds_of_those_that_arrived_are_no_others(
    shop: Shop,
) -> None:
    *arrived, missing = await lose_three(shop)
    assert isinstance(await shop.confirm(**missing), Wait)
    assert [await shop.confirm(**one) for one in arrived] == [Confirmed()] * 2
    assert await shop.confirm(**missing) == Submitted("7003")
    assert shop.amazon.accepted == 3


async def test_one_feed_more_than_arrived_may_be_the_missing_one(shop: Shop) -> None:
    *arrived, missing = await lose_three(shop)
    shop.amazon.add_foreign_feed("9001")
    shop.clock.advance(180)
    assert [await shop.confirm(**one) for one in arrived] == [Confirmed()] * 2
    with pytest.raises(StillUncertain):
        await shop.persist(**missing)
    assert shop.amazon.accepted == 2


async def test_units_that_another_shipment_of_ours_explains_are_not_the_lost_ones(
    shop: Shop,
) -> None:
    """Though Amazon tells no packages, as with MWS."""
    shop.amazon.tells_packages = False
    shop.amazon.placed = unshipped(OrderItem(item_id="1", sku="MUG", quantity=3))
    await shop.confirm()
    two: dict[str, Any] = {"number": "H2", "items": (ShipmentItem(sku="MUG", quantity=2),)}
    shop.amazon.loses_answer = "before"
    await shop.confirm(**two)
    by_hand = OrderPackage(reference="1", tracking="OTHER", items={"1": 1})
    shop.amazon.placed = msgspec.structs.replace(shop.amazon.placed, packages=(by_hand,))
    shop.clock.advance(180)
    with pytest.raises(ShipmentRefused, match="only 1"):
        await shop.confirm(**two)


async def test_units_that_another_package_explains_are_not_ours(shop: Shop) -> None:
    shop.amazon.loses_answer = "before"
    await shop.confirm(items=(ShipmentItem(sku="MUG", quantity=2),))
    shop.clock.advance(120)
    other = OrderPackage(reference="1", tracking="OTHER", items={"10000000000001": 2})
    shop.amazon.placed = msgspec.structs.replace(shop.amazon.placed, packages=(other,))
    with pytest.raises(ShipmentRefused, match="only 0"):
        await shop.confirm(items=(ShipmentItem(sku="MUG", quantity=2),))
    assert shop.amazon.accepted == 0


async def test_a_correction_waits_until_the_fate_of_the_first_version_is_known(shop: Shop) -> None:
    shop.amazon.loses_answer = "after"
    await shop.confirm()
    assert isinstance(await shop.confirm(tracking="1Z 000"), Wait)
    assert shop.amazon.accepted == 1
    assert await shop.persist(tracking="1Z 000") == Confirmed()
    assert await shop.confirm() == Submitted("7001")


async def test_a_lost_correction_is_not_taken_for_done_because_its_first_version_is(
    shop: Shop,
) -> None:
    await shop.confirm()
    shop.clock.advance(86400)
    shop.amazon.loses_answer = "before"
    assert await shop.persist(carrier="DPD") == Confirmed()
    assert [one.carrier.code for one in shop.amazon.direct] == ["DPD"]


async def test_what_may_have_been_sent_is_sent_again_as_it_was(shop: Shop) -> None:
    mugs = (
        OrderItem(item_id="1", sku="MUG", quantity=1),
        OrderItem(item_id="2", sku="MUG", quantity=1),
    )
    shop.amazon.placed = unshipped(*mugs)
    shop.amazon.loses_answer = "before"
    await shop.confirm()
    shop.amazon.placed = unshipped(*mugs[::-1])
    await shop.persist()
    assert shop.sent().findtext(".//AmazonOrderItemCode") == "1"


# Without a feed

DIRECT = {"channel": Channel.DIRECT}


async def test_a_direct_confirmation_is_known_at_once(shop: Shop) -> None:
    assert await shop.confirm(request=DIRECT) == Confirmed()
    assert await shop.confirm(request=DIRECT) == Confirmed()
    (package,) = shop.amazon.direct
    assert (package.reference, package.carrier) == (REFERENCE, Carrier("UPS"))
    assert package.marketplace_id == MARKETPLACE


async def test_a_shipment_without_tracking_goes_by_feed_as_only_feeds_take_it(shop: Shop) -> None:
    assert await shop.confirm(tracking="", request=DIRECT) == Submitted("7001")
    assert shop.sent().find(".//ShipperTrackingNumber") is None


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_a_lost_direct_answer_is_looked_up_in_the_order(shop: Shop, lost: str) -> None:
    shop.amazon.loses_answer = lost
    assert isinstance(await shop.confirm(request=DIRECT), Wait)
    assert await shop.persist(request=DIRECT) == Confirmed()
    assert shop.amazon.accepted == 1


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_the_channel_changes_only_after_the_check(shop: Shop, lost: str) -> None:
    shop.amazon.loses_answer = lost
    await shop.confirm(request=DIRECT)
    assert isinstance(await shop.confirm(), Wait)
    outcome = await shop.persist()
    assert outcome == (Submitted("7001") if lost == "before" else Confirmed())
    assert shop.amazon.accepted == 1


# Several processes


async def test_only_one_of_two_processes_sends(shop: Shop) -> None:
    shop.amazon.fails["submit_feed"] = Throttled()
    with pytest.raises(Throttled):
        await shop.confirm()
    (seen,) = shop.confirmations.rows.values()
    sending = msgspec.structs.replace(
        seen, state=ConfirmationState.SENDING, sent_at=shop.clock.now()
    )

    async def prepare_late(body: bytes) -> str:
        assert await shop.confirmations.replace(seen, sending)
        return "0"

    shop.amazon.prepare_feed = prepare_late  # type: ignore[method-assign]
    assert isinstance(await shop.confirm(), Wait)
    assert shop.amazon.accepted == 0

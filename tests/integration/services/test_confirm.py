"""Shipments confirmed at the local Amazon, whose own count says that each was confirmed once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from amazon_endpoint.errors import ShipmentRefused
from amazon_endpoint.feeds import FeedResult, FeedState
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.services.confirm import (
    Confirmed,
    ConfirmOutcome,
    ConfirmRequest,
    Submitted,
    Wait,
    confirm_shipment,
)
from amazon_endpoint.services.confirmations import Channel
from amazon_endpoint.services.feed_status import feed_status
from amazon_endpoint.services.next_step import package_number
from amazon_endpoint.shipments import Shipment, ShipmentItem
from amazon_endpoint.storage import Storage
from tests.integration.spapi.seller import UNITED_STATES, Seller
from tests.turned_clock import TurnedClock


class Shop:
    """A store connected to the local Amazon, with a database of its own."""

    def __init__(self, sandbox: RunningSandbox, storage: Storage) -> None:
        self.sandbox = sandbox
        self.storage = storage
        self.clock = TurnedClock(sandbox.now())
        self.seller = Seller(sandbox.url, self.clock)
        self.amazon = self.seller.account()
        placed = next(
            one
            for one in sandbox.orders()
            if one["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
            and one["fulfillment"]["fulfilledBy"] == "MERCHANT"
            and not any("cancellation" in item for item in one["orderItems"])
            and not one.get("programs")
        )
        self.shipment = Shipment(
            number="H1",
            order_number=placed["orderId"],
            tracking="1Z0000000000000000",
            shipping_method="UPS Ground",
            items=tuple(
                ShipmentItem(
                    sku="", external_ref=item["orderItemId"], quantity=item["quantityOrdered"]
                )
                for item in placed["orderItems"]
            ),
        )
        self.items = {item["orderItemId"]: item["quantityOrdered"] for item in placed["orderItems"]}

    def pass_time(self, seconds: float) -> None:
        self.sandbox.advance(seconds)
        self.clock.advance(seconds)

    async def confirm(self, channel: Channel = Channel.FEED, **changes: Any) -> ConfirmOutcome:
        request = ConfirmRequest(
            shipment=msgspec.structs.replace(self.shipment, **changes),
            seller_id="A0000000000000",
            marketplace_ids=(UNITED_STATES,),
            channel=channel,
        )
        return await confirm_shipment(
            self.amazon, self.storage.confirmations, request, clock=self.clock
        )

    async def persist(self, channel: Channel = Channel.FEED) -> ConfirmOutcome:
        while isinstance(outcome := await self.confirm(channel), Wait):
            self.pass_time((outcome.not_before - self.clock.now()).total_seconds() + 1)
        return outcome

    async def status(self, feed_id: str) -> FeedResult:
        return await feed_status(
            self.amazon, self.storage.confirmations, feed_id, seller_id="A0000000000000"
        )

    def check_confirmed_once(self) -> None:
        """By Amazon's own count: every item in full, in one package that is ours."""
        confirmed = self.sandbox.state()["confirmations"][self.shipment.order_number]
        assert {one["orderItemId"]: one["quantity"] for one in confirmed} == self.items
        assert len(confirmed) == len(self.items)
        reference = package_number(self.shipment.order_number, "H1")
        assert {one["packageReferenceId"] for one in confirmed} == {reference}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    options = SandboxOptions(orders=40, marketplaces=(UNITED_STATES,))
    with run_in_thread(options) as sandbox:
        async with await Storage.open(str(tmp_path / "endpoint.db")) as storage:
            shop = Shop(sandbox, storage)
            yield shop
            await shop.seller.connector.aclose()


async def test_a_shipment_is_confirmed_and_its_feed_followed(shop: Shop) -> None:
    outcome = await shop.confirm()
    assert isinstance(outcome, Submitted)
    assert (await shop.status(outcome.feed_id)).report is None
    shop.pass_time(120)
    result = await shop.status(outcome.feed_id)
    assert result.status.state is FeedState.DONE
    assert result.report is not None
    assert result.report.successful == 1
    assert await shop.confirm() == outcome
    shop.check_confirmed_once()


@pytest.mark.parametrize("fault", ["lost_answer", "drop", "internal500", "html503", "cut_body"])
async def test_a_lost_answer_to_a_feed_leaves_one_confirmation(shop: Shop, fault: str) -> None:
    shop.sandbox.fault("createFeed", fault)
    assert isinstance(await shop.confirm(), Wait)
    outcome = await shop.persist()
    assert isinstance(outcome, Submitted)
    shop.pass_time(120)
    assert (await shop.status(outcome.feed_id)).status.state is FeedState.DONE
    assert len(shop.sandbox.state()["feeds"]) == 1
    shop.check_confirmed_once()


@pytest.mark.parametrize("fault", ["lost_answer", "drop", "internal500", "cut_body"])
async def test_a_lost_answer_to_a_direct_confirmation_leaves_one(shop: Shop, fault: str) -> None:
    shop.sandbox.fault("confirmShipment", fault)
    await shop.confirm(Channel.DIRECT)
    assert await shop.persist(Channel.DIRECT) == Confirmed()
    shop.check_confirmed_once()


@pytest.mark.parametrize("fault", ["feed_fatal", "feed_cancelled"])
async def test_a_feed_that_ended_badly_is_followed_by_another(shop: Shop, fault: str) -> None:
    shop.sandbox.fault("createFeed", fault)
    first = await shop.confirm()
    assert isinstance(first, Submitted)
    shop.pass_time(120)
    assert (await shop.status(first.feed_id)).status.state in {
        FeedState.FATAL,
        FeedState.CANCELLED,
    }
    second = await shop.confirm()
    assert isinstance(second, Submitted)
    assert second != first
    shop.pass_time(120)
    await shop.status(second.feed_id)
    shop.check_confirmed_once()


async def test_units_that_amazon_already_has_are_refused_before_anything_is_sent(
    shop: Shop,
) -> None:
    await shop.confirm()
    shop.pass_time(120)
    with pytest.raises(ShipmentRefused, match="only 0"):
        await shop.confirm(number="H2")
    assert len(shop.sandbox.state()["feeds"]) == 1

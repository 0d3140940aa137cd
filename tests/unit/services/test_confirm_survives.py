"""Whatever dies between any two steps, Amazon accepts a shipment once, and at last it does."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_endpoint.errors import AnswerLost, Throttled
from amazon_endpoint.services.confirm import (
    Confirmed,
    ConfirmOutcome,
    ConfirmRequest,
    Submitted,
    Wait,
    confirm_shipment,
)
from amazon_endpoint.services.confirmations import Channel
from amazon_endpoint.shipments import Shipment, ShipmentItem
from tests.turned_clock import NOON, TurnedClock
from tests.unit.services.shipping_amazon import NUMBER, MemoryConfirmations, ShippingAmazon

SHIPMENT = Shipment(
    number="H1",
    order_number=NUMBER,
    tracking="1Z999",
    shipping_method="UPS Ground",
    items=(ShipmentItem(sku="MUG", quantity=1),),
    shipped_at=NOON,
)


class Killed(BaseException):
    """The process is gone."""


class Mortal:
    """Passes calls on, and dies before or after the one that is up."""

    def __init__(self, target: Any, die: Callable[[bool], None]) -> None:
        self._target = target
        self._die = die

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._target, name)

        async def call(*args: Any) -> Any:
            self._die(False)
            result = await method(*args)
            self._die(True)
            return result

        return call


class World:
    """Amazon and the database, which outlive the processes."""

    def __init__(self, channel: Channel) -> None:
        self.clock = TurnedClock()
        self.amazon = ShippingAmazon(self.clock)
        self.confirmations = MemoryConfirmations()
        self.channel = channel

    def run(self, dies_at: int | None = None, *, after: bool = False) -> ConfirmOutcome | None:
        """One process's try; it dies at its nth call. None: it died."""
        calls = 0

        def die(returned: bool) -> None:
            nonlocal calls
            calls += not returned
            if calls == dies_at and returned is after:
                raise Killed

        request = ConfirmRequest(
            shipment=SHIPMENT, seller_id="SELLER1", marketplace_ids=(), channel=self.channel
        )
        amazon: Any = Mortal(self.amazon, die)
        confirmations: Any = Mortal(self.confirmations, die)
        try:
            return asyncio.run(confirm_shipment(amazon, confirmations, request, clock=self.clock))
        except Killed:
            return None
        except Throttled as later:
            return Wait(self.clock.now() + timedelta(minutes=2), later.message)

    def finish(self) -> ConfirmOutcome:
        """Processes that live come back until there is an answer."""
        for _ in range(60):
            outcome = self.run()
            assert outcome is not None
            assert self.amazon.accepted <= 1
            if not isinstance(outcome, Wait):
                return outcome
            assert outcome.not_before > self.clock.now()
            self.clock.advance((outcome.not_before - self.clock.now()).total_seconds())
        raise AssertionError("no answer")

    def check_end(self) -> None:
        outcome = self.finish()
        assert self.amazon.accepted == 1
        fed = self.channel is Channel.FEED
        assert outcome == (Submitted(next(iter(self.amazon.feeds))) if fed else Confirmed())
        calls = self.amazon.calls.copy()
        assert self.run() == outcome
        assert self.amazon.calls == calls


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("dies_at", range(1, 12))
def test_a_death_at_any_call_leaves_one_confirmation(
    channel: Channel, after: bool, dies_at: int
) -> None:
    world = World(channel)
    world.run(dies_at, after=after)
    world.check_end()


@pytest.mark.parametrize("channel", Channel)
def test_the_deaths_above_reach_every_call(channel: Channel) -> None:
    assert World(channel).run(12) is not None


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("dies_at", range(1, 12))
@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_death_while_a_lost_answer_is_looked_up_leaves_one_confirmation(
    channel: Channel, after: bool, dies_at: int, lost: str
) -> None:
    world = World(channel)
    world.amazon.loses_answer = lost
    assert isinstance(world.run(), Wait)
    world.clock.advance(125)
    world.run(dies_at, after=after)
    world.check_end()


events = st.one_of(
    st.tuples(st.just("die before"), st.integers(1, 12)),
    st.tuples(st.just("die after"), st.integers(1, 12)),
    st.tuples(st.sampled_from(["lose before", "lose after"]), st.none()),
    st.tuples(st.just("throttle"), st.sampled_from(["get_order", "submit_feed", "feeds_since"])),
    st.tuples(st.just("pass"), st.integers(1, 400)),
)


@given(st.sampled_from(Channel), st.lists(events, max_size=8))
def test_any_series_of_misfortunes_leaves_one_confirmation(
    channel: Channel, series: list[tuple[str, Any]]
) -> None:
    world = World(channel)
    for event, value in series:
        if event == "pass":
            world.clock.advance(value)
        elif event.startswith("lose"):
            world.amazon.loses_answer = event.split()[1]
        elif event == "throttle":
            world.amazon.fails[value] = Throttled()
        else:
            world.run(value, after=event == "die after")
        assert world.amazon.accepted <= 1
    world.check_end()


def test_the_harness_sees_a_client_that_sends_again_in_good_faith() -> None:
    world = World(Channel.FEED)
    world.amazon.loses_answer = "after"

    async def naive() -> None:
        for _ in range(2):
            document = await world.amazon.prepare_feed(b"<AmazonEnvelope/>")
            try:
                await world.amazon.submit_feed(document, ())
            except AnswerLost:
                continue

    asyncio.run(naive())
    assert world.amazon.accepted == 2

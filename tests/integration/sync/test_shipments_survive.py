"""Whatever dies when, Amazon takes each shipment once, and the store is told of each once."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from amazon_endpoint.errors import Throttled
from amazon_endpoint.services.next_step import package_number
from amazon_endpoint.shipments import Shipment, ShipmentItem
from amazon_endpoint.storage import Storage
from amazon_endpoint.sync import shipping
from amazon_endpoint.sync.shipping import Move, SentFeed, ShipmentState
from tests.integration.sync.accounts import ACCOUNT, KEY
from tests.integration.sync.shipped import Killed, Mortal, Shipped
from tests.turned_clock import TurnedClock
from tests.unit.services.shipping_amazon import NUMBER, ShippingAmazon

TRACKED = Shipment(
    number="H1",
    order_number=NUMBER,
    tracking="1Z999",
    shipping_method="UPS Ground",
    items=(ShipmentItem(sku="MUG", quantity=1),),
)
UNTRACKED = Shipment(
    number="H2",
    order_number=NUMBER,
    tracking="",
    shipping_method="Letter",
    items=(ShipmentItem(sku="MUG", quantity=1),),
)
ONCE = {package_number(NUMBER, "H1"): 1, package_number(NUMBER, "H2"): 1}

# A life without deaths has this many effects at most; a test says so.
EFFECTS = 16


class World:
    """Amazon and the database, which outlive the processes."""

    def __init__(self, storage: Storage, shop: Shipped) -> None:
        self.storage = storage
        self.shop = shop
        self.amazon: ShippingAmazon = shop.amazon
        self.effects = 0
        self.deaths: set[int] = set()
        for name in ("amazon", "shipments", "confirmations"):
            setattr(shop, name, Mortal(getattr(shop, name), self._survive))

    def _survive(self, _name: str) -> None:
        self.effects += 1
        if self.effects in self.deaths:
            raise Killed

    async def run(self, *deaths: int) -> None:
        """Processes die after these effects, and others come in their place, until the end."""
        self.deaths = set(deaths)
        for _ in range(len(deaths) + 1):
            try:
                await self.shop.finish()
            except Killed:
                assert max(self.amazon.taken.values(), default=0) <= 1
                self.shop.clock.advance(1)
        assert await self.shop.states() == {
            "H1": ShipmentState.CONFIRMED,
            "H2": ShipmentState.CONFIRMED,
        }
        assert self.amazon.taken == ONCE
        told = [(kind, one.shipment_number) for kind, one in await self.shop.told()]
        assert sorted(told) == [("shipment:confirmed", "H1"), ("shipment:confirmed", "H2")]


class Beside:
    """The process dies once one shipment of a feed is kept; the next one confirms the others just
    before it keeps the end of the feed."""

    def __init__(self, shop: Shipped) -> None:
        self._shop = shop
        self._kept = shop.shipments
        self.dead = self.confirmed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kept, name)

    async def move(self, moves: Sequence[Move], *, feed: SentFeed | None = None) -> None:
        await self._kept.move(moves, feed=feed)
        if feed is not None and not self.dead:
            self.dead = True
            raise Killed

    async def keep_feed(self, feed: SentFeed) -> None:
        if feed.ended_at is not None and not self.confirmed:
            self.confirmed = True
            await self._shop.send()
        await self._kept.keep_feed(feed)


@pytest.fixture
async def world(tmp_path: Path, directly: bool) -> AsyncIterator[World]:
    async with await Storage.open(str(tmp_path / "sync.db")) as storage:
        kept = await storage.unlock(KEY)
        await kept.accounts.add(ACCOUNT)
        clock = TurnedClock()
        amazon = ShippingAmazon(clock)
        amazon.confirms_directly = directly
        shop = Shipped(storage, kept, amazon, clock)
        await shop.receive(TRACKED, UNTRACKED)
        yield World(storage, shop)


either_channel = pytest.mark.parametrize("directly", [True, False], ids=["direct", "feed"])


@either_channel
async def test_without_a_death_both_are_confirmed(world: World) -> None:
    await world.run()
    assert world.amazon.accepted == (2 if world.amazon.confirms_directly else 1)
    assert world.effects <= EFFECTS


@either_channel
@pytest.mark.parametrize("dies_after", range(1, EFFECTS + 1))
async def test_a_death_after_any_effect_leaves_each_confirmed_once(
    world: World, dies_after: int
) -> None:
    await world.run(dies_after)


@either_channel
@pytest.mark.parametrize("lost", ["before", "after"])
@pytest.mark.parametrize("dies_after", range(1, EFFECTS + 6, 2))
async def test_a_lost_answer_and_a_death_leave_each_confirmed_once(
    world: World, lost: str, dies_after: int
) -> None:
    world.amazon.loses_answer = lost
    await world.run(dies_after)


@either_channel
@pytest.mark.parametrize("deaths", [(2, 5, 9), (4, 6, 8), (3, 4, 5, 6)])
async def test_many_deaths_leave_each_confirmed_once(world: World, deaths: tuple[int, ...]) -> None:
    world.amazon.fails["submit_feed"] = Throttled()
    await world.run(*deaths)


@pytest.mark.parametrize("directly", [False])
async def test_what_is_found_in_a_feed_while_it_ends_ends_with_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "_KEPT_AT_ONCE", 1)
    shop = world.shop
    shop.clock.advance(20)
    shop.shipments = beside = Beside(shop)
    with pytest.raises(Killed):
        await shop.send()
    assert sorted((await shop.states()).values()) == [ShipmentState.SENT, ShipmentState.WAITING]
    shop.clock.advance(200)
    world.amazon.confirms_directly = True
    await shop.follow()
    assert beside.confirmed
    await world.run()


@pytest.mark.parametrize("directly", [False])
async def test_the_harness_sees_a_feed_that_is_sent_again_in_good_faith(world: World) -> None:
    amazon: Any = world.amazon
    await world.run()
    body = next(iter(world.amazon.feeds.values())).body
    await amazon.submit_feed(await amazon.prepare_feed(body), ())
    assert world.amazon.taken != ONCE

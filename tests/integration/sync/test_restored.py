"""An older backup, restored: nothing is lost, and Amazon is told of nothing twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from amazon_endpoint.clock import Clock
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.backup import back_up
from tests.integration.mws.seller import Seller as MwsSeller
from tests.integration.spapi.seller import UNITED_STATES, Seller
from tests.integration.sync.accounts import ACCOUNT, KEY, Polled
from tests.integration.sync.test_shipments import Shop
from tests.turned_clock import TurnedClock

HOUR = timedelta(hours=1).total_seconds()


# Orders


async def test_whenever_the_backup_was_taken_every_order_is_told(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with await Storage.open(str(tmp_path / "sync.db")) as storage:
        kept = await storage.unlock(KEY)
        await kept.accounts.add(ACCOUNT)
        shop = Polled(kept, clock)
        for number in range(1, 31):
            shop.amazon.put(number)
        clock.advance(HOUR)
        backups: list[Path] = []
        more = True
        while more:
            backups.append(tmp_path / f"backup-{len(backups)}.db")
            backing_up = asyncio.to_thread(back_up, tmp_path / "sync.db", backups[-1])
            more, _ = await asyncio.gather(shop.poll_once(), backing_up)
        every_order = await shop.kept_orders()
    assert len(every_order) == 30

    in_backups = set()
    for backup in backups:
        async with await Storage.open(str(backup)) as storage:
            restored = Polled(await storage.unlock(KEY), clock)
            restored.amazon = shop.amazon
            in_backups.add(len(await restored.kept_orders()))
            await restored.later()
            assert await restored.kept_orders() == every_order
            messages = await restored.messages()
            assert sorted(messages) == [(number, "order:import") for number in range(1, 31)]
    assert len(in_backups) > 2


async def test_what_was_delivered_since_is_told_again_by_its_number(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with await Storage.open(str(tmp_path / "sync.db")) as storage:
        kept = await storage.unlock(KEY)
        await kept.accounts.add(ACCOUNT)
        shop = Polled(kept, clock)
        shop.amazon.put(1)
        await shop.later(HOUR)
        before = [one.webhook_id for one in await kept.outbox.due(ACCOUNT.id, clock.now(), 9)]
        back_up(tmp_path / "sync.db", tmp_path / "backup.db")
        shop.amazon.put(2)
        await shop.later(HOUR)
        since = [one.webhook_id for one in await kept.outbox.due(ACCOUNT.id, clock.now(), 9)]
        assert sorted(await shop.messages()) == [(1, "order:import"), (2, "order:import")]

    async with await Storage.open(str(tmp_path / "backup.db")) as storage:
        restored = Polled(await storage.unlock(KEY), clock)
        restored.amazon = shop.amazon
        await restored.later(HOUR)
        due = await restored.storage.outbox.due(ACCOUNT.id, clock.now(), 9)
        assert [int(one.order_number[-7:]) for one in due] == [1, 2]
        # Under its old name what the backup holds, under a new one what it doesn't.
        assert [due[0].webhook_id] == before
        assert due[1].webhook_id not in since


# Shipments


class Shops:
    """A store at the local Amazon, over one database and then over another."""

    def __init__(
        self,
        sandbox: RunningSandbox,
        folder: Path,
        seller: Callable[[str, Clock], Seller | MwsSeller],
    ) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.seller = seller

    @asynccontextmanager
    async def over(self, database: str) -> AsyncIterator[Shop]:
        async with await Storage.open(str(self.folder / database)) as storage:
            kept = await storage.unlock(KEY)
            if not await kept.accounts.all():
                await kept.accounts.add(ACCOUNT)
            shop = Shop(self.sandbox, storage, kept, self.seller)
            await shop.read_orders()
            yield shop
            await shop.seller.connector.aclose()

    def back_up(self) -> None:
        back_up(self.folder / "sync.db", self.folder / "backup.db")


@pytest.fixture(params=[Seller, MwsSeller], ids=["sp-api", "mws"])
def shops(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shops]:
    options = SandboxOptions(orders=120, marketplaces=(UNITED_STATES,))
    with run_in_thread(options) as sandbox:
        yield Shops(sandbox, tmp_path, request.param)


@pytest.mark.parametrize("tracking", ["", "1Z0000000000000009"], ids=["untracked", "tracked"])
@pytest.mark.parametrize("received", ["before the backup", "after it"])
async def test_a_shipment_confirmed_since_is_counted_once(
    shops: Shops, received: str, tracking: str
) -> None:
    async with shops.over("sync.db") as shop:
        shipment = shop.shipment(0, tracking=tracking)
        if received == "before the backup":
            await shop.receive(shipment)
        shops.back_up()
        if received == "after it":
            await shop.receive(shipment)
        await shop.finish()
        shop.check_taken_once(shipment)
        shops.sandbox.advance(HOUR)

    async with shops.over("backup.db") as shop:
        # The store sends it again, not knowing what became of it.
        await shop.receive(shipment)
        await shop.finish()
        shop.check_taken_once(shipment)
        # MWS tells no packages: there it only shows that no unit is left.
        told = "shipment:confirmed" if shops.seller is Seller else "shipment:refused"
        assert await shop.told_kinds() == {"H0": told}


@pytest.mark.parametrize("shops", [Seller], indirect=True, ids=["sp-api"])
async def test_a_part_confirmed_since_takes_no_unit_of_the_rest(shops: Shops) -> None:
    async with shops.over("sync.db") as shop:
        shops.back_up()
        index = next(
            index for index, one in enumerate(shop.orders) if max(i.quantity for i in one.items) > 1
        )
        whole = shop.shipment(index)
        (several, *_) = [item for item in whole.items if item.quantity > 1]
        part = msgspec.structs.replace(whole, items=(msgspec.structs.replace(several, quantity=1),))
        await shop.receive(part)
        await shop.finish()
        shop.check_taken_once(part)
        shops.sandbox.advance(HOUR)

    async with shops.over("backup.db") as shop:
        await shop.receive(part)
        await shop.finish()
        shop.check_taken_once(part)
        assert await shop.told_kinds() == {part.number: "shipment:confirmed"}

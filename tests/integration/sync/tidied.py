"""An account that is polled and tidied, and what is left of it then."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Table, select

from amazon_endpoint.shipments import Shipment, ShipmentItem
from amazon_endpoint.storage import Storage
from amazon_endpoint.sync import erasure
from amazon_endpoint.sync.erasure import LONGEST, Erased, find_due
from amazon_endpoint.sync.shipping import KeptShipment
from tests.integration.sync.accounts import Polled

ONE, TWO = (f"111-0000000-000000{number}" for number in (1, 2))
SHIPMENT = Shipment(
    number="H1",
    order_number=ONE,
    tracking="1Z CANARY",
    items=(ShipmentItem(sku="MUG", quantity=1),),
)


class Tidied(Polled):
    """An account that is polled and tidied."""

    after = LONGEST

    async def tidy(self) -> None:
        while await self.tidy_once():
            pass

    async def tidy_once(self) -> bool:
        return await erasure.tidy_once(
            self.account.id,
            buyers_data=self.storage.buyers_data,
            erase_after=self.after,
            now=self.clock.now(),
        )

    async def due(self) -> list[tuple[str, str]]:
        data, now = self.storage.buyers_data, self.clock.now()
        return list(await find_due(data, erase_after=self.after, now=now))

    async def wait(self, time: timedelta) -> None:
        """Let time pass without a poll."""
        self.clock.advance(time.total_seconds())

    async def receive(self, shipment: Shipment = SHIPMENT) -> KeptShipment:
        return await self.storage.shipments.receive(
            shipment, account_id=self.account.id, now=self.clock.now()
        )

    async def erase(self, number: str = ONE) -> Erased | None:
        return await self.storage.buyers_data.erase(self.account.id, number, self.clock.now())


async def rows(storage: Storage, table: Table) -> Sequence[Any]:
    def work(connection: Connection) -> Sequence[Any]:
        found = connection.execute(select(table).order_by(*table.primary_key.columns))
        return found.all()

    return await storage._database.run(work)


async def poll(shop: Polled) -> None:
    """Poll, once Amazon lists what is there."""
    await shop.later(300)

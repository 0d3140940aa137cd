"""A hub names an account that is configured here: its shipments are kept, and sent by and by."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.clock import Clock
from amazon_endpoint.settings import Settings
from amazon_endpoint.shipments import Shipment
from amazon_endpoint.storage import Storage, StorageUnavailable
from amazon_endpoint.storage.shipments import StoredShipments
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.sync.shipping import (
    KeptShipment,
    ShipmentState,
    confirmed,
    doubted,
    refused,
    sent,
)
from amazon_endpoint.web.app import create_app
from amazon_endpoint.web.shipments import Wake
from tests.integration.endpoint.configured import configure, opened
from tests.integration.endpoint.hub import TOKEN, Hub, told
from tests.integration.endpoint_v6.hubs import Cangaroo
from tests.integration.sync.accounts import ACCOUNT
from tests.turned_clock import NOON, TurnedClock

SHIPMENT: dict[str, Any] = {
    "number": "H1",
    "order_number": "111-2222222-3333333",
    "tracking": "1Z CANARY",
    "shipping_method": "UPS Ground",
    "items": [{"sku": "MUG", "quantity": 2}],
}
CORRECTED = SHIPMENT | {"tracking": "1Z OTHER"}
#: The same, as hubs of the later format send it.
LATER_FORMAT = {
    "id": "H1",
    "order_id": "111-2222222-3333333",
    "tracking": "1Z CANARY",
    "shipping_method": "UPS Ground",
    "items": [{"product_id": "MUG", "quantity": 2}],
}
ONLY_THE_ACCOUNT = {"amazon.account": ACCOUNT.id}


class Endpoint:
    """An endpoint with a configured account, and hubs that know no credentials. `woken` is what
    was to be done soon."""

    def __init__(self, client: httpx2.AsyncClient, kept: SyncStorage, clock: Clock) -> None:
        self.hub = Hub(client, ONLY_THE_ACCOUNT)
        self.later_hub = Cangaroo(client, ONLY_THE_ACCOUNT, clock)
        self.shipments = kept.shipments
        self.woken: list[tuple[str, str]] = []

    async def confirm(self, shipment: dict[str, Any] = SHIPMENT) -> list[tuple[str, str]]:
        """What a hub of the 2013 format is told; there is nothing else in the answer."""
        answer = await self.hub.confirm(shipment)
        assert answer.keys() == {"message_id", "notifications"}
        return told(answer)

    async def all(self) -> tuple[KeptShipment, ...]:
        return await self.shipments.of(ACCOUNT.id)


@pytest.fixture
async def endpoint(tmp_path: Path) -> AsyncIterator[Endpoint]:
    given = Settings(token=TOKEN, database=str(tmp_path / "endpoint.db"))
    await configure(given)
    woken: list[tuple[str, str]] = []

    @asynccontextmanager
    async def beside(_storage: Storage, _connector: Connector) -> AsyncIterator[Wake]:
        yield lambda kind, account_id: woken.append((kind, account_id))

    clock = TurnedClock()
    app = create_app(given, clock=clock, beside=beside)
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        opened(given) as kept,
        httpx2.AsyncClient(transport=transport, base_url="http://endpoint.test") as client,
    ):
        endpoint = Endpoint(client, kept, clock)
        endpoint.woken = woken
        yield endpoint


async def test_a_shipment_is_kept_and_answered_at_once(endpoint: Endpoint) -> None:
    said = await endpoint.confirm()

    (kept,) = await endpoint.all()
    assert said == [("info", f"Shipment H1 is taken in as {kept.id}; Amazon will be told.")]
    assert kept.state is ShipmentState.WAITING
    assert endpoint.shipments.open(kept).tracking == "1Z CANARY"
    assert endpoint.woken == [("confirm", ACCOUNT.id)]


async def test_the_later_format_says_so_in_its_summary(endpoint: Endpoint) -> None:
    answer = await endpoint.later_hub.ask("/add_shipment", {"shipment": LATER_FORMAT})

    (kept,) = await endpoint.all()
    summary = f"Shipment H1 is taken in as {kept.id}; Amazon will be told."
    assert answer == {"request_id": "job-1", "summary": summary, "feeds": []}
    assert endpoint.woken == [("confirm", ACCOUNT.id)]


async def test_whatever_way_it_comes_in_it_is_the_same_shipment(endpoint: Endpoint) -> None:
    first = await endpoint.confirm()
    assert await endpoint.confirm(SHIPMENT | {"updated_at": "2026-11-01T11:00:00Z"}) == first
    await endpoint.later_hub.ask("/update_shipment", {"shipment": LATER_FORMAT})
    posted = await endpoint.hub.post(f"/v1/accounts/{ACCOUNT.id}/shipments", {"shipment": SHIPMENT})

    assert [one.id for one in await endpoint.all()] == [posted.json()["id"]]


@pytest.mark.parametrize("seller_id", [None, "", ACCOUNT.account.seller_id])
async def test_credentials_that_come_along_are_not_used(
    endpoint: Endpoint, seller_id: str | None
) -> None:
    unused = {"client_id": "\0", "marketplace_id": "A0NOWHERE", "services_host": "evil.example"}
    answer = await endpoint.hub.confirm(SHIPMENT, seller_id=seller_id, **unused)
    assert "is taken in as" in answer["notifications"][0]["description"]


async def test_an_account_of_another_seller_keeps_nothing(endpoint: Endpoint) -> None:
    answer = await endpoint.hub.confirm(SHIPMENT, seller_id="A2OTHER")
    assert "amazon.seller_id" in answer["notifications"][0]["description"]
    assert (await endpoint.all(), endpoint.woken) == ((), [])


@pytest.mark.parametrize(
    ("move", "said"),
    [
        (lambda one: sent(one, "77"), "Shipment H1, taken in as {id}, was sent to Amazon"),
        (lambda one: doubted(one, "?", NOON), "Shipment H1, taken in as {id}, was sent to Amazon"),
        (lambda one: confirmed(one, NOON), "Amazon has shipment H1 of order 111-2222222-3333333."),
    ],
)
async def test_a_repeat_is_told_what_became_of_it_and_sends_nothing(
    endpoint: Endpoint, move: Any, said: str
) -> None:
    await endpoint.confirm()
    (first,) = await endpoint.all()
    await endpoint.shipments.move([(first, move(first))])
    moved = await endpoint.all()
    endpoint.woken.clear()

    ((level, description),) = await endpoint.confirm()

    assert (level, description.startswith(said.format(id=first.id))) == ("info", True)
    assert (await endpoint.all(), endpoint.woken) == (moved, [])


async def test_what_was_refused_is_sent_once_more(endpoint: Endpoint) -> None:
    first = await endpoint.confirm()
    (kept,) = await endpoint.all()
    await endpoint.shipments.move([(kept, refused(kept, "18021: too many.", NOON))])

    assert await endpoint.confirm() == first

    (again,) = await endpoint.all()
    assert again.state is ShipmentState.WAITING
    assert endpoint.woken == 2 * [("confirm", ACCOUNT.id)]


async def test_content_that_was_replaced_is_not_sent(endpoint: Endpoint) -> None:
    await endpoint.confirm()
    await endpoint.confirm(CORRECTED)

    ((level, description),) = await endpoint.confirm()

    assert level == "info"
    assert description.startswith("Shipment H1 was sent here with other content since")
    states = {endpoint.shipments.open(one).tracking: one.state for one in await endpoint.all()}
    assert states == {"1Z CANARY": ShipmentState.REPLACED, "1Z OTHER": ShipmentState.WAITING}


async def test_a_database_that_does_not_answer_is_waited_for(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(_: StoredShipments, _shipment: Shipment, **_given: Any) -> KeptShipment:
        raise StorageUnavailable

    monkeypatch.setattr(StoredShipments, "receive", gone)
    answer = await endpoint.hub.confirm(SHIPMENT)
    assert answer.keys() == {"message_id", "delay"}
    later = await endpoint.later_hub.post(
        "/add_shipment", endpoint.later_hub.body({"shipment": LATER_FORMAT})
    )
    assert (later.status_code, "Retry-After" in later.headers) == (503, True)


async def test_a_shipment_of_another_shop_is_left_alone_as_ever(endpoint: Endpoint) -> None:
    other = LATER_FORMAT | {"order_id": "R123456789"}
    answer = await endpoint.later_hub.ask("/add_shipment", {"shipment": other})
    assert "is of no Amazon order" in answer["summary"]
    assert await endpoint.all() == ()

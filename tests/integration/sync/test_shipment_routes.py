"""A store posts a shipment and is answered at once, whatever Amazon does."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.settings import Settings
from amazon_endpoint.storage import Storage
from amazon_endpoint.sync.shipping import refused
from amazon_endpoint.web.app import create_app
from amazon_endpoint.web.openapi import openapi
from amazon_endpoint.web.shipments import Wake
from tests.integration.endpoint.hub import TOKEN
from tests.integration.sync.accounts import ACCOUNT, KEY
from tests.turned_clock import TurnedClock

PATH = f"/v1/accounts/{ACCOUNT.id}/shipments"
SHIPMENT: dict[str, Any] = {
    "number": "H1",
    "order_number": "111-2222222-3333333",
    "tracking": "1Z CANARY",
    "shipping_method": "UPS Ground",
    "items": [{"sku": "MUG", "quantity": 2}],
}


class Store:
    """A store that posts shipments to an endpoint; it was `woken` for these."""

    def __init__(self, client: httpx2.AsyncClient, storage: Storage) -> None:
        self.client = client
        self.storage = storage
        self.woken: list[tuple[str, str]] = []

    async def post(
        self, shipment: object = SHIPMENT, /, *, path: str = PATH, content: bytes | None = None
    ) -> httpx2.Response:
        body = json.dumps({"shipment": shipment}).encode() if content is None else content
        return await self.client.post(path, content=body)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    database = str(tmp_path / "endpoint.db")
    async with await Storage.open(database) as storage:
        await (await storage.unlock(KEY)).accounts.add(ACCOUNT)
        woken: list[tuple[str, str]] = []

        @asynccontextmanager
        async def beside(_storage: Storage, _connector: Connector) -> AsyncIterator[Wake]:
            yield lambda kind, account_id: woken.append((kind, account_id))

        app = create_app(
            Settings(database=database, key=KEY, token=TOKEN, body_limit=1024),
            clock=TurnedClock(),
            beside=beside,
        )
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=app),
                base_url="http://endpoint.test",
                headers={"X-Hub-Token": TOKEN},
            ) as client,
        ):
            store = Store(client, storage)
            store.woken = woken
            yield store


async def test_a_shipment_is_kept_and_answered_with_its_id(store: Store) -> None:
    answer = await store.post()
    assert answer.status_code == 202
    told = answer.json()
    assert told.pop("id")
    assert told == {
        "state": "waiting",
        "order_number": "111-2222222-3333333",
        "number": "H1",
        "feed_id": None,
        "reason": None,
        "alarm": None,
        "received_at": "2026-11-01T12:00:00Z",
        "ended_at": None,
    }
    assert store.woken == [("confirm", ACCOUNT.id)]


async def test_the_same_shipment_again_has_the_same_answer(store: Store) -> None:
    first = await store.post()
    again = await store.post({**SHIPMENT, "updated_at": "2026-11-01T11:00:00Z"})
    assert again.json() == first.json()


async def test_what_became_of_a_shipment_is_told(store: Store) -> None:
    first = (await store.post()).json()
    shipments = (await store.storage.unlock(KEY)).shipments
    kept = await shipments.get(ACCOUNT.id, first["id"])
    await shipments.move([(kept, refused(kept, "18021: too many.", kept.received_at))])
    told = (await store.client.get(f"{PATH}/{first['id']}")).json()
    assert (told["state"], told["reason"]) == ("refused", "18021: too many.")


@pytest.mark.parametrize("tracking", [{}, {"tracking": None}, {"tracking": " "}])
async def test_a_shipment_needs_no_tracking_number(store: Store, tracking: dict[str, Any]) -> None:
    untracked = {key: value for key, value in SHIPMENT.items() if key != "tracking"}
    assert (await store.post(untracked | tracking)).status_code == 202


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": None}, "shipment.number"),
        ({"order_number": "R1"}, "shipment.order_number"),
        ({"tracking": "9" * 51}, "shipment.tracking"),
        ({"shipped_at": "yesterday"}, "shipment.shipped_at"),
        ({"items": []}, "shipment.items"),
        ({"items": [{"sku": "MUG", "quantity": 0}]}, "shipment.items[0].quantity"),
    ],
)
async def test_what_cannot_be_used_is_told_by_its_field(
    store: Store, changes: dict[str, Any], field: str
) -> None:
    answer = await store.post(SHIPMENT | changes)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert store.woken == []


async def test_a_body_without_a_shipment_is_told(store: Store) -> None:
    answer = await store.post(None)
    assert (answer.status_code, answer.json()["field"]) == (422, "shipment")


@pytest.mark.parametrize(
    ("content", "status"), [(b"no JSON", 406), (b"[]", 406), (b" " * 1025, 413)]
)
async def test_what_is_no_message_is_refused(store: Store, content: bytes, status: int) -> None:
    answer = await store.post(content=content)
    assert answer.status_code == status
    assert answer.json()["error"]


async def test_an_unknown_account_is_told(store: Store) -> None:
    answer = await store.post(path="/v1/accounts/nobody/shipments")
    assert answer.status_code == 404
    assert "account" in answer.json()["error"]


async def test_an_unknown_shipment_is_told(store: Store) -> None:
    assert (await store.client.get(f"{PATH}/{'0' * 32}")).status_code == 404


async def test_another_accounts_shipment_is_unknown(store: Store) -> None:
    first = (await store.post()).json()
    path = f"/v1/accounts/another/shipments/{first['id']}"
    assert (await store.client.get(path)).status_code == 404


async def test_nobody_without_the_token_sends_a_shipment(store: Store) -> None:
    del store.client.headers["X-Hub-Token"]
    assert (await store.post()).status_code == 401


def documented(heading: str) -> set[str]:
    """What docs/shipments.md lists in the first column of the table under a heading."""
    page = (Path(__file__).parents[3] / "docs" / "shipments.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \|", section, flags=re.MULTILINE)[1:]
    return {word for row in rows for word in re.findall(r"\w+", row)}


async def test_what_is_documented_is_described_and_answered(store: Store) -> None:
    description = openapi()
    operation = description["paths"]["/v1/accounts/{account_id}/shipments"]["post"]
    schemas = description["components"]["schemas"]
    given, shown = (schemas[name]["properties"] for name in ("ShipmentToConfirm", "Shipment"))

    assert documented("Send one") == given.keys() - {"updated_at"}
    assert documented("The answer") == operation["responses"].keys()
    assert documented("What became of it") == set(shown["state"]["enum"])
    assert (await store.post()).json().keys() == shown.keys()

"""Every row of docs/errors-v6.md, and no other."""

import copy
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from amazon_endpoint.sandbox.testing import RunningSandbox
from amazon_endpoint.settings import Settings
from tests.integration.endpoint.configured import configure, lose_key
from tests.integration.endpoint.generations import (
    GENERATIONS,
    MWS,
    SELLING_PARTNER,
    Generation,
)
from tests.integration.endpoint_v6.hubs import Cangaroo
from tests.integration.endpoint_v6.test_services_v6 import SENT
from tests.integration.sync.accounts import ACCOUNT

PAGE = Path(__file__).parents[3] / "docs" / "errors-v6.md"
ROW = re.compile(r"\| (?P<input>[^|]+) \| `(?P<path>/\w*)` \| (?P<status>\d+) \|(?P<answer>.*)\|")


class Row(NamedTuple):
    input: str
    path: str
    status: int
    answer: str


def rows() -> list[Row]:
    found = (ROW.fullmatch(line) for line in PAGE.read_text(encoding="utf-8").splitlines())
    return [
        Row(one["input"], one["path"], int(one["status"]), one["answer"].strip(" `"))
        for one in found
        if one
    ]


class Case:
    """What a row's input is, in terms of a call."""

    def __init__(
        self,
        hub: Cangaroo,
        amazon: RunningSandbox,
        generation: Generation,
        settings: Settings,
    ) -> None:
        self.settings = settings
        self.hub = hub
        self.amazon = amazon
        self.generation = generation

    def poll(self, **parameters: Any) -> dict[str, Any]:
        given: dict[str, Any] = {"last_updated_after": "2013-08-16T01:00:00Z"}
        return self.hub.body({}, **(given | parameters))

    def last_poll(self, value: Any) -> dict[str, Any]:
        return self.hub.body({"last_poll": value})

    def content(self, **content: Any) -> dict[str, Any]:
        return self.hub.body(content)

    def shipment(self, **changes: Any) -> dict[str, Any]:
        return self.content(shipment=copy.deepcopy(SENT) | changes)

    def item(self, **changes: Any) -> dict[str, Any]:
        return self.shipment(items=[SENT["items"][0] | changes])

    def changed_order(self, change: dict[str, Any]) -> dict[str, Any]:
        order = self.amazon.order(SENT["order_id"])
        order["fulfillment"] |= change
        self.amazon.add_orders(order)
        return self.shipment()

    def cancellation_requested(self) -> dict[str, Any]:
        order = self.amazon.order(SENT["order_id"])
        for item in order["orderItems"]:
            item["cancellation"] = {"cancellationRequest": {"requester": "BUYER"}}
        self.amazon.add_orders(order)
        return self.shipment()

    def of_account(self, account_id: str, **parameters: Any) -> dict[str, Any]:
        return self.hub.body({"shipment": SENT}, account=account_id, **parameters)

    def out_of_order(self) -> dict[str, Any]:
        self.amazon.fault(self.generation.first_page, "html503", times=None)
        return self.poll()


Sent = dict[str, Any] | bytes | tuple[dict[str, Any], dict[str, str]]

WRONG = {"X-HUB-TOKEN": "a guess", "X_HUB_TOKEN": "a guess"}
# Such hubs send a product several times; added up these would be what was ordered, or nothing.
HALF = SENT["items"][0] | {"quantity": 0.5}
OWED = SENT["items"][0] | {"quantity": -1}
NO_CREDENTIALS = {"client_id": None, "client_secret": None, "refresh_token": None}

ONLY_AN_ACCOUNT = {
    **NO_CREDENTIALS,
    "aws_access_key": None,
    "secret_key": None,
    "account": ACCOUNT.id,
}

CASES: dict[str, Callable[[Case], Sent]] = {
    "no token": lambda c: (c.poll(), {}),
    "a wrong token in both headers": lambda c: (c.poll(), WRONG),
    "a body over the limit": lambda c: json.dumps(c.poll()).encode() + b" " * 6_000_000,
    "an empty request_id": lambda c: c.poll() | {"request_id": ""},
    "a request_id that is an object": lambda c: c.poll() | {"request_id": {"id": 1}},
    "messages": lambda c: c.poll() | {"messages": []},
    "parameters that are a list": lambda c: c.poll() | {"parameters": [{"name": "a", "value": 1}]},
    "a call without a service": lambda c: c.poll(),
    "a parameter under two names with different values": lambda c: c.poll(merchant_id="A2OTHER"),
    "a seller id that is too long": lambda c: c.poll(seller_id="A" * 65),
    "no credentials": lambda c: c.poll(**NO_CREDENTIALS),
    "an unknown marketplace": lambda c: c.poll(marketplace_id="A0NOWHERE"),
    "marketplaces of two regions": lambda c: c.poll(marketplace_id="ATVPDKIKX0DER,A1F83G8C2ARO7P"),
    "a host that is not allowed": lambda c: c.poll(services_host="http://127.0.0.1:1"),
    "a token host that is not allowed": lambda c: c.poll(token_host="https://login.example"),
    "a host of Amazon's that has ended": lambda c: c.poll(services_host="mws.amazonservices.com"),
    "a cursor that is no date": lambda c: c.poll(last_updated_after="yesterday"),
    "a naive cursor": lambda c: c.poll(last_updated_after="2013-08-16T01:00:00"),
    "a cursor in the future": lambda c: c.poll(last_updated_after="2999-01-01T00:00:00Z"),
    "a last_poll that is text": lambda c: c.last_poll("2013-08-16T01:00:00Z"),
    "a last_poll before 1970": lambda c: c.last_poll(-1),
    "a last_poll in milliseconds": lambda c: c.last_poll(1_376_615_000_000),
    "a last_poll in the future": lambda c: c.last_poll(4_102_444_800),
    "an unknown status": lambda c: c.poll(statuses="Teleported"),
    "an unknown fulfilment": lambda c: c.poll(fulfilled_by="PIGEON"),
    "credentials that Amazon refuses": lambda c: c.poll(refresh_token="Atzr|revoked"),
    "a client secret that Amazon refuses": lambda c: c.poll(client_secret="a wrong one"),
    "an MWS key that Amazon does not know": lambda c: c.poll(aws_access_key="AKIDunknown"),
    "Amazon out of order": lambda c: c.out_of_order(),
    "no order number": lambda c: c.content(),
    "an order that is no object": lambda c: c.content(order="100-EXAMPLE-1000000"),
    "an order number of the wrong form": lambda c: c.content(order={"id": "R123456789"}),
    "an order that does not exist": lambda c: c.content(order={"id": "999-0000000-0000000"}),
    "no shipment": lambda c: c.content(),
    "a shipment that is no object": lambda c: c.content(shipment="H00000000001"),
    "a shipment without id": lambda c: c.shipment(id=None),
    "a shipment without order_id": lambda c: c.shipment(order_id=None),
    "a shipment without items": lambda c: c.shipment(items=[]),
    "an item without product_id": lambda c: c.item(product_id=""),
    "a quantity of zero": lambda c: c.item(quantity=0),
    "a negative quantity": lambda c: c.shipment(items=SENT["items"] + [OWED]),
    "a fractional quantity": lambda c: c.shipment(items=[HALF, HALF]),
    "a quantity too large for anybody": lambda c: c.item(quantity=10**30),
    "more units than ordered": lambda c: c.item(quantity=2),
    "a product that the order does not have": lambda c: c.item(product_id="NOT-IN-IT"),
    "a shipment of an order that does not exist": lambda c: c.shipment(
        order_id="999-0000000-0000000"
    ),
    "an order fulfilled by Amazon": lambda c: c.changed_order({"fulfilledBy": "AMAZON"}),
    "a cancelled order": lambda c: c.changed_order({"fulfillmentStatus": "CANCELLED"}),
    "an order that the buyer asks to cancel": lambda c: c.cancellation_requested(),
    "a carrier that is too long": lambda c: c.shipment(carrier="U" * 201),
    "a shipment without carrier or method": lambda c: c.shipment(shipping_method=None),
    "a naive shipping date": lambda c: c.shipment(shipped_at="2013-08-17T10:00:00"),
    "an account that is not configured here": lambda c: c.of_account("nobody"),
    "a poll for a configured account": lambda c: c.poll(**ONLY_AN_ACCOUNT),
    "an order number for a configured account": lambda c: c.hub.body(
        {"order": {"id": SENT["order_id"]}}, **ONLY_AN_ACCOUNT
    ),
    "a feed id for a configured account": lambda c: c.hub.body(
        {"feed": {"id": "1"}}, **ONLY_AN_ACCOUNT
    ),
    "a shipping date in the future": lambda c: c.shipment(shipped_at="2999-01-01T00:00:00Z"),
    "no feed id": lambda c: c.content(),
    "a feed that does not exist": lambda c: c.content(feed={"id": "424242"}),
}


async def of_another_seller(case: Case) -> dict[str, Any]:
    await configure(case.settings)
    return case.of_account(ACCOUNT.id)


async def of_a_lost_key(case: Case) -> dict[str, Any]:
    await configure(case.settings)
    lose_key(case.settings)
    return case.of_account(ACCOUNT.id, seller_id=None)


PREPARED: dict[str, Callable[[Case], Awaitable[Sent]]] = {
    "a configured account of another seller": of_another_seller,
    "a configured account whose key is lost": of_a_lost_key,
}


def test_the_table_and_the_cases_are_the_same() -> None:
    assert sorted(row.input for row in rows()) == sorted(CASES | PREPARED)


ONLY = {
    SELLING_PARTNER: {
        "no credentials",
        "credentials that Amazon refuses",
        "a client secret that Amazon refuses",
        "a token host that is not allowed",
    },
    MWS: {"an MWS key that Amazon does not know"},
}


@pytest.mark.parametrize(
    ("row", "generation"),
    [
        pytest.param(row, generation, id=f"{generation.name}: {row.input}")
        for row in rows()
        for generation in GENERATIONS
        if not any(row.input in names for other, names in ONLY.items() if other != generation)
    ],
)
async def test_row(
    row: Row, hub: Cangaroo, amazon: RunningSandbox, generation: Generation, settings: Settings
) -> None:
    case = Case(hub, amazon, generation, settings)
    sent = await PREPARED[row.input](case) if row.input in PREPARED else CASES[row.input](case)
    content, headers = sent if isinstance(sent, tuple) else (sent, None)
    response = await hub.post(row.path, content, headers)
    assert response.status_code == row.status
    assert amazon.calls(generation.submit_feed) == 0
    if row.status == 401:
        assert response.content == b""
        return
    answer = response.json()
    if row.status == 413:
        assert row.answer in answer["error"]
        return
    assert row.answer in answer["summary"]
    assert answer.keys() - {"request_id"} == {"summary"}
    if "request_id" not in row.input:
        assert answer["request_id"] == "job-1"
    assert ("Retry-After" in response.headers) == (row.status == 503)

"""Every row of docs/errors.md, and no other."""

import copy
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import msgspec
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
from tests.integration.endpoint.hub import Hub, serving
from tests.integration.sync.accounts import ACCOUNT
from tests.turned_clock import ShiftedClock

PAGE = Path(__file__).parents[3] / "docs" / "errors.md"
ROW = re.compile(r"\| (?P<input>[^|]+) \| `(?P<path>/\w*)` \| (?P<status>\d+) \|(?P<answer>.*)\|")

SHIPMENT: dict[str, Any] = {
    "number": "H00000000001",
    "order_number": "103-6652650-4045858",
    "shipping_method": "UPS Ground",
    "tracking": "1Z0000000000000000",
    "shipped_at": None,
    "items": [{"sku": "27368845791002", "quantity": 1}],
}


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
    """What a row's input is, in terms of a request."""

    def __init__(
        self,
        hub: Hub,
        amazon: RunningSandbox,
        clock: ShiftedClock,
        generation: Generation,
        settings: Settings,
    ) -> None:
        self.settings = settings
        self.hub = hub
        self.amazon = amazon
        self.clock = clock
        self.generation = generation

    def poll(self, **parameters: Any) -> dict[str, Any]:
        given: dict[str, Any] = {"last_updated_after": "2013-08-16T01:00:00Z"}
        return self.hub.message("amazon:order:poll", {}, **(given | parameters))

    def mws(self, **parameters: Any) -> dict[str, Any]:
        keys = NO_CREDENTIALS | {"aws_access_key": "AKIDEXAMPLE", "secret_key": "example"}
        return self.poll(**(keys | parameters))

    def without(self, *keys: str) -> dict[str, Any]:
        message = self.poll()
        for key in keys:
            del message[key]
        return message

    def number(self, value: Any, **parameters: Any) -> dict[str, Any]:
        return self.hub.message("amazon:import:by_number", {"amazon_order_id": value}, **parameters)

    def shipment(self, **changes: Any) -> dict[str, Any]:
        shipment = copy.deepcopy(SHIPMENT) | changes
        return self.hub.message("shipment:confirm", {"shipment": shipment})

    def item(self, **changes: Any) -> dict[str, Any]:
        return self.shipment(items=[SHIPMENT["items"][0] | changes])

    def feed(self, value: Any, **parameters: Any) -> dict[str, Any]:
        return self.hub.message("amazon:feed:status", {"feed_id": value}, **parameters)

    def of_account(self, account_id: str, **parameters: Any) -> dict[str, Any]:
        given = {"account": account_id, **parameters}
        return self.hub.message("shipment:confirm", {"shipment": SHIPMENT}, **given)

    def changed_order(self, change: dict[str, Any]) -> dict[str, Any]:
        order = self.amazon.order("103-6652650-4045858")
        order["fulfillment"] |= change
        self.amazon.add_orders(order)
        return self.shipment()

    def cancellation_requested(self) -> dict[str, Any]:
        order = self.amazon.order("103-6652650-4045858")
        for item in order["orderItems"]:
            item["cancellation"] = {"cancellationRequest": {"requester": "BUYER"}}
        self.amazon.add_orders(order)
        return self.shipment()

    async def resume(self) -> str:
        one_call = self.generation.first_page == self.generation.next_page
        after = 1 if one_call else 0
        self.amazon.fault(self.generation.next_page, "throttle", times=5, after=after)
        cut = await self.hub.ask("amazon:order:poll", {}, last_updated_after="2013-01-01T00:00:00Z")
        (resume,) = (p["value"] for p in cut["parameters"] if p["name"] == "amazon.resume")
        self.amazon.clear_faults()
        return str(resume)


Sent = dict[str, Any] | bytes | tuple[dict[str, Any] | bytes, dict[str, str]]


def twice(case: Case) -> dict[str, Any]:
    message = case.poll()
    message["payload"]["parameters"].append({"name": "amazon.seller_id", "value": "A2OTHER"})
    return message


def listed_as_hash(case: Case) -> dict[str, Any]:
    message = case.poll()
    message["payload"]["parameters"] = {"amazon.seller_id": "A1TESTSELLER"}
    return message


NO_CREDENTIALS = {"client_id": None, "client_secret": None, "refresh_token": None}

ONLY_AN_ACCOUNT = {
    **NO_CREDENTIALS,
    "aws_access_key": None,
    "secret_key": None,
    "account": ACCOUNT.id,
}

CASES: dict[str, Callable[[Case], Sent]] = {
    "no token": lambda c: (c.poll(), {}),
    "a wrong token": lambda c: (c.poll(), {"X-Augury-Token": "a guess"}),
    "a wrong token on an unknown path": lambda c: (c.poll(), {"X-Hub-Token": "a guess"}),
    "a body that is not JSON": lambda _: b"{message_id: 1}",
    "a JSON array": lambda _: b"[1, 2]",
    "bytes that are not UTF-8": lambda c: json.dumps(c.poll()).encode("utf-16"),
    "no message_id": lambda c: c.without("message_id"),
    "no payload": lambda c: c.without("payload"),
    "payload null": lambda c: c.poll() | {"payload": None},
    "parameters that are not a list": listed_as_hash,
    "a body over the limit": lambda c: json.dumps(c.poll()).encode() + b" " * 6_000_000,
    "an unknown message": lambda c: c.poll() | {"message": "amazon:order:sing"},
    "a parameter twice with different values": twice,
    "a seller id that is too long": lambda c: c.poll(seller_id="A" * 65),
    "a seller id with a control character": lambda c: c.poll(seller_id="A1TEST\0SELLER"),
    "a client id that is too long": lambda c: c.poll(client_id="a" * 256),
    "a look-up of more than a thousand entries": lambda c: c.poll(
        shipping_method_lookup=[{f"level {n}": "Post"} for n in range(1001)]
    ),
    "no credentials": lambda c: c.poll(**NO_CREDENTIALS),
    "MWS keys for Amazon's own host": lambda c: c.mws(services_host=None),
    "an MWS key without its secret": lambda c: c.mws(secret_key=None),
    "an MWS key that is too long": lambda c: c.mws(aws_access_key="A" * 256),
    "an MWS key that Amazon does not know": lambda c: c.mws(aws_access_key="AKIDunknown"),
    "an MWS secret key that is wrong": lambda c: c.mws(secret_key="another"),
    "an MWS gateway that is not allowed": lambda c: c.mws(services_host="mws.example"),
    "the Selling Partner API's host for MWS keys": lambda c: c.mws(
        services_host="sellingpartnerapi-eu.amazon.com"
    ),
    "a host of Amazon's that has ended": lambda c: c.poll(
        services_host="https://mws-eu.amazonservices.com"
    ),
    "an unknown marketplace": lambda c: c.poll(marketplace_id="A0NOWHERE"),
    "marketplaces of two regions": lambda c: c.poll(marketplace_id="ATVPDKIKX0DER,A1F83G8C2ARO7P"),
    "more marketplaces than there are": lambda c: c.poll(
        marketplace_id=[f"A{n:013}" for n in range(51)]
    ),
    "no last_updated_after": lambda c: c.poll(last_updated_after=None),
    "a date that is not one": lambda c: c.poll(last_updated_after="2013-02-30T00:00:00Z"),
    "a naive date": lambda c: c.poll(last_updated_after="2013-08-16T01:00:00"),
    "a date in the future": lambda c: c.poll(last_updated_after="2999-01-01T00:00:00Z"),
    "an unknown status": lambda c: c.poll(statuses="Unshipped,Teleported"),
    "an unknown fulfilment": lambda c: c.poll(fulfilled_by="PIGEON"),
    "a host that is not allowed": lambda c: c.poll(services_host="http://127.0.0.1:1"),
    "a token host that is not allowed": lambda c: c.poll(token_host="https://login.example"),
    "credentials that Amazon refuses": lambda c: c.poll(refresh_token="Atzr|revoked"),
    "a client secret that Amazon refuses": lambda c: c.poll(client_secret="a wrong one"),
    "a forged resume": lambda c: c.poll(resume="w1." + "A" * 200),
    "a seen that is not ours": lambda c: c.poll(seen="everything"),
    "an order number of the wrong form": lambda c: c.number("100-EXAMPLE"),
    "no order number": lambda c: c.number(None),
    "an order that does not exist": lambda c: c.number("999-0000000-0000000"),
    "a shipment that is no object": lambda c: c.hub.message(
        "shipment:confirm", {"shipment": "H00000000001"}
    ),
    "a shipment without items": lambda c: c.shipment(items=[]),
    "a shipment without tracking": lambda c: c.shipment(tracking=""),
    "a shipment without order number": lambda c: c.shipment(order_number=None),
    "a shipment without number": lambda c: c.shipment(number=None),
    "a shipment number that is too long": lambda c: c.shipment(number="H" * 101),
    "a carrier that is too long": lambda c: c.shipment(carrier="U" * 201),
    "a shipping method that is too long": lambda c: c.shipment(shipping_method="U " * 60_000),
    "a shipment without carrier or method": lambda c: c.shipment(shipping_method=None),
    "a quantity of zero": lambda c: c.item(quantity=0),
    "a negative quantity": lambda c: c.item(quantity=-1),
    "a fractional quantity": lambda c: c.item(quantity=1.5),
    "a quantity larger than ordered": lambda c: c.item(quantity=2),
    "a quantity too large for anybody": lambda c: c.item(quantity=10**30),
    "a SKU that the order does not have": lambda c: c.item(sku="NOT-IN-IT"),
    "a shipment of an order that does not exist": lambda c: c.shipment(
        order_number="999-0000000-0000000"
    ),
    "an order fulfilled by Amazon": lambda c: c.changed_order({"fulfilledBy": "AMAZON"}),
    "a cancelled order": lambda c: c.changed_order({"fulfillmentStatus": "CANCELLED"}),
    "an order that the buyer asks to cancel": lambda c: c.cancellation_requested(),
    "a naive shipping date": lambda c: c.shipment(shipped_at="2013-08-17T10:00:00"),
    "a shipping date in the future": lambda c: c.shipment(shipped_at="2999-01-01T00:00:00Z"),
    "an account that is not configured here": lambda c: c.of_account("nobody"),
    "an account id that is too long": lambda c: c.of_account("a" * 41),
    "a poll for a configured account": lambda c: c.poll(**ONLY_AN_ACCOUNT),
    "an order number for a configured account": lambda c: c.number(
        SHIPMENT["order_number"], **ONLY_AN_ACCOUNT
    ),
    "a feed id for a configured account": lambda c: c.feed("1", **ONLY_AN_ACCOUNT),
    "no feed id": lambda c: c.feed(None),
    "a feed that does not exist": lambda c: c.feed("424242"),
}


async def foreign_resume(case: Case) -> dict[str, Any]:
    resume = await case.resume()
    another = (
        {"seller_id": "A2ANOTHER"} if case.generation is MWS else {"refresh_token": "Atzr|another"}
    )
    return case.poll(last_updated_after="2013-01-01T00:00:00Z", resume=resume, **another)


async def expired_resume(case: Case) -> dict[str, Any]:
    resume = await case.resume()
    case.clock.advance(24 * 3600)
    return case.poll(last_updated_after="2013-01-01T00:00:00Z", resume=resume)


async def of_another_seller(case: Case) -> dict[str, Any]:
    await configure(case.settings)
    return case.of_account(ACCOUNT.id)


async def of_a_lost_key(case: Case) -> dict[str, Any]:
    await configure(case.settings)
    lose_key(case.settings)
    return case.of_account(ACCOUNT.id, seller_id=None)


PREPARED: dict[str, Callable[[Case], Awaitable[Sent]]] = {
    "a resume of other credentials": foreign_resume,
    "an expired resume": expired_resume,
    "a configured account of another seller": of_another_seller,
    "a configured account whose key is lost": of_a_lost_key,
}


def test_the_table_and_the_cases_are_the_same() -> None:
    assert sorted(row.input for row in rows()) == sorted(CASES | PREPARED)


ONLY = {
    SELLING_PARTNER: {
        "no credentials",
        "a client id that is too long",
        "credentials that Amazon refuses",
        "a client secret that Amazon refuses",
        "a token host that is not allowed",
    },
    MWS: {one for one in CASES if "MWS" in one},
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
    row: Row,
    hub: Hub,
    amazon: RunningSandbox,
    clock: ShiftedClock,
    generation: Generation,
    settings: Settings,
) -> None:
    case = Case(hub, amazon, clock, generation, settings)
    sent = await PREPARED[row.input](case) if row.input in PREPARED else CASES[row.input](case)
    content, headers = sent if isinstance(sent, tuple) else (sent, None)
    submitted = len(amazon.state()["feeds"])
    response = await hub.post(row.path, content, headers)
    assert response.status_code == row.status
    assert_told(row, response)
    assert len(amazon.state()["feeds"]) == submitted


def assert_told(row: Row, response: httpx2.Response) -> None:
    if row.status == 401:
        assert response.content == b""
        return
    answer = response.json()
    if row.status != 200:
        assert row.answer in answer["error"]
        return
    assert answer["message_id"] == "1234567"
    assert "messages" not in answer
    (notification,) = answer["notifications"]
    assert notification["level"] == "error"
    assert row.answer in notification["description"]


async def test_an_unusable_resume_is_emptied_so_that_the_next_poll_starts_again(hub: Hub) -> None:
    answer = await hub.poll(last_updated_after="2013-08-16T01:00:00Z", resume="w1.forged")
    assert answer["parameters"] == [{"name": "amazon.resume", "value": ""}]


async def test_an_answer_of_amazons_comes_with_its_request_id(hub: Hub) -> None:
    answer = await hub.ask("amazon:import:by_number", {"amazon_order_id": "999-0000000-0000000"})
    assert "Amazon request id" in answer["notifications"][0]["description"]


async def test_without_a_token_everybody_is_let_in(
    settings: Settings, parameters: dict[str, Any], clock: ShiftedClock
) -> None:
    open_to_all = msgspec.structs.replace(settings, token=None)
    async with serving(open_to_all, parameters, clock) as hub:
        assert (await hub.client.get("/auth")).status_code == 200


@pytest.mark.parametrize("path", ["/", "/endpoint.json", "/health"])
async def test_open_without_a_token(hub: Hub, path: str) -> None:
    assert (await hub.client.get(path)).status_code in {200, 302}


@pytest.mark.parametrize("path", ["/auth", "/metrics", "/docs", "/openapi.json", "/get_orders"])
async def test_closed_without_a_token(hub: Hub, path: str) -> None:
    response = await hub.client.get(path)
    assert (response.status_code, response.content) == (401, b"")

"""Every row of docs/errors-accounts.md, and no other."""

import json
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from shutil import move
from typing import Any, NamedTuple

import pytest

from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from tests.acceptance.built_in import BuiltInHub, TakingStore, of
from tests.acceptance.conftest import Command
from tests.integration.spapi.scripted_amazon import Reply

PAGE = Path(__file__).parents[2] / "docs" / "errors-accounts.md"
ROW = re.compile(r"\| (?:(?P<input>[^|]+) )?\| (?P<where>[^|]+) \| (?P<told>`[^|]+`) \|[^|]*\|")
QUOTED = re.compile(r"`([^`]+)`")

ADD = ("accounts", "add", "shop", "--every", "1", "--to")
A_LONG_TIME = 7200.0

Seen = dict[str, str]
"""What was told, by where."""


class Row(NamedTuple):
    where: str
    told: tuple[str, ...]


def rows() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for one in filter(None, map(ROW.fullmatch, lines)):
        of_input = found.setdefault(one["input"] or list(found)[-1], [])
        of_input.append(Row(one["where"].strip("`"), tuple(QUOTED.findall(one["told"]))))
    return found


CASES: dict[str, Callable[[BuiltInHub], Awaitable[Seen]]] = {}
"""What a row's input is, and that what happens next does happen."""


def case(input_: str) -> Callable[[Callable[[BuiltInHub], Awaitable[Seen]]], None]:
    def keep(scenario: Callable[[BuiltInHub], Awaitable[Seen]]) -> None:
        CASES[input_] = scenario

    return keep


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """A local Amazon without orders."""
    options = SandboxOptions(orders=0, queue_seconds=0, progress_seconds=0)
    with run_in_thread(options) as running:
        yield running


@pytest.fixture
async def hub(command: Command, sandbox: RunningSandbox) -> AsyncIterator[BuiltInHub]:
    async with TakingStore() as store:
        yield BuiltInHub(command, sandbox, store)


def test_every_input_has_a_case() -> None:
    assert sorted(rows()) == sorted(CASES)


@pytest.mark.parametrize("input_", list(rows()))
async def test_input(input_: str, hub: BuiltInHub) -> None:
    seen = await CASES[input_](hub)

    assert [row.where for row in rows()[input_]] == list(seen)
    for row in rows()[input_]:
        for told in row.told:
            assert told in seen[row.where]


# Accounts


@case("a refresh token that Amazon refuses")
async def _(hub: BuiltInHub) -> Seen:
    added = await hub.command(*ADD, hub.store.url, refresh_token="revoked")
    return {"accounts add": added} | await refused_credentials(
        hub,
        lambda: hub.command("accounts", "reauthorise", "shop"),
        "accounts check",
        "log",
        "status",
    )


@case("a client secret that Amazon refuses")
async def _(hub: BuiltInHub) -> Seen:
    await hub.command(*ADD, hub.store.url, client_secret="a wrong one")
    return await refused_credentials(
        hub, lambda: hub.command("accounts", "rotate", "shop"), "accounts check", "status"
    )


async def refused_credentials(
    hub: BuiltInHub, mend: Callable[[], Awaitable[str]], *wheres: str
) -> Seen:
    async with hub.at_work():
        order = hub.place()
        log = await hub.fails(3)
        check = await hub.command("accounts", "check", "shop", code=1)
        status = however_often(await hub.status())
        await mend()
        await hub.imported(order)
    seen = {"accounts check": check, "log": log, "status": status}
    return {where: seen[where] for where in wheres}


def however_often(status: str) -> str:
    """Without how often it failed: from the third time on, and it is tried on while one looks."""
    return re.sub(r"failed ([3-9]|\d{2,}) times", "failed N times", status)


@case("a marketplace that there is not")
async def _(hub: BuiltInHub) -> Seen:
    line = (*ADD, hub.store.url, "--marketplace-id", "A0NOWHERE")
    told = await hub.command(*line, code=2)
    assert json.loads(await hub.command("accounts", "list", "--json")) == []
    return {"accounts add": told}


@case("a marketplace that the seller has not")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    hub.amazon.fault("searchOrders", "deny", times=None)
    async with hub.at_work():
        order = hub.place()
        log = await hub.fails(3)
        check = await hub.command("accounts", "check", "shop", "--deep", code=1)
        status = however_often(await hub.status())
        hub.amazon.clear_faults()
        await hub.imported(order)
    return {"accounts check --deep": check, "log": log, "status": status}


@case("an account removed while its store lacks messages")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    hub.store.says = Reply(500)
    async with hub.at_work():
        order = hub.place()
        await hub.logs("delivery_failed")
        told = await hub.command("accounts", "remove", "shop", "--yes", code=1)
        hub.store.says = Reply(204, b"")
        await hub.imported(order)
    return {"accounts remove": told}


# Orders


@case("Amazon is down")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    hub.amazon.fault("searchOrders", "html503", times=None)
    async with hub.at_work():
        order = hub.place()
        log = await hub.logs("page_failed")
        hub.amazon.clear_faults()
        await hub.imported(order)
    return {"log": log}


@case("an order that can't be read")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    hub.amazon.fault("searchOrders", "bad_order", times=None)
    hub.amazon.fault("getOrder", "bad_order", times=None)
    async with hub.at_work():
        bad = hub.place()
        log = await hub.logs("order_quarantined")
        status = await hub.status()
        hub.amazon.clear_faults()
        good = hub.place()
        await hub.imported(good)
        await hub.imported(bad)
        await hub.status(code=0)
    return {"log": log, "status": status}


@case("Amazon refuses buyers' data for an hour")
async def _(hub: BuiltInHub) -> Seen:
    hub.begin_ago(A_LONG_TIME)
    await hub.add_account()
    async with hub.at_work():
        known = hub.place()
        await hub.imported(known)
        hub.amazon.fault("*", "deny_personal_data", times=None)
        new = hub.place()
        hub.update(known)
        reads = len(hub.logged("page_read"))
        await hub.passing(lambda: len(hub.logged("page_read")) > reads + 5)
        status = await hub.status()
        assert (hub.store.told(new), hub.store.told(known)) == ([], ["order:import"])
        hub.amazon.clear_faults()
        await hub.imported(new)
        assert hub.store.told(known) == ["order:import"]
    assert all(one["payload"]["order"]["shipping_address"]["address1"] for one in hub.store.taken)
    return {"status": status}


@case("an order that is read again after its erasure")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    async with hub.at_work():
        order = hub.place()
        await hub.imported(order)
        told = await hub.command("orders", "erase", "shop", order["orderId"], "--yes")
        order["fulfillment"]["fulfillmentStatus"] = "SHIPPED"
        hub.update(order)
        another = hub.place()
        await hub.imported(another)
        assert hub.store.told(order) == ["order:import"]
    for file in Path(hub.database).parent.glob("endpoint.db*"):
        assert order["buyer"]["buyerName"].encode() not in file.read_bytes()
    return {"orders erase": told}


# Stores


@case("a store that is down")
async def _(hub: BuiltInHub) -> Seen:
    hub.begin_ago(A_LONG_TIME)
    await hub.add_account()
    await hub.store.close()
    async with hub.at_work():
        order = hub.place()
        log = await hub.logs("delivery_failed")
        listed = await hub.command("deliveries", "list", "--json")
        status = await hub.status()
        await hub.store.come_back()
        await hub.imported(order)
    return {"log": log, "deliveries list": listed, "status": status}


async def tried_again(says: Reply, hub: BuiltInHub) -> Seen:
    """A store that says this at first."""
    await hub.add_account()
    hub.store.says = says
    async with hub.at_work():
        order = hub.place()
        log = await hub.logs("delivery_failed", times=2)
        hub.store.says = Reply(204, b"")
        await hub.imported(order)
    assert {one.path for one in hub.store.asked} == {"/"}
    return {"log": log}


HTML = {"content-type": "text/html; charset=utf-8"}
case("a store that answers with a page of errors")(
    partial(tried_again, Reply(404, b"<html>canary", HTML))
)
case("a store that redirects")(partial(tried_again, Reply(302, b"", {"location": "/elsewhere"})))
case("a store that doesn't know the secret")(partial(tried_again, Reply(401)))


@case("a store that is gone (410)")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    hub.store.says = Reply(410)
    async with hub.at_work():
        order = hub.place()
        log = await hub.logs("store_gone")
        status = await hub.status()
        calls = len(hub.store.asked)
        reads = len(hub.logged("page_read"))
        await hub.passing(lambda: len(hub.logged("page_read")) > reads + 1)
        assert len(hub.store.asked) == calls
        hub.store.says = Reply(204, b"")
        await hub.command("deliveries", "redeliver", "shop")
        await hub.imported(order)
    return {"log": log, "status": status}


@case("a private address for a store")
async def _(hub: BuiltInHub) -> Seen:
    told = await hub.command(*ADD, "https://10.0.0.1/hooks", code=2)
    assert json.loads(await hub.command("accounts", "list", "--json")) == []
    return {"accounts add": told}


@case("a store's name that leads to a private address")
async def _(hub: BuiltInHub) -> Seen:
    port = hub.store.url.rpartition(":")[2]
    await hub.add_account(to=f"https://localhost:{port}")
    async with hub.at_work():
        order = hub.place()
        log = await hub.logs("delivery_failed")
        assert hub.store.asked == []
        await hub.command("accounts", "change", "shop", "--to", hub.store.url)
        await hub.imported(order)
    return {"log": log}


@case("a host that the operator allows no more")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    calls = hub.amazon.state()["calls"]
    async with hub.at_work(allowed_hosts=hub.store.url.removeprefix("http://")):
        order = hub.place()
        log = await hub.logs("account_unusable")
    assert hub.amazon.state()["calls"] == calls
    async with hub.at_work():
        await hub.imported(order)
    return {"log": log}


case("a webhook that answers 200 with a page")(
    partial(tried_again, Reply(200, b"<html>canary", HTML))
)


@case("a webhook that answers 200 with garbage")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    hub.store.says = Reply(200, b"garbage")
    async with hub.at_work():
        hub.place()
        log = await hub.logs("delivered")
        assert json.loads(await hub.command("deliveries", "list", "--json")) == []
    return {"log": log}


@case("a hub extension that answers 200 with garbage")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account(kind="v6")
    hub.store.says = Reply(200, b"<html>garbage", HTML)
    async with hub.at_work():
        hub.place()
        log = await hub.logs("delivery_failed", times=2)
        listed = json.loads(await hub.command("deliveries", "list", "--json"))
    assert [one["state"] for one in listed] == ["pending"]
    return {"log": log}


# Shipments

POST, GET = "POST /v1/accounts/shop/shipments", "GET /v1/accounts/shop/shipments/{id}"


async def not_kept(hub: BuiltInHub, where: str, shipment: Any, account: str = "shop") -> Seen:
    await hub.add_account()
    async with hub.at_work():
        answer = await hub.post(shipment, account)
    with closing(sqlite3.connect(hub.database)) as database:
        assert database.execute("SELECT count(*) FROM shipments").fetchone() == (0,)
    return {where: f"{answer.status_code} {answer.text}"}


@case("a shipment that is not JSON")
async def _(hub: BuiltInHub) -> Seen:
    return await not_kept(hub, POST, b"{shipment: H1}")


@case("a shipment that can't be used")
async def _(hub: BuiltInHub) -> Seen:
    unusable = of(hub.place(), items=[{"sku": "MUG", "quantity": 0}])
    return await not_kept(hub, POST, unusable)


@case("a shipment of an unknown account")
async def _(hub: BuiltInHub) -> Seen:
    return await not_kept(
        hub, "POST /v1/accounts/nobody/shipments", of(hub.place()), account="nobody"
    )


@case("a shipment of an unknown order")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    async with hub.at_work():
        unknown = hub.place() | {"orderId": "999-0000000-0000000"}
        answer = await hub.post(of(unknown))
        await hub.passing(lambda: hub.store.told(unknown) == ["shipment:refused"])
        told = await hub.shipment(answer.json()["id"])
        log = await hub.logs("shipment_refused")
        status = await hub.status()
    posted = f"{answer.status_code} {answer.text}"
    return {POST: posted, GET: json.dumps(told), "log": log, "status": status}


async def confirmed(hub: BuiltInHub, shipment: dict[str, Any]) -> str:
    """Post a shipment and let it be confirmed; its id."""
    answer = await hub.post(shipment)
    before = len(hub.logged("shipment_confirmed"))
    await hub.passing(lambda: len(hub.logged("shipment_confirmed")) > before)
    shipment_id: str = answer.json()["id"]
    return shipment_id


def units(hub: BuiltInHub, number: str) -> int:
    """How many units Amazon took as shipped, but for corrections."""
    accepted = hub.amazon.state()["confirmations"][number]
    return sum(one["quantity"] for one in accepted if not one["edit"])


@case("the same shipment twice")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    async with hub.at_work():
        order = hub.place()
        shipment = of(order)
        first = await confirmed(hub, shipment)
        again = await hub.post(shipment)
        assert again.json()["id"] == first
        await hub.passing(lambda: "shipment:confirmed" in hub.store.told(order))
        reads = len(hub.logged("page_read"))
        await hub.passing(lambda: len(hub.logged("page_read")) > reads + 1)
        # Whether the order was already read as shipped is a matter of time.
        told = [one for one in hub.store.told(order) if one != "order:update"]
        assert sorted(told) == ["order:import", "shipment:confirmed"]
    assert units(hub, order["orderId"]) == sum(one["quantity"] for one in shipment["items"])
    return {POST: f"{again.status_code} {again.text}"}


@case("a shipment that is changed after it was confirmed")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    async with hub.at_work():
        order = hub.place()
        shipment = of(order)
        first = await confirmed(hub, shipment)
        answer = await hub.post(shipment | {"tracking": "1Z999AA10000000002"})
        assert answer.json()["id"] != first
        await hub.passing(lambda: hub.store.told(order).count("shipment:confirmed") == 2)
    assert units(hub, order["orderId"]) == sum(one["quantity"] for one in shipment["items"])
    return {POST: f"{answer.status_code} {answer.text}"}


# The clock


@case("a clock that is two hours ahead of Amazon's")
async def _(hub: BuiltInHub) -> Seen:
    hub.amazon.advance(-A_LONG_TIME - 1)
    await hub.add_account()
    async with hub.at_work():
        check = await hub.command("accounts", "check", "shop")
        await hub.imported(hub.place())
    return {"accounts check": check}


async def jumps(hub: BuiltInHub, seconds: float, event: str) -> str:
    """The clock jumps, and only ours. What happens then, and that it goes on at its pace."""
    await hub.add_account()
    async with hub.at_work():
        shipped = hub.place()
        await hub.imported(shipped)
        hub.clock.advance(seconds)
        hub.lines.clear()
        log = await hub.logs(event)
        waiting, calls = hub.clock.now(), hub.amazon.calls("searchOrders")
        new = hub.place()
        shipment = await hub.post(of(shipped))
        await hub.imported(new)
        await hub.passing(lambda: "shipment:confirmed" in hub.store.told(shipped))
        assert (await hub.shipment(shipment.json()["id"]))["state"] == "confirmed"
        minutes = (hub.clock.now() - waiting).total_seconds() / 60
        assert hub.amazon.calls("searchOrders") - calls <= minutes + 2
        assert hub.logged("work_failed") == hub.logged("engine_troubled") == []
    assert hub.store.told(new) == ["order:import"]
    return log


@case("a clock that jumps a day ahead")
async def _(hub: BuiltInHub) -> Seen:
    return {"log": await jumps(hub, 24 * 3600, "page_read")}


@case("a clock that jumps a month and more ahead")
async def _(hub: BuiltInHub) -> Seen:
    return {"log": await jumps(hub, 40 * 24 * 3600, "clock_ahead")}


@case("a clock that is set back by an hour")
async def _(hub: BuiltInHub) -> Seen:
    return {"log": await jumps(hub, -3600, "clock_set_back")}


@case("a clock that is set back while nothing is at work")
async def _(hub: BuiltInHub) -> Seen:
    months = 300 * 24 * 3600
    await hub.add_account()
    hub.clock.advance(months)
    hub.store.says = Reply(500)
    async with hub.at_work():
        order = hub.place()
        await hub.logs("delivery_failed")
    hub.clock.advance(-months)
    hub.store.says = Reply(204, b"")
    async with hub.at_work():
        log = await hub.logs("clock_set_back")
        await hub.imported(order)
    return {"log": log}


# The database and its key


@case("a database of a newer version")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()

    def version(value: str) -> str:
        with closing(sqlite3.connect(hub.database)) as database, database:
            (before,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
            database.execute("UPDATE alembic_version SET version_num = ?", (value,))
        return str(before)

    before = version("9999")
    told = await hub.command("up", "--port", "0", code=2)
    assert version(before) == "9999"
    async with hub.at_work():
        await hub.imported(hub.place())
    return {"up": told}


@case("two processes on one SQLite file")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    async with hub.at_work():
        seen = {
            "up": await hub.command("up", "--port", "0", code=2),
            "worker": await hub.command("worker", code=2),
        }
        await hub.imported(hub.place())
    return seen


@case("a key that is none")
async def _(hub: BuiltInHub) -> Seen:
    return {"up": await hub.command("up", "--port", "0", code=2, key="hunter2")}


@case("a lost key")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    key, elsewhere = Path(f"{hub.database}.key"), Path(f"{hub.database}.elsewhere")
    move(key, elsewhere)
    async with hub.at_work():
        order = hub.place()
        log = await hub.logs("work_failed")
        status = await hub.status()
        answer = await hub.post(of(order))
    move(elsewhere, key)
    async with hub.at_work():
        await hub.imported(order)
        await confirmed(hub, of(order))
    return {"log": log, "status": status, POST: f"{answer.status_code} {answer.text}"}


@case("a wrong key")
async def _(hub: BuiltInHub) -> Seen:
    await hub.add_account()
    wrong = "d3Jvbmd3cm9uZ3dyb25nd3Jvbmd3cm9uZ3dyb25nd3I="
    listed = await hub.command("accounts", "list", code=2, key=wrong)
    line = ("accounts", "add", "another", *ADD[3:], hub.store.url)
    added = await hub.command(*line, code=2, key=wrong)
    async with hub.at_work(key=wrong):
        order = hub.place()
        log = await hub.logs("work_failed")
        answer = await hub.post(of(order))
    async with hub.at_work():
        await hub.imported(order)
        await confirmed(hub, of(order))
    return {
        "accounts list": listed,
        "accounts add": added,
        POST: f"{answer.status_code} {answer.text}",
        "log": log,
    }

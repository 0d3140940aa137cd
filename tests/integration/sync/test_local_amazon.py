"""Polls and reads by number at the local Amazon, over both of Amazon's generations."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.sync.changes import OrderState
from amazon_endpoint.sync.reading import ReadingKind
from tests.integration.mws.seller import CREDENTIALS as MWS
from tests.integration.spapi.seller import CREDENTIALS as SELLING_PARTNER
from tests.integration.sync.accounts import ACCOUNT, Polled, find_order
from tests.turned_clock import TurnedClock

DAY = timedelta(days=1)
MARKETPLACE = "ATVPDKIKX0DER"


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """Forty orders of one marketplace, a few on a page, with Amazon's own quotas."""
    options = SandboxOptions(orders=40, marketplaces=(MARKETPLACE,), page_cap=15)
    with run_in_thread(options) as running:
        yield running


@pytest.fixture(params=[SELLING_PARTNER, MWS], ids=["sp-api", "mws"])
async def local_shop(
    request: pytest.FixtureRequest, sandbox: RunningSandbox, storage: Storage, kept: SyncStorage
) -> AsyncIterator[Polled]:
    clock = TurnedClock(sandbox.now())
    account = Account(
        credentials=request.param,
        seller_id="A0000000000000",
        marketplace_ids=(MARKETPLACE,),
        services_host=sandbox.url,
        token_host=sandbox.url,
    )
    shop = Polled(
        kept,
        clock,
        msgspec.structs.replace(
            ACCOUNT, account=account, start=clock.now() - 90 * DAY, created_at=clock.now()
        ),
    )
    hosts = AllowedHosts(["127.0.0.1"])
    connector = Connector(quotas=storage.quotas, clock=clock, hosts=hosts)
    shop.amazon = connector.connect(account)  # type: ignore[assignment]
    yield shop
    await connector.aclose()


async def poll_through(shop: Polled, sandbox: RunningSandbox) -> None:
    """Poll until the window is read, turning both clocks on where quota has to be waited for."""
    await shop.poll()
    while (reading := await shop.reading()).window is not None:
        assert reading.last_error is None
        await wait_and_poll(shop, sandbox)


async def wait_and_poll(shop: Polled, sandbox: RunningSandbox) -> None:
    due_at = (await shop.reading()).next_attempt_at
    assert due_at is not None
    wait = (due_at - shop.clock.now()).total_seconds()
    sandbox.advance(wait)
    await shop.later(wait)


async def known_orders(shop: Polled, sandbox: RunningSandbox) -> dict[str, OrderState]:
    """The states of those of the sandbox's orders that are kept."""
    numbers = [one["orderId"] for one in sandbox.orders()]
    found = {n: await find_order(shop.storage, n) for n in numbers}
    return {n: one.state for n, one in found.items() if one is not None}


async def test_every_order_is_kept_and_told_or_waits_for_its_price(
    local_shop: Polled, sandbox: RunningSandbox
) -> None:
    sandbox.advance(600)
    local_shop.clock.advance(600)

    await poll_through(local_shop, sandbox)

    known = await known_orders(local_shop, sandbox)
    ready = {n for n, state in known.items() if state is OrderState.READY}
    waiting = {n for n, state in known.items() if state is OrderState.WAITING_PRICE}
    imported = [one.number for _, kind, one in await local_shop.deliver() if kind == "order:import"]
    assert ready | waiting == {one["orderId"] for one in sandbox.orders()}
    assert waiting
    assert sorted(imported) == sorted(ready)
    assert await local_shop.storage.quarantine.of(ACCOUNT.id) == ()


@pytest.mark.parametrize("local_shop", [MWS], indirect=True, ids=["mws"])
async def test_a_page_that_ends_early_is_kept_and_read_on_later(
    local_shop: Polled, sandbox: RunningSandbox
) -> None:
    sandbox.fault("ListOrderItems", "html503", after=5, times=None)

    await local_shop.poll()

    reading = await local_shop.reading()
    early = len(await known_orders(local_shop, sandbox))
    assert (sandbox.calls("ListOrders"), early) == (1, 5)
    assert (reading.last_error or "").startswith("AmazonUnavailable")
    assert not reading.is_due(local_shop.clock.now())

    sandbox.clear_faults()
    while (await local_shop.reading()).window is not None:
        await wait_and_poll(local_shop, sandbox)

    told = Counter((kind, one.number) for _, kind, one in await local_shop.deliver())
    assert set(told.values()) == {1}
    assert len(await known_orders(local_shop, sandbox)) == len(sandbox.orders())


async def test_a_change_is_told_once(local_shop: Polled, sandbox: RunningSandbox) -> None:
    await poll_through(local_shop, sandbox)
    await local_shop.deliver()
    order = next(one for one in sandbox.orders() if status(one) == "UNSHIPPED")
    updated = write(sandbox.now())
    sandbox.add_orders(
        order
        | {
            "lastUpdatedTime": updated,
            "fulfillment": order["fulfillment"] | {"fulfillmentStatus": "CANCELLED"},
        }
    )

    for _ in range(3):
        sandbox.advance(600)
        local_shop.clock.advance(600)
        await poll_through(local_shop, sandbox)

    told = [(kind, one.number, one.status) for _, kind, one in await local_shop.deliver()]
    assert told == [("order:cancel", order["orderId"], "Canceled")]


async def test_an_order_is_read_by_number(local_shop: Polled, sandbox: RunningSandbox) -> None:
    number = next(one["orderId"] for one in sandbox.orders() if status(one) == "SHIPPED")
    wanted = local_shop.storage.wanted_orders
    await wanted.want(ACCOUNT.id, [number, "111-9999999-9999999"], local_shop.clock.now())

    await local_shop.read_known()

    assert {one.number for _, _, one in await local_shop.deliver()} == {number}
    [aside] = await local_shop.storage.quarantine.of(ACCOUNT.id)
    assert aside.number == "111-9999999-9999999"


async def test_the_sweep_goes_by_creation(local_shop: Polled, sandbox: RunningSandbox) -> None:
    await poll_through(local_shop, sandbox)
    sandbox.advance(DAY.total_seconds())
    local_shop.clock.advance(DAY.total_seconds())

    await poll_through(local_shop, sandbox)

    swept = await local_shop.reading(ReadingKind.SWEEP)
    assert swept.upper_bound == (await local_shop.reading()).upper_bound
    assert (swept.first_sights, swept.last_error) == (0, None)


def status(order: dict[str, Any]) -> str:
    told: str = order["fulfillment"]["fulfillmentStatus"]
    return told


def write(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

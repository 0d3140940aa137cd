"""Sellers connected to a service that follows a script, or to the local Amazon."""

from collections.abc import AsyncIterator, Iterator

import pytest

from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from tests.integration.mws.scripted_mws import ScriptedMws
from tests.integration.mws.seller import UNITED_STATES, Seller
from tests.turned_clock import TurnedClock


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def amazon() -> AsyncIterator[ScriptedMws]:
    async with ScriptedMws() as scripted:
        yield scripted


@pytest.fixture
async def seller(amazon: ScriptedMws, clock: TurnedClock) -> AsyncIterator[Seller]:
    connected = Seller(amazon.url, clock)
    yield connected
    await connected.connector.aclose()


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """Twenty orders of one marketplace on two pages, their items one by one."""
    options = SandboxOptions(
        orders=20,
        marketplaces=(UNITED_STATES,),
        page_cap=15,
        item_page_cap=1,
        queue_seconds=0,
        progress_seconds=0,
        quotas=False,
        report_charset="windows-1252",
    )
    with run_in_thread(options) as running:
        yield running


@pytest.fixture
async def local_seller(sandbox: RunningSandbox, clock: TurnedClock) -> AsyncIterator[Seller]:
    clock.advance((sandbox.now() - clock.now()).total_seconds())
    connected = Seller(sandbox.url, clock)
    yield connected
    await connected.connector.aclose()

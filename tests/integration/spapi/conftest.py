"""Sellers connected to an Amazon that follows a script, or to the local Amazon."""

from collections.abc import AsyncIterator, Iterator

import pytest

from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from tests.integration.spapi.scripted_amazon import ScriptedAmazon
from tests.integration.spapi.seller import UNITED_STATES, Seller
from tests.turned_clock import TurnedClock


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def amazon() -> AsyncIterator[ScriptedAmazon]:
    async with ScriptedAmazon() as scripted:
        yield scripted


@pytest.fixture
async def seller(amazon: ScriptedAmazon, clock: TurnedClock) -> AsyncIterator[Seller]:
    connected = Seller(amazon.url, clock)
    yield connected
    await connected.connector.aclose()


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """Twenty orders of one marketplace, on two pages; feeds are worked on at once."""
    options = SandboxOptions(
        orders=20,
        marketplaces=(UNITED_STATES,),
        page_cap=15,
        queue_seconds=0,
        progress_seconds=0,
        gzip_reports=True,
        report_charset="windows-1252",
    )
    with run_in_thread(options) as running:
        yield running


@pytest.fixture
async def local_seller(sandbox: RunningSandbox) -> AsyncIterator[Seller]:
    connected = Seller(sandbox.url, TurnedClock(sandbox.now()))
    yield connected
    await connected.connector.aclose()

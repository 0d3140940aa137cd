"""Stores that tests talk to."""

from collections.abc import AsyncIterator

import pytest

from amazon_endpoint.outbound import Outbound
from tests.integration.spapi.scripted_amazon import ScriptedAmazon
from tests.integration.stores.hub_extension import HubExtension
from tests.turned_clock import TurnedClock
from tests.unit.stores.examples import TOKEN


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    """Connects to this machine by its number, as if the operator had listed it, and not by name."""
    client = Outbound(may_be_private=lambda host, _port: host == "127.0.0.1")
    yield client
    await client.aclose()


@pytest.fixture
async def store() -> AsyncIterator[ScriptedAmazon]:
    """Answers what a test wrote down, else 200."""
    async with ScriptedAmazon() as scripted:
        yield scripted


@pytest.fixture
async def extension() -> AsyncIterator[HubExtension]:
    async with HubExtension(TOKEN) as running:
        yield running

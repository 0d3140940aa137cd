"""What is due at a moment that is known is done then, though nobody searches for it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.sync import channel, shipping
from tests.acceptance import built_in
from tests.acceptance.built_in import BuiltInHub, TakingStore, of
from tests.acceptance.conftest import Command

SOON = timedelta(seconds=0.2)


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """A local Amazon without orders, which is done with a feed at once."""
    options = SandboxOptions(orders=0, queue_seconds=0, progress_seconds=0)
    with run_in_thread(options) as running:
        yield running


async def test_a_feed_goes_and_is_looked_at_at_its_moment(
    command: Command, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    rarely = msgspec.structs.replace(built_in._PACE, minute=3600)
    monkeypatch.setattr(built_in, "_PACE", rarely)
    monkeypatch.setattr(channel, "QUIET", SOON)
    monkeypatch.setattr(shipping, "_FIRST_LOOK", SOON)
    async with TakingStore() as store:
        hub = BuiltInHub(command, sandbox, store)
        order = hub.place()
        await hub.add_account()

        async with hub.at_work(), asyncio.timeout(60):
            await hub.post(of(order, tracking=""))
            while not hub.logged("shipment_confirmed"):  # noqa: ASYNC110 - logs wake nobody
                await asyncio.sleep(0.02)

        assert sandbox.calls("createFeed") == sandbox.calls("getFeed") == 1

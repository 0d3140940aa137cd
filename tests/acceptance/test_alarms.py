"""What is due at a moment that is known is done then, though nobody searches for it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.sync import channel, retries, shipping
from tests.acceptance import built_in
from tests.acceptance.built_in import BuiltInHub, TakingStore, of
from tests.acceptance.conftest import Command
from tests.integration.spapi.scripted_amazon import Reply

SOON = timedelta(seconds=0.2)


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """A local Amazon without orders, which is done with a feed at once."""
    options = SandboxOptions(orders=0, queue_seconds=0, progress_seconds=0)
    with run_in_thread(options) as running:
        yield running


@pytest.fixture
def rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due is searched for at the beginning, and then no more."""
    pace = msgspec.structs.replace(built_in._PACE, minute=3600)
    monkeypatch.setattr(built_in, "_PACE", pace)


@pytest.mark.usefixtures("rarely")
async def test_a_feed_goes_and_is_looked_at_at_its_moment(
    command: Command, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
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


@pytest.mark.usefixtures("rarely")
async def test_a_message_is_tried_again_at_its_moment(
    command: Command, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "_STEPS", 100 * (SOON,))
    async with TakingStore() as store:
        store.says = Reply(500)
        hub = BuiltInHub(command, sandbox, store)
        order = hub.place()
        await hub.add_account()
        # Amazon tells nothing of the last two minutes.
        hub.later(180)

        async with hub.at_work(), asyncio.timeout(60):
            while not hub.logged("delivery_failed"):  # noqa: ASYNC110 - logs wake nobody
                await asyncio.sleep(0.02)
            store.says = Reply(204, b"")
            while not hub.logged("delivered"):  # noqa: ASYNC110 - logs wake nobody
                await asyncio.sleep(0.02)

        assert store.told(order) == ["order:import"]

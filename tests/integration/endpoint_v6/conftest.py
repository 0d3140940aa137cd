from collections.abc import AsyncIterator

import pytest

from amazon_endpoint.sandbox.testing import RunningSandbox
from amazon_endpoint.settings import Settings
from tests.integration.endpoint.conftest import amazon, clock, settings
from tests.integration.endpoint_v6.hubs import Cangaroo, serving
from tests.turned_clock import ShiftedClock

__all__ = ["amazon", "clock", "settings"]


@pytest.fixture
async def hub(
    settings: Settings, amazon: RunningSandbox, clock: ShiftedClock
) -> AsyncIterator[Cangaroo]:
    async with serving(settings, clock) as client:
        yield Cangaroo(client, amazon.url, clock)

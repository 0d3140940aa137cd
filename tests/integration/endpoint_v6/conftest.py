from collections.abc import AsyncIterator
from typing import Any

import pytest

from amazon_endpoint.settings import Settings
from tests.integration.endpoint.conftest import amazon, clock, parameters, settings
from tests.integration.endpoint.generations import SELLING_PARTNER, Generation
from tests.integration.endpoint_v6.hubs import Cangaroo, serving
from tests.turned_clock import ShiftedClock

__all__ = ["amazon", "clock", "parameters", "settings"]


@pytest.fixture
def generation() -> Generation:
    """One, unless a test asks for both: the 2013 format's tests hold the services to both."""
    return SELLING_PARTNER


@pytest.fixture
async def hub(
    settings: Settings, parameters: dict[str, Any], clock: ShiftedClock
) -> AsyncIterator[Cangaroo]:
    async with serving(settings, clock) as client:
        yield Cangaroo(client, parameters, clock)

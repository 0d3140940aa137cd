"""What every test can ask for."""

import pytest
from hypothesis import HealthCheck, settings

# How fast a machine is says nothing about whether a rule holds.
settings.register_profile("rules", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rules")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"

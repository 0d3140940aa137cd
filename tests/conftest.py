"""What every test can ask for."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Temporary files stay in the checkout, here and in what the tests start, also without `make`.
_TEMPORARY = Path(__file__).parents[1] / ".state" / "tmp"
_TEMPORARY.mkdir(parents=True, exist_ok=True)
os.environ["TMPDIR"] = tempfile.tempdir = str(_TEMPORARY)

# How fast a machine is says nothing about whether a rule holds.
settings.register_profile("rules", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", settings.get_profile("rules"), max_examples=1_000)
settings.load_profile("rules")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"

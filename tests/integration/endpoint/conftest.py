from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.settings import Settings
from tests.integration.endpoint.hub import TOKEN, Hub, serving
from tests.turned_clock import ShiftedClock

SCENARIO = Path(__file__).parents[3] / "examples" / "contract.json"


@pytest.fixture
def amazon() -> Iterator[RunningSandbox]:
    options = SandboxOptions(
        port=0, scenario=SCENARIO, queue_seconds=0, progress_seconds=0, page_cap=1
    )
    with run_in_thread(options) as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, amazon: RunningSandbox) -> Settings:
    return Settings(
        token=TOKEN, allowed_hosts=(amazon.host,), database=str(tmp_path / "endpoint.db")
    )


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def hub(
    settings: Settings, amazon: RunningSandbox, clock: ShiftedClock
) -> AsyncIterator[Hub]:
    async with serving(settings, amazon.url, clock) as running:
        yield running

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from amazon_endpoint.settings import Settings
from tests.integration.endpoint.generations import GENERATIONS, Generation
from tests.integration.endpoint.hub import TOKEN, Hub, serving
from tests.turned_clock import ShiftedClock

SCENARIO = Path(__file__).parents[3] / "examples" / "contract.json"


@pytest.fixture
def amazon(request: pytest.FixtureRequest) -> Iterator[RunningSandbox]:
    """The contract's orders, one on a page. Feeds are done at once, or after as many seconds as a
    test gives."""
    options = SandboxOptions(
        port=0,
        scenario=SCENARIO,
        queue_seconds=getattr(request, "param", 0),
        progress_seconds=0,
        page_cap=1,
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


@pytest.fixture(params=GENERATIONS, ids=lambda one: one.name)
def generation(request: pytest.FixtureRequest) -> Generation:
    """Each generation in turn: what is promised to hubs holds whichever API answers."""
    chosen: Generation = request.param
    return chosen


@pytest.fixture
def parameters(generation: Generation, amazon: RunningSandbox) -> dict[str, Any]:
    return generation.parameters(amazon.url)


@pytest.fixture
async def hub(
    settings: Settings, parameters: dict[str, Any], clock: ShiftedClock
) -> AsyncIterator[Hub]:
    async with serving(settings, parameters, clock) as running:
        yield running

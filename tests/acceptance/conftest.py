"""The real command, run against a local Amazon."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from amazon_endpoint.cli.sandbox import environment
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from tests.acceptance.forked import run

_NOTHING_OF_OURS = {
    name: value for name, value in os.environ.items() if not name.startswith("AMAZON_ENDPOINT_")
}


class Command:
    """`amazon-endpoint` with settings of its own, in a folder of its own."""

    def __init__(self, settings: Mapping[str, str], folder: Path) -> None:
        self.folder = folder
        self.settings = {"AMAZON_ENDPOINT_DATABASE": str(folder / "endpoint.db"), **settings}

    def __call__(
        self, *arguments: str, given: str = "", **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end. `settings` are further variables, without the prefix."""
        done = run(arguments, given, self._environment(settings), self.folder)
        assert "Traceback" not in done.stderr
        return done

    @contextmanager
    def running(self, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
        """Run it beside the test; what it writes to standard output can be read."""
        with (
            (self.folder / "stderr").open("w") as errors,
            subprocess.Popen(
                [sys.executable, "-m", "amazon_endpoint", *arguments],
                env=self._environment(settings),
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
            ) as process,
        ):
            try:
                yield process
            finally:
                # Not killed: it may have children to put away.
                process.terminate()

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        more = {f"AMAZON_ENDPOINT_{name.upper()}": value for name, value in settings.items()}
        return {**_NOTHING_OF_OURS, **self.settings, **more}


def address(process: subprocess.Popen[str]) -> str:
    """Where a started server says that it listens."""
    output: IO[str] | None = process.stdout
    assert output is not None
    line = output.readline()
    return next(word for word in line.split() if word.startswith("http://"))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    """A local Amazon with several pages of orders."""
    options = SandboxOptions(orders=60, page_cap=10, queue_seconds=0, progress_seconds=0)
    with run_in_thread(options) as running:
        yield running


@pytest.fixture
def command(sandbox: RunningSandbox, tmp_path: Path) -> Command:
    """The command with everything set for the local Amazon, as a seller with fresh quotas."""
    seller = {"AMAZON_ENDPOINT_REFRESH_TOKEN": tmp_path.name}
    return Command(environment(sandbox.url) | seller, tmp_path)


@pytest.fixture
def bare_command(tmp_path: Path) -> Command:
    """The command without any setting but its database."""
    return Command({}, tmp_path)


def expected_numbers(sandbox: RunningSandbox) -> set[str]:
    """The orders that a poll without filters has to bring."""
    marketplaces = environment(sandbox.url)["AMAZON_ENDPOINT_MARKETPLACE_ID"].split(",")
    return {
        order["orderId"]
        for order in sandbox.orders()
        if order["salesChannel"].get("marketplaceId") in marketplaces
        and order["fulfillment"]["fulfilledBy"] == "MERCHANT"
        and order["fulfillment"]["fulfillmentStatus"] in {"UNSHIPPED", "PARTIALLY_SHIPPED"}
    }

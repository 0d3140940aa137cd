"""Waiting, so that people see what for."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from amazon_endpoint.cli.exit_codes import told
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import Later

# When nothing says how long, as a hub does.
_DEFAULT = timedelta(minutes=2)

_ONE_STEP = 1.0


@contextmanager
def working(on: str) -> Iterator[None]:
    """Say on a terminal what is being done for as long as the block lasts."""
    with Console(stderr=True).status(on):
        yield


async def wait(clock: Clock, later: Later) -> None:
    """Wait until it makes sense to try again."""
    until = resumes_at(clock, later)
    click.echo(f"{told(later)} Waiting.", err=True)
    seconds = max((until - clock.now()).total_seconds(), 1.0)
    columns = TextColumn("Waiting"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=seconds)
        for _ in range(math.ceil(seconds / _ONE_STEP)):
            await clock.sleep(_ONE_STEP)
            progress.advance(task, _ONE_STEP)


def resumes_at(clock: Clock, later: Later) -> datetime:
    """The moment from which it makes sense to try again."""
    return later.not_before or clock.now() + _DEFAULT

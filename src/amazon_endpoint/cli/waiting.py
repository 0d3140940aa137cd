"""Waiting, so that people see what for."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from amazon_endpoint.cli.exit_codes import told
from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import Later

# When nothing says how long, as a hub does.
_DEFAULT = timedelta(minutes=2)


@contextmanager
def working(on: str) -> Iterator[None]:
    """Say on a terminal what is being done for as long as the block lasts."""
    with Console(stderr=True).status(escape(on)):
        yield


async def wait(clock: Clock, later: Later) -> None:
    """Wait until it makes sense to try again."""
    click.echo(f"{told(later)} Waiting.", err=True)
    begun = clock.now()
    # Never none: an endpoint that is always ready at once would be asked without a pause.
    until = max(resumes_at(clock, later), begun + timedelta(seconds=1))
    columns = TextColumn("Waiting"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=(until - begun).total_seconds())
        while (left := (until - clock.now()).total_seconds()) > 0:
            await clock.sleep(min(left, 1.0))
            progress.update(task, completed=(clock.now() - begun).total_seconds())


def resumes_at(clock: Clock, later: Later) -> datetime:
    """The moment from which it makes sense to try again."""
    return later.not_before or clock.now() + _DEFAULT

"""`worker`: all that is done for the accounts, in a process that serves nobody."""

import asyncio
import signal
import socket

import click

from amazon_endpoint import logs, settings
from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.cli.garbage import spare_what_stays
from amazon_endpoint.cli.work import at_work
from amazon_endpoint.clock import SystemClock
from amazon_endpoint.settings import Settings
from amazon_endpoint.storage import Storage

name = click.option(
    "--name", "worker", default=socket.gethostname, help="What logs call it; without: the host."
)


@click.command()
@name
def command(worker: str) -> None:
    """Bring the orders of all accounts to their stores, until it is stopped.

    Any number of workers share a PostgreSQL database, on any number of machines: what a dead one
    held is taken over by the others within a minute. SQLite serves one process.
    """
    given = settings.load()
    logs.configure(given.log_level, given.log_format)
    asyncio.run(_run(given, worker))


async def _run(given: Settings, worker: str) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    clock = SystemClock()
    async with await Storage.open(given.database) as storage:
        connector = Connector(
            quotas=storage.quotas, clock=clock, hosts=AllowedHosts(given.allowed_hosts)
        )
        try:
            async with at_work(given, storage, connector, worker=worker, clock=clock):
                spare_what_stays()
                click.echo(f"Worker {worker} is at work (Ctrl-C stops it).")
                await stopped.wait()
                click.echo("It finishes what is under way.", err=True)
        finally:
            await connector.aclose()

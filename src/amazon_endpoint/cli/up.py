"""`up`: the endpoint and all that is done for the accounts, in one process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from amazon_endpoint import settings
from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.cli import serve
from amazon_endpoint.cli.work import at_work
from amazon_endpoint.cli.worker import name
from amazon_endpoint.clock import SystemClock
from amazon_endpoint.storage import Storage
from amazon_endpoint.web.metrics import Metrics
from amazon_endpoint.web.shipments import Wake


@click.command()
@serve.host
@serve.port
@name
def command(host: str, port: int, worker: str) -> None:
    """Serve the endpoint, and bring the orders of all accounts to their stores.

    On SQLite this is the one process at work. On PostgreSQL any number of them may be, and of
    `amazon-endpoint worker` as well.
    """
    given, metrics = settings.load(), Metrics()

    @asynccontextmanager
    async def beside(storage: Storage, connector: Connector) -> AsyncIterator[Wake]:
        async with at_work(
            given, storage, connector, worker=worker, clock=SystemClock(), metrics=metrics
        ) as engine:
            yield engine.wake

    serve.serve(given, host, port, beside, metrics)

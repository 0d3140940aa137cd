"""`feeds`: ask what became of a feed."""

import asyncio

import click
from rich.markup import escape
from rich.table import Table

from amazon_endpoint import settings
from amazon_endpoint.cli import options
from amazon_endpoint.cli.endpoint import Endpoint, open_endpoint
from amazon_endpoint.cli.exit_codes import FAILED
from amazon_endpoint.cli.output import show, write_json
from amazon_endpoint.cli.reply import Reply
from amazon_endpoint.cli.waiting import wait, working
from amazon_endpoint.clock import Clock, SystemClock
from amazon_endpoint.errors import Later
from amazon_endpoint.hub.v5.message import Service

_STYLES = {"info": "green", "warn": "yellow", "error": "red"}


@click.group()
def command() -> None:
    """Ask what became of a feed."""


@command.command()
@click.argument("feed_id")
@click.option("--wait", "waits", is_flag=True, help="Wait until Amazon is done with it.")
@options.via
@options.as_json
@click.pass_context
def status(ctx: click.Context, feed_id: str, waits: bool, via: str | None, as_json: bool) -> None:
    """What Amazon's report says of each shipment in a feed.

    Ends with exit code 1 if any shipment was refused, with 75 while Amazon is not done.
    """

    async def run() -> Reply:
        clock = SystemClock()
        async with open_endpoint(settings.load(), clock, via=via) as endpoint:
            return await follow(endpoint, feed_id, clock, waits=waits)

    reply = asyncio.run(run())
    if as_json:
        write_json({"feed_id": feed_id, "results": reply.notifications})
    else:
        table = Table(title=f"Feed {feed_id}", title_justify="left")
        table.add_column("Result", no_wrap=True)
        table.add_column("What Amazon says", overflow="fold")
        for one in reply.notifications:
            table.add_row(one.subject, escape(one.description), style=_STYLES[one.level])
        show(table)
    if reply.errors:
        ctx.exit(FAILED)


async def follow(endpoint: Endpoint, feed_id: str, clock: Clock, *, waits: bool) -> Reply:
    """What became of the feed.

    Raises:
        Later: Amazon is not done with it, and nobody waits.
    """
    while True:
        try:
            with working(f"Asking about feed {feed_id}"):
                return await endpoint.ask(Service.FEED_STATUS, {"feed_id": feed_id}, {})
        except Later as later:
            if not waits:
                raise
            await wait(clock, later)

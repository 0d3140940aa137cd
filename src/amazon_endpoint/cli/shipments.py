"""`shipments`: tell Amazon what has shipped."""

import asyncio
from typing import BinaryIO

import click
import msgspec

from amazon_endpoint import settings
from amazon_endpoint.cli import options
from amazon_endpoint.cli.endpoint import open_endpoint
from amazon_endpoint.cli.output import write_json
from amazon_endpoint.cli.reply import Reply
from amazon_endpoint.cli.waiting import working
from amazon_endpoint.clock import SystemClock
from amazon_endpoint.hub.v5.message import Service
from amazon_endpoint.services.confirmations import Channel


class _FeedPayload(msgspec.Struct):
    feed_id: str


class _FeedMessage(msgspec.Struct):
    payload: _FeedPayload


@click.group()
def command() -> None:
    """Tell Amazon what has shipped."""


@command.command()
@click.argument("file", type=click.File("rb"))
@click.option("--direct", is_flag=True, help="Confirm at once (confirmShipment), without a feed.")
@options.via
@options.as_json
def confirm(file: BinaryIO, direct: bool, via: str | None, as_json: bool) -> None:
    """Confirm the shipment in FILE (- is standard input).

    FILE holds the shipment as a hub sends it: the shipment object, or the whole shipment:confirm
    message. The same shipment again is not confirmed twice. When its fate is not known yet, this
    ends with exit code 75: run it again later.
    """
    if direct and via is not None:
        raise click.UsageError("--direct works in this process only, without --via.")
    shipment = read_shipment(file.read())
    channel = Channel.DIRECT if direct else Channel.FEED

    async def run() -> Reply:
        clock = SystemClock()
        async with open_endpoint(settings.load(), clock, via=via, channel=channel) as endpoint:
            with working("Confirming the shipment"):
                return await endpoint.ask(Service.SHIPMENT_CONFIRM, {"shipment": shipment}, {})

    reply = asyncio.run(run())
    reply.check()
    feed_id = _feed_id(reply)
    if as_json:
        write_json({"feed_id": feed_id, "confirmed": feed_id is None})
    elif feed_id is not None:
        click.echo(f"Amazon has it in feed {feed_id}.")
        click.echo(f"What becomes of it: amazon-endpoint feeds status {feed_id}", err=True)
    else:
        for one in reply.notifications:
            click.echo(one.description)


def read_shipment(content: bytes) -> msgspec.Raw:
    """The shipment object of a file, as it is written there.

    Raises:
        click.UsageError: the file holds something else.
    """
    found = msgspec.Raw(content)
    try:
        within = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        for wrapper in ("payload", "shipment"):
            if wrapper in within:
                found = within[wrapper]
                within = msgspec.json.decode(found, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError as error:
        raise click.UsageError(f"This is no shipment in JSON: {error}.") from None
    return found


def _feed_id(reply: Reply) -> str | None:
    """The feed that confirms the shipment; None where Amazon shows the shipment already."""
    for message in reply.messages:
        return msgspec.json.decode(message, type=_FeedMessage).payload.feed_id
    return None

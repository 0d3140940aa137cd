"""`shipments`: tell Amazon what has shipped, and see what became of it."""

import asyncio
from collections.abc import Iterable
from typing import BinaryIO

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from amazon_endpoint import settings
from amazon_endpoint.cli import kept, options
from amazon_endpoint.cli.endpoint import open_endpoint
from amazon_endpoint.cli.output import show, write_json
from amazon_endpoint.cli.reply import Reply
from amazon_endpoint.cli.waiting import working
from amazon_endpoint.clock import SystemClock, iso
from amazon_endpoint.hub.json_object import read_object
from amazon_endpoint.hub.v5 import requests
from amazon_endpoint.hub.v5.message import Service
from amazon_endpoint.services.confirmations import Channel
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.sync.shipping import KeptShipment, ShipmentState
from amazon_endpoint.web import shipments

# More than that nobody reads.
_SHOWN = 200


class _FeedPayload(msgspec.Struct):
    feed_id: str


class _FeedMessage(msgspec.Struct):
    payload: _FeedPayload


@click.group()
def command() -> None:
    """Tell Amazon what has shipped, and see what became of it."""


@command.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--account",
    "account_id",
    metavar="ID",
    help="Leave it to who works for this account (`up`, `worker`), within a minute.",
)
@click.option("--direct", is_flag=True, help="Confirm at once (confirmShipment), without a feed.")
@options.via
@options.as_json
def confirm(
    file: BinaryIO, account_id: str | None, direct: bool, via: str | None, as_json: bool
) -> None:
    """Confirm the shipment in FILE (- is standard input).

    FILE holds the shipment as a hub sends it: the shipment object, or the whole shipment:confirm
    message. The same shipment again is not confirmed twice. When its fate is not known yet, this
    ends with exit code 75: run it again later.

    With --account it is kept for an account that `amazon-endpoint accounts` configured, and the
    account's store is told of its end. Without, the account is that of the settings.
    """
    if direct and via is not None:
        raise click.UsageError("--direct works in this process only, without --via.")
    if account_id is not None and (direct or via is not None):
        raise click.UsageError("--account keeps the shipment here, without --direct or --via.")
    shipment = read_shipment(file.read())
    if account_id is not None:
        _take_in(shipment, account_id, as_json=as_json)
        return
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


@command.command("list")
@click.argument("account_id", metavar="ACCOUNT")
@click.option("--state", type=click.Choice(list(map(str, ShipmentState))), help="Only these.")
@options.as_json
def list_shipments(account_id: str, state: str | None, as_json: bool) -> None:
    """List the shipments that are kept for an account, the latest first."""

    async def work(_storage: Storage, sync: SyncStorage) -> tuple[KeptShipment, ...]:
        await sync.accounts.get(account_id)
        wanted = ShipmentState(state) if state else None
        return await sync.shipments.of(account_id, wanted, None if as_json else _SHOWN + 1)

    listed = kept.run(settings.load(), work)
    if as_json:
        write_json([shipments.shown(one) for one in listed])
    elif listed:
        show(_table(listed[:_SHOWN]))
        if len(listed) > _SHOWN:
            click.echo(f"These are the latest {_SHOWN}; --json lists all.", err=True)
    else:
        click.echo("There are none.", err=True)


@command.command("show")
@click.argument("account_id", metavar="ACCOUNT")
@click.argument("shipment_id", metavar="SHIPMENT_ID")
@options.as_json
def show_shipment(account_id: str, shipment_id: str, as_json: bool) -> None:
    """Show what became of a shipment that is kept for an account."""

    async def work(_storage: Storage, sync: SyncStorage) -> KeptShipment:
        await sync.accounts.get(account_id)
        return await sync.shipments.get(account_id, shipment_id)

    shown = shipments.shown(kept.run(settings.load(), work))
    if as_json:
        write_json(shown)
        return
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in shown.items():
        table.add_row(name.replace("_", " ").capitalize(), escape(value or ""))
    show(table)


def _take_in(shipment: msgspec.Raw, account_id: str, *, as_json: bool) -> None:
    now = SystemClock().now()
    read = requests.read_shipment(
        read_object(bytes(shipment)), now, field="shipment", tracked=False
    )

    async def work(_storage: Storage, sync: SyncStorage) -> KeptShipment:
        return await sync.shipments.receive(read, account_id=account_id, now=now)

    received = kept.run(settings.load(), work)
    if as_json:
        write_json(shipments.shown(received))
        return
    click.echo(shipments.about(received).description)
    click.echo(
        f"What becomes of it: amazon-endpoint shipments show {account_id} {received.id}", err=True
    )


def _table(listed: Iterable[KeptShipment]) -> Table:
    table = Table()
    for column in ("Id", "Order", "Shipment", "State", "Feed", "Received", "Ended", "Why"):
        table.add_column(column, overflow="fold")
    for one in listed:
        table.add_row(
            one.id,
            escape(one.order_number),
            escape(one.number),
            one.state,
            one.feed_id or "",
            iso(one.received_at),
            iso(one.ended_at) if one.ended_at else "",
            escape(one.alarm or one.reason or ""),
        )
    return table


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
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"This is no shipment in JSON: {error}.") from None
    return found


def _feed_id(reply: Reply) -> str | None:
    """The feed that confirms the shipment; None where Amazon shows the shipment already."""
    for message in reply.messages:
        return msgspec.json.decode(message, type=_FeedMessage).payload.feed_id
    return None

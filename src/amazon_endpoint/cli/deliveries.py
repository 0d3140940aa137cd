"""`deliveries`: what stores lack, and delivering it again."""

from collections.abc import Sequence

import click
from rich.markup import escape
from rich.table import Table

from amazon_endpoint import settings
from amazon_endpoint.cli import kept, options
from amazon_endpoint.cli.output import show, write_json
from amazon_endpoint.clock import SystemClock, iso
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.sync.outbox import Undelivered

# More than that nobody reads.
_SHOWN = 200


@click.group()
def command() -> None:
    """Look at what stores lack, and have it delivered again."""


@command.command("list")
@options.account
@click.option("--parked", is_flag=True, help="Only what is not tried again by itself.")
@options.as_json
def list_deliveries(account_id: str | None, parked: bool, as_json: bool) -> None:
    """List the messages that stores have not got yet, the oldest first.

    A message is tried again for three days, and then parked. It holds up the later ones of its
    order, so that they come in sequence.
    """

    async def work(_storage: Storage, sync: SyncStorage) -> tuple[Undelivered, ...]:
        if account_id is not None:
            await sync.accounts.get(account_id)
        limit = None if as_json else _SHOWN + 1
        return await sync.outbox.lacking(account_id, parked=parked, limit=limit)

    lacking = kept.run(settings.load(), work)
    if as_json:
        write_json(lacking)
    elif lacking:
        show(_table(lacking[:_SHOWN]))
        if len(lacking) > _SHOWN:
            click.echo(f"These are the first {_SHOWN}; --json lists all.", err=True)
    else:
        click.echo("Stores have got everything." if not parked else "Nothing is parked.", err=True)


@command.command()
@options.account_id
@click.option("--order", "order_number", metavar="NUMBER", help="Only what is about this order.")
def redeliver(account_id: str, order_number: str | None) -> None:
    """Have what a store did not take delivered again, as if for the first time.

    That is what is parked and what is to be tried later. A store that answered that it wants no
    more messages (410) is called again.
    """

    async def work(_storage: Storage, sync: SyncStorage) -> tuple[int, bool]:
        stopped = (await sync.outbox.standing(account_id)).stopped_at is not None
        count = await sync.outbox.redeliver(account_id, SystemClock().now(), order_number)
        return count, stopped

    count, stopped = kept.run(settings.load(), work)
    if stopped:
        click.echo("The store is called again.")
    click.echo(
        f"{count} message{'' if count == 1 else 's'} that failed before: tried again within a "
        "minute."
        if count
        else "No message has failed."
    )


def _table(lacking: Sequence[Undelivered]) -> Table:
    table = Table()
    for column in (
        "Account",
        "Order",
        "Message",
        "State",
        "Attempts",
        "Next attempt",
        "Last error",
    ):
        table.add_column(column, overflow="fold")
    for one in lacking:
        table.add_row(
            one.account_id,
            escape(one.order_number),
            one.kind,
            one.state,
            str(one.attempts),
            iso(one.next_attempt_at) if one.next_attempt_at else "",
            escape(one.last_error or ""),
        )
    return table

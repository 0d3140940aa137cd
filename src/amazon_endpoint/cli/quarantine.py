"""`quarantine`: orders that can't be read, and reading them again."""

from collections.abc import Iterable

import click
from rich.markup import escape
from rich.table import Table

from amazon_endpoint import settings
from amazon_endpoint.cli import kept, options
from amazon_endpoint.cli.output import show, write_json
from amazon_endpoint.clock import SystemClock, iso
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.sync import quarantine
from amazon_endpoint.sync.quarantine import QuarantinedOrder


@click.group()
def command() -> None:
    """Look at orders that can't be read, and have them read again."""


@command.command("list")
@options.account
@options.as_json
def list_quarantined(account_id: str | None, as_json: bool) -> None:
    """List the orders that were put aside because they can't be read, the longest there first.

    They are read again by themselves, ever less often, and leave as soon as they can be read.
    """

    async def work(_storage: Storage, sync: SyncStorage) -> tuple[QuarantinedOrder, ...]:
        if account_id is not None:
            await sync.accounts.get(account_id)
        return await sync.quarantine.of(account_id)

    aside = kept.run(settings.load(), work)
    if as_json:
        write_json(aside)
    elif aside:
        show(_table(aside))
    else:
        click.echo("No order is in quarantine.", err=True)


@command.command()
@options.account_id
@click.option("--order", "order_number", metavar="NUMBER", help="Only this order.")
def retry(account_id: str, order_number: str | None) -> None:
    """Have the orders that an account has in quarantine read again now."""

    async def work(_storage: Storage, sync: SyncStorage) -> int:
        return await quarantine.retry(
            sync.quarantine,
            sync.wanted_orders,
            account_id,
            SystemClock().now(),
            order_number,
        )

    count = kept.run(settings.load(), work)
    click.echo(f"{count} order{'' if count == 1 else 's'} to be read again within a minute.")


def _table(aside: Iterable[QuarantinedOrder]) -> Table:
    table = Table()
    for column in ("Account", "Order", "Reason", "First seen", "Last seen"):
        table.add_column(column, overflow="fold")
    for one in aside:
        table.add_row(
            one.account_id,
            escape(one.number or "unknown"),
            escape(one.reason),
            iso(one.first_seen_at),
            iso(one.last_seen_at),
        )
    return table

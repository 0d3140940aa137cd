"""What may be asked of an account's readings: to be polled now, and to go back in time."""

from datetime import datetime

import click

from amazon_endpoint import settings
from amazon_endpoint.cli import kept, options
from amazon_endpoint.clock import SystemClock, iso
from amazon_endpoint.errors import EndpointError
from amazon_endpoint.hub.fields import MOMENT_EXAMPLE
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.sync import polling
from amazon_endpoint.sync.accounts import SyncAccount


@click.command()
@options.account_id
def poll(account_id: str) -> None:
    """Have an account polled now rather than on schedule."""

    async def work(_storage: Storage, sync: SyncStorage) -> None:
        account = _at_work(await sync.accounts.get(account_id))
        await polling.poll_soon(account, readings=sync.readings, clock=SystemClock())

    kept.run(settings.load(), work)
    click.echo(f"{account_id} is polled within a minute.")


@click.command()
@options.account_id
@click.option(
    "--since",
    metavar="TIME",
    required=True,
    callback=options.moment,
    help=f"Orders created from here on, like {MOMENT_EXAMPLE}.",
)
@click.option(
    "--until", metavar="TIME", callback=options.moment, help="Up to here; without: up to now."
)
def backfill(account_id: str, since: datetime, until: datetime | None) -> None:
    """Read orders that were created before the account was there, between two moments.

    Polls go first. What the store knows already is not told again.
    """
    clock = SystemClock()
    end = until or clock.now()

    async def work(_storage: Storage, sync: SyncStorage) -> None:
        account = _at_work(await sync.accounts.get(account_id))
        await polling.begin_backfill(account, since, end, readings=sync.readings, clock=clock)

    kept.run(settings.load(), work)
    click.echo(
        f"Orders created from {iso(since)} to {iso(end)} are read from now on, between polls. "
        f"`amazon-endpoint status --account {account_id}` tells how far."
    )


def _at_work(account: SyncAccount) -> SyncAccount:
    if account.paused_at is not None:
        raise EndpointError(
            f"{account.id} is paused. `amazon-endpoint accounts resume {account.id}` goes on."
        )
    return account

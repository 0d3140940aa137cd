"""`accounts`: configure the accounts whose orders go to a store."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import click
import msgspec

from amazon_endpoint import settings
from amazon_endpoint.amazon import connect
from amazon_endpoint.amazon.credentials import RenewableCredentials
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.cli import kept, options
from amazon_endpoint.cli.account_changes import change, lookups, rotate_store, tell_once
from amazon_endpoint.cli.account_readings import backfill, poll
from amazon_endpoint.cli.account_table import account_table, accounts_table, shown
from amazon_endpoint.cli.asking import ask, destination_secrets
from amazon_endpoint.cli.doctor import Doubt, Examination, examine
from amazon_endpoint.cli.exit_codes import FAILED
from amazon_endpoint.cli.output import show, write_json
from amazon_endpoint.clock import SystemClock, iso
from amazon_endpoint.errors import EndpointError
from amazon_endpoint.hub import parameters
from amazon_endpoint.hub.fields import MOMENT_EXAMPLE
from amazon_endpoint.hub.parameters import Parameters
from amazon_endpoint.orders import AMAZON, MERCHANT
from amazon_endpoint.settings import Settings
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.stores import connect as stores
from amazon_endpoint.stores.port import Destination
from amazon_endpoint.sync import accounts
from amazon_endpoint.sync.accounts import ExpiryLevel, SyncAccount

_ASKED = {
    "seller_id": "Seller id (merchant token)",
    "marketplace_id": "Marketplace ids, separated by commas",
}

_secret_expires = click.option(
    "--secret-expires",
    metavar="TIME",
    callback=options.moment,
    help="When the client secret expires, as the developer portal tells.",
)


@click.group()
def command() -> None:
    """Configure the accounts whose orders go to a store.

    Secrets are taken from the environment, from files or from a prompt, and are kept sealed: see
    AMAZON_ENDPOINT_KEY in `amazon-endpoint settings`.
    """


@command.command()
@options.account_id
@click.option("--to", "url", metavar="URL", required=True, help="Where the store takes messages.")
@click.option(
    "--kind",
    type=click.Choice(["webhook", "v6"]),
    default="webhook",
    show_default=True,
    help="A signed webhook, or a store's hub extension.",
)
@click.option("--seller-id", help="Instead of AMAZON_ENDPOINT_SELLER_ID.")
@click.option("--marketplace-id", metavar="IDS", help="Instead of AMAZON_ENDPOINT_MARKETPLACE_ID.")
@options.every(accounts.POLL_EVERY)
@options.lag(accounts.LAG)
@click.option("--statuses", help=f"Some of {', '.join(parameters.STATUSES)}; without: all.")
@click.option("--fulfilled-by", help=f"{MERCHANT}, {AMAZON} or both; without: {MERCHANT}.")
@click.option(
    "--since",
    metavar="TIME",
    callback=options.moment,
    help=f"Orders updated from here on, like {MOMENT_EXAMPLE}; without: from now on.",
)
@options.shipping_methods
@options.carriers
@_secret_expires
@options.as_json
def add(
    account_id: str,
    url: str,
    kind: Literal["webhook", "v6"],
    seller_id: str | None,
    marketplace_id: str | None,
    every: int,
    lag: int,
    statuses: str | None,
    fulfilled_by: str | None,
    since: datetime | None,
    shipping_methods: dict[str, str],
    carriers: dict[str, str],
    secret_expires: datetime | None,
    as_json: bool,
) -> None:
    """Add an account; its orders go to --to.

    Credentials come from AMAZON_ENDPOINT_CLIENT_ID, _CLIENT_SECRET and _REFRESH_TOKEN, or from
    their _FILE forms; what is missing is asked for. `amazon-endpoint settings` lists those of
    gateways. AMAZON_ENDPOINT_DESTINATION_SECRET is what messages are signed with, or the token of
    the hub extension; a webhook gets a new secret without it, which is shown once.
    """
    given, now = settings.load(), SystemClock().now()
    asked = {"seller_id": seller_id, "marketplace_id": marketplace_id}
    filters = {"statuses": statuses, "fulfilled_by": fulfilled_by}
    read = _read({**_account_settings(given, asked), **filters})
    words = lookups(shipping_methods, carriers)
    store_secrets, new_secret = destination_secrets(given, kind)
    account = SyncAccount(
        id=account_id,
        account=read.account(),
        destination=Destination(kind=kind, url=url, secrets=store_secrets),
        start=since or now,
        created_at=now,
        poll_every=every * options.MINUTE,
        lag=lag * options.MINUTE,
        statuses=read.statuses() if statuses else (),
        fulfilled_by=read.fulfilled_by(),
        shipping_methods=words.shipping_methods(),
        carriers=words.carriers(),
        client_secret_expires_at=secret_expires,
    )
    accounts.check(account, now)
    hosts = AllowedHosts(given.allowed_hosts)
    stores.check(account.destination, allowed=hosts.listed)

    connect.base_urls(account.account, hosts)

    async def work(_storage: Storage, sync: SyncStorage) -> None:
        await sync.accounts.add(account)

    kept.run(given, work)
    visible = shown(account, now)
    if as_json:
        write_json({**msgspec.structs.asdict(visible), "signing_secret": new_secret})
        return
    click.echo(f"Added {account_id}: polled every {every} minutes, from {visible.start} on.")
    tell_once(new_secret)
    click.echo(f"Check it with `amazon-endpoint accounts check {account_id}`.")


@command.command("list")
@options.as_json
def list_accounts(as_json: bool) -> None:
    """List all accounts."""

    async def work(_storage: Storage, sync: SyncStorage) -> tuple[SyncAccount, ...]:
        return await sync.accounts.all()

    now = SystemClock().now()
    listed = [shown(account, now) for account in kept.run(settings.load(), work)]
    if as_json:
        write_json(listed)
    elif listed:
        show(accounts_table(listed))
    else:
        click.echo("There are no accounts. `amazon-endpoint accounts add` adds one.", err=True)


@command.command("show")
@options.account_id
@options.as_json
def show_account(account_id: str, as_json: bool) -> None:
    """Show everything about an account but its secrets."""
    visible = shown(kept.get(settings.load(), account_id), SystemClock().now())
    if as_json:
        write_json(visible)
    else:
        show(account_table(visible))


@command.command()
@options.account_id
def pause(account_id: str) -> None:
    """Do nothing for an account until it is resumed. Nothing that is kept for it is lost."""
    now = SystemClock().now()
    changed = kept.change(settings.load(), account_id, lambda one: accounts.paused(one, now))
    click.echo(f"{account_id} is paused since {iso(changed.paused_at or now)}.")


@command.command()
@options.account_id
def resume(account_id: str) -> None:
    """Go on with an account where it was paused."""
    kept.change(settings.load(), account_id, accounts.resumed)
    click.echo(f"{account_id} is at work.")


@command.command()
@options.account_id
@_secret_expires
def rotate(account_id: str, secret_expires: datetime | None) -> None:
    """Give an account its application's new client secret.

    It comes from AMAZON_ENDPOINT_CLIENT_SECRET or its _FILE form, or is asked for. The one before
    is kept for the 7 days that Amazon goes on taking it. Without --secret-expires it is taken to
    last 180 days.
    """
    given, now = settings.load(), SystemClock().now()
    secret = given.credentials.get("client_secret") or ask("client_secret", "New client secret")
    changed = kept.change(
        given,
        account_id,
        lambda one: accounts.with_client_secret(one, secret, now, secret_expires),
    )
    expiry = accounts.client_secret_expiry(changed, now)
    until = f", which expires {iso(expiry.at)}" if expiry else ""
    click.echo(f"{account_id} has its client secret{until}.")


@command.command()
@options.account_id
def reauthorise(account_id: str) -> None:
    """Give an account the credentials of a new authorisation by its seller.

    They come from where `accounts add` takes them. All that is kept for the account stays.
    """
    given = settings.load()
    before = kept.get(given, account_id).account
    same = {"seller_id": before.seller_id, "marketplace_id": ",".join(before.marketplace_ids)}
    credentials = _read(_account_settings(given, same)).account().credentials

    def how(account: SyncAccount) -> SyncAccount:
        changed = accounts.with_credentials(account, credentials)
        connect.base_urls(changed.account, AllowedHosts(given.allowed_hosts))
        return changed

    kept.change(given, account_id, how)
    click.echo(
        f"{account_id} has its new credentials. Check them with "
        f"`amazon-endpoint accounts check {account_id}`."
    )


@command.command()
@options.account_id
@click.option("--force", is_flag=True, help="Give up the messages that its store lacks.")
@click.confirmation_option(prompt="Erase the account, and everything that is kept for it?")
def remove(account_id: str, force: bool) -> None:
    """Erase an account and its secrets at once."""

    async def work(_storage: Storage, sync: SyncStorage) -> None:
        await sync.accounts.remove(account_id, force=force)

    kept.run(settings.load(), work)
    click.echo(f"{account_id} is removed.")


@command.command()
@options.account_id
@options.deep
@options.as_json
@click.pass_context
def check(ctx: click.Context, account_id: str, deep: bool, as_json: bool) -> None:
    """Find out what is wrong with an account, and how to mend it.

    Ends with exit code 1 if anything is wrong.
    """
    given = settings.load()
    account, now = kept.get(given, account_id), SystemClock().now()
    hosts = AllowedHosts(given.allowed_hosts)

    async def store() -> str:
        stores.check(account.destination, allowed=hosts.listed)
        return f"Messages go to {shown(account, now).destination_host}."

    async def client_secret() -> str:
        return _expiry(account, now)

    async def checks(examination: Examination) -> None:
        await examination.passes("Store", store)
        if isinstance(account.account.credentials, RenewableCredentials):
            await examination.passes("Client secret", client_secret)
        first, *further = accounts.ways_in(account, now)
        await examination.of_account(given, first, deep=deep)
        for way in further:
            await examination.of_login("Previous client secret", given, way)

    examine(ctx, checks, as_json=as_json)


@command.command()
@click.pass_context
def reseal(ctx: click.Context) -> None:
    """Seal everything with the first key of AMAZON_ENDPOINT_KEY.

    To change the key: add the new one after the present one, for every process. Then put it first,
    for every process. Then reseal. Then take the old one out.
    """

    async def work(_storage: Storage, sync: SyncStorage) -> tuple[int, tuple[str, ...]]:
        done = await sync.reseal()
        return done.count, done.failures

    count, failures = kept.run(settings.load(), work)
    click.echo(f"{count} value{'' if count == 1 else 's'} sealed anew.")
    for failure in failures:
        click.echo(f"Error: {failure}", err=True)
    if failures:
        ctx.exit(FAILED)


for _further in (change, rotate_store, poll, backfill):
    command.add_command(_further)


def _read(given: Mapping[str, str | None]) -> Parameters:
    return parameters.read((f"amazon.{name}", value) for name, value in given.items())


def _account_settings(given: Settings, options: Mapping[str, str | None]) -> dict[str, str]:
    """What makes the account: from options, settings or questions, by the setting's name."""
    found = dict(given.credentials)
    for name, question in _ASKED.items():
        found[name] = options[name] or getattr(given, name) or ask(name, question, secret=False)
    for one in connect.chosen(lambda one: one.name in found).parameters:
        if not one.optional and one.name not in found:
            question = one.name.replace("_", " ").capitalize()
            found[one.name] = ask(one.name, question, secret=one.secret)
    hosts = {"services_host": given.services_host, "token_host": given.token_host}
    return {**found, **{name: value for name, value in hosts.items() if value}}


def _expiry(account: SyncAccount, now: datetime) -> str:
    """When the client secret expires, where that is far.

    Raises:
        EndpointError: it has expired; `Doubt` where that is near.
    """
    expiry = accounts.client_secret_expiry(account, now)
    if expiry is None:
        return "Nobody told when it expires. `accounts rotate --secret-expires` does."
    mend = f"Make a new one in the developer portal, then `accounts rotate {account.id}`."
    if expiry.level == ExpiryLevel.EXPIRED:
        raise EndpointError(f"It expired {iso(expiry.at)}. {mend}")
    if expiry.level != ExpiryLevel.FAR:
        raise Doubt(f"It expires in {expiry.days_left} days. {mend}")
    return f"It expires in {expiry.days_left} days."

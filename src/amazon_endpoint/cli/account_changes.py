"""What may change about an account: where its orders go, how often it is polled, its look-ups."""

from collections.abc import Mapping
from typing import Any, Literal

import click
import msgspec

from amazon_endpoint import settings
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.cli import kept, options
from amazon_endpoint.cli.account_table import account_table, shown
from amazon_endpoint.cli.asking import destination_secrets
from amazon_endpoint.cli.output import show, write_json
from amazon_endpoint.clock import SystemClock
from amazon_endpoint.errors import EndpointError
from amazon_endpoint.hub.parameters import Parameters, fold
from amazon_endpoint.stores import connect as stores
from amazon_endpoint.stores.port import Destination
from amazon_endpoint.sync import accounts
from amazon_endpoint.sync.accounts import SyncAccount


def lookups(shipping_methods: Mapping[str, str], carriers: Mapping[str, str]) -> Parameters:
    """Look-ups that were given as options, to be read as a hub's are."""
    given = {"shipping_method_lookup": shipping_methods, "carrier_lookup": carriers}
    # Each by itself: a table of two may be a pair of columns.
    return Parameters(
        {f"amazon.{name}": [{one: pairs[one]} for one in pairs] for name, pairs in given.items()}
    )


@click.command()
@options.account_id
@click.option("--to", "url", metavar="URL", help="Where the store takes messages from now on.")
@click.option(
    "--kind",
    type=click.Choice(["webhook", "v6"]),
    help="What takes them there, if it is of the other kind than before; it gets its own secret.",
)
@options.every()
@options.lag()
@options.shipping_methods
@options.carriers
@options.as_json
def change(
    account_id: str,
    url: str | None,
    kind: Literal["webhook", "v6"] | None,
    every: int | None,
    lag: int | None,
    shipping_methods: dict[str, str],
    carriers: dict[str, str],
    as_json: bool,
) -> None:
    """Change what is given of an account; the rest stays as it is.

    Messages that the store has not got go to the new address, those that failed at once. Orders
    that are read from then on have the new shipping methods. A name with nothing after its = is
    taken out of its look-up.
    """
    given, now = settings.load(), SystemClock().now()
    if kind is not None and url is None:
        raise click.UsageError("Say with --to where a store of another kind is.")
    before = kept.get(given, account_id)
    new_secret: str | None = None
    destination: dict[str, Any] = {"url": url} if url is not None else {}
    if kind is not None and kind != before.destination.kind:
        found, new_secret = destination_secrets(given, kind)
        destination |= {"kind": kind, "secrets": found}
    read = lookups(shipping_methods, carriers)

    def how(account: SyncAccount) -> SyncAccount:
        changed = msgspec.structs.replace(
            account,
            destination=msgspec.structs.replace(account.destination, **destination),
            poll_every=account.poll_every if every is None else every * options.MINUTE,
            lag=account.lag if lag is None else lag * options.MINUTE,
            shipping_methods=_merged(
                account.shipping_methods, shipping_methods, read.shipping_methods()
            ),
            carriers=_merged(account.carriers, carriers, read.carriers()),
        )
        accounts.check(changed, now)
        _check(changed.destination, given)
        return changed

    visible = shown(kept.change(given, account_id, how), now)
    if as_json:
        write_json({**msgspec.structs.asdict(visible), "signing_secret": new_secret})
        return
    show(account_table(visible))
    tell_once(new_secret)


@click.command("rotate-store")
@options.account_id
@click.option("--drop-old", is_flag=True, help="Take away all secrets but the newest one.")
@options.as_json
def rotate_store(account_id: str, drop_old: bool, as_json: bool) -> None:
    """Give an account its store's new secret.

    It comes from AMAZON_ENDPOINT_DESTINATION_SECRET or its _FILE form. Without it a webhook gets a
    new one, which is shown once; the token of a hub extension is asked for. Messages are signed
    with a webhook's old secrets as well, until --drop-old says that the store knows the new one.
    """
    given, now = settings.load(), SystemClock().now()
    found: tuple[str, ...] = ()
    new_secret: str | None = None
    if not drop_old:
        destination = kept.get(given, account_id).destination
        found, new_secret = destination_secrets(given, destination.kind)
        if found[0] == destination.secrets[0]:
            raise EndpointError(
                f"{account_id} has this secret already. Set AMAZON_ENDPOINT_DESTINATION_SECRET to "
                "the new one; without it a webhook gets one."
            )

    def how(account: SyncAccount) -> SyncAccount:
        before = account.destination
        secrets = before.secrets[:1]
        if not drop_old:
            old = before.secrets if before.kind == "webhook" else ()
            secrets = (*found, *(one for one in old if one not in found))
        changed = msgspec.structs.replace(before, secrets=secrets)
        _check(changed, given)
        return msgspec.structs.replace(account, destination=changed)

    visible = shown(kept.change(given, account_id, how), now)
    if as_json:
        write_json({**msgspec.structs.asdict(visible), "signing_secret": new_secret})
        return
    count = visible.destination_secrets
    if count > 1:
        click.echo(
            f"Messages of {account_id} are signed with {count} secrets. When the store knows the "
            f"new one: `amazon-endpoint accounts rotate-store {account_id} --drop-old`."
        )
    else:
        click.echo(f"{account_id} has one secret for its store.")
    tell_once(new_secret)


def tell_once(new_secret: str | None) -> None:
    """Show a signing secret that was made just now."""
    if new_secret:
        click.echo(f"The store checks signatures with this secret, shown only now: {new_secret}")


def _check(destination: Destination, given: settings.Settings) -> None:
    stores.check(destination, allowed=AllowedHosts(given.allowed_hosts).listed)


def _merged(
    kept: Mapping[str, str], given: Mapping[str, str], read: Mapping[str, str]
) -> dict[str, str]:
    """A look-up with what was given in the place of what has the same name, however spelt."""
    names = {fold(name) for name in given}
    return {**{name: found for name, found in kept.items() if fold(name) not in names}, **read}

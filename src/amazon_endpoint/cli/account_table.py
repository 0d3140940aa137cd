"""Accounts as people and machines may see them: without any secret."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from rich.markup import escape
from rich.table import Table

from amazon_endpoint.amazon.connect import generation_of
from amazon_endpoint.clock import iso
from amazon_endpoint.hub.parameters import STATUSES
from amazon_endpoint.sync.accounts import (
    ExpiryLevel,
    SyncAccount,
    client_secret_expiry,
    ways_in,
)

_COLOURS = {
    ExpiryLevel.FAR: "default",
    ExpiryLevel.SOON: "yellow",
    ExpiryLevel.URGENT: "red",
    ExpiryLevel.EXPIRED: "bold red",
}


class ShownAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account's settings. Durations are in minutes; moments as the contract writes them."""

    id: str
    seller_id: str
    marketplace_ids: tuple[str, ...]
    generation: str
    services_host: str | None
    token_host: str | None
    destination_kind: str
    destination_host: str
    destination_secrets: int
    poll_every: float
    lag: float
    statuses: tuple[str, ...]
    fulfilled_by: tuple[str, ...]
    shipping_methods: Mapping[str, str]
    carriers: Mapping[str, str]
    start: str
    created_at: str
    paused_at: str | None
    client_secret_expires_at: str | None
    client_secret_days_left: int | None
    client_secret_level: ExpiryLevel | None
    previous_client_secret_until: str | None


def shown(account: SyncAccount, now: datetime) -> ShownAccount:
    """What may be seen of an account."""
    of_amazon, destination = account.account, dict(account.destination.__rich_repr__())
    expiry = client_secret_expiry(account, now)
    previous = account.previous_client_secret if len(ways_in(account, now)) > 1 else None
    return ShownAccount(
        id=account.id,
        seller_id=of_amazon.seller_id,
        marketplace_ids=of_amazon.marketplace_ids,
        generation=generation_of(of_amazon.credentials).name,
        services_host=of_amazon.services_host,
        token_host=of_amazon.token_host,
        destination_kind=destination["kind"],
        destination_host=destination["host"],
        destination_secrets=len(account.destination.secrets),
        poll_every=account.poll_every.total_seconds() / 60,
        lag=account.lag.total_seconds() / 60,
        statuses=account.statuses or STATUSES,
        fulfilled_by=account.fulfilled_by,
        shipping_methods=account.shipping_methods,
        carriers=account.carriers,
        start=iso(account.start),
        created_at=iso(account.created_at),
        paused_at=iso(account.paused_at) if account.paused_at else None,
        client_secret_expires_at=iso(expiry.at) if expiry else None,
        client_secret_days_left=expiry.days_left if expiry else None,
        client_secret_level=expiry.level if expiry else None,
        previous_client_secret_until=iso(previous.until) if previous else None,
    )


def accounts_table(accounts: Iterable[ShownAccount]) -> Table:
    """One line for each account."""
    table = Table()
    for column in ("Account", "Seller", "Marketplaces", "Store", "Polled", "Client secret"):
        table.add_column(column, overflow="fold")
    for one in accounts:
        table.add_row(
            one.id,
            escape(one.seller_id),
            " ".join(one.marketplace_ids),
            escape(one.destination_host),
            "paused" if one.paused_at else f"every {one.poll_every:g} min",
            _expiry(one),
        )
    return table


def account_table(account: ShownAccount) -> Table:
    """Everything about one account."""
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in (
        ("Account", account.id),
        ("Seller", account.seller_id),
        ("Marketplaces", ", ".join(account.marketplace_ids)),
        ("Generation", account.generation),
        ("Amazon's hosts", _hosts(account)),
        ("Store", f"{account.destination_host} ({account.destination_kind})"),
        ("Store's secrets", str(account.destination_secrets)),
        ("Polled", f"every {account.poll_every:g} minutes, {account.lag:g} minutes overlapping"),
        ("Statuses", ", ".join(account.statuses)),
        ("Fulfilled by", ", ".join(account.fulfilled_by)),
        ("Shipping methods", _lookup(account.shipping_methods)),
        ("Carriers", _lookup(account.carriers)),
        ("Orders since", account.start),
        ("Added", account.created_at),
        ("Paused", account.paused_at or "no"),
    ):
        table.add_row(label, escape(value))
    table.add_row("Client secret", _expiry(account))
    if account.previous_client_secret_until:
        table.add_row("The one before", f"taken until {account.previous_client_secret_until}")
    return table


def _hosts(account: ShownAccount) -> str:
    return ", ".join(filter(None, (account.services_host, account.token_host))) or "its own"


def _lookup(words: Mapping[str, str]) -> str:
    return "\n".join(f"{name} = {word}" for name, word in words.items()) or "as they are"


def _expiry(account: ShownAccount) -> str:
    if account.client_secret_level is None:
        return "expiry not known"
    if account.client_secret_level == ExpiryLevel.EXPIRED:
        told = f"expired {account.client_secret_expires_at}"
    else:
        told = f"expires in {account.client_secret_days_left} days"
    return f"[{_COLOURS[account.client_secret_level]}]{told}[/]"

"""Accounts: a seller's authorisation with everything that is decided about it."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import msgspec

from amazon_endpoint.amazon.connect import generation_of
from amazon_endpoint.amazon.credentials import Account, Credentials, RenewableCredentials
from amazon_endpoint.amazon.marketplaces import region_of
from amazon_endpoint.errors import EndpointError, InvalidInput
from amazon_endpoint.orders import MERCHANT
from amazon_endpoint.stores.port import Destination

POLL_EVERY = timedelta(minutes=5)
LAG = timedelta(minutes=10)

_SHORTEST_POLL = timedelta(minutes=1)
_LONGEST = timedelta(days=1)

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)

# "Rotating your application's client secret": a new one lasts 180 days, the one before it goes on
# for 7, and Amazon begins to remind 90 days ahead.
_SECRET_LASTS = timedelta(days=180)
_PREVIOUS_LASTS = timedelta(days=7)
_SOON = timedelta(days=90)
_URGENT = timedelta(days=14)


class AccountExists(EndpointError):
    """An account of this id is there already."""


class AccountUnknown(EndpointError):
    """There is no account of this id. `amazon-endpoint accounts list` shows all."""


class StillUndelivered(EndpointError):
    """Messages of this account have not reached its store yet."""


class PreviousClientSecret(msgspec.Struct, frozen=True):
    """The client secret that a new one took the place of; Amazon takes it `until` then."""

    secret: str
    until: datetime

    def __repr__(self) -> str:
        return f"PreviousClientSecret(until={self.until})"


class SyncAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account that is polled, and whose orders go to `destination`.

    `lag` is how far each window reaches back into the one before it. An empty filter (`statuses`,
    `fulfilled_by`) lets all pass. Orders updated before `start` are not looked for.
    `shipping_methods` maps Amazon's service level to the store's shipping method, `carriers` the
    store's shipping method to Amazon's carrier code.
    """

    id: str
    account: Account
    destination: Destination
    start: datetime
    created_at: datetime
    poll_every: timedelta = POLL_EVERY
    lag: timedelta = LAG
    statuses: tuple[str, ...] = ()
    fulfilled_by: tuple[str, ...] = (MERCHANT,)
    shipping_methods: Mapping[str, str] = {}
    carriers: Mapping[str, str] = {}
    client_secret_expires_at: datetime | None = None
    previous_client_secret: PreviousClientSecret | None = None
    paused_at: datetime | None = None

    def __repr__(self) -> str:
        return f"SyncAccount({self.id})"


class Accounts(Protocol):
    """The accounts that are kept, with their secrets sealed.

    What opens an account raises `KeyMissing` or `Damaged` where its secrets can't be opened;
    `remove` opens nothing.
    """

    async def add(self, account: SyncAccount) -> None:
        """Keep a new account.

        Raises:
            AccountExists: its id is taken.
        """
        ...

    async def get(self, account_id: str) -> SyncAccount:
        """The account of this id.

        Raises:
            AccountUnknown: there is none.
        """
        ...

    async def all(self) -> tuple[SyncAccount, ...]:
        """Every account, paused ones too, by id."""
        ...

    async def change(
        self, account_id: str, how: Callable[[SyncAccount], SyncAccount]
    ) -> SyncAccount:
        """Keep what `how` makes of the account, and return it. Nobody else changes it meanwhile.

        Raises:
            AccountUnknown: there is none.
        """
        ...

    async def remove(self, account_id: str, *, force: bool = False) -> None:
        """Erase the account with its secrets, at once.

        Raises:
            AccountUnknown: there is none.
            StillUndelivered: its store lacks messages, and it is not forced.
        """
        ...


def check(account: SyncAccount, now: datetime) -> None:
    """Let pass what can be polled. Hosts and the destination are checked where they are called.

    Raises:
        InvalidInput: the id, a duration, the start or the marketplaces can't be used; `field` is
            ``account.`` and the field's name, or the hub's parameter.
    """
    if not _ID.fullmatch(account.id):
        raise InvalidInput(
            "Give up to 40 small letters, digits and hyphens, like shop-eu; no hyphen first.",
            field="account.id",
        )
    region_of(account.account.marketplace_ids)
    if not _SHORTEST_POLL <= account.poll_every <= _LONGEST:
        raise InvalidInput("Give from one minute to one day.", field="account.poll_every")
    if not timedelta() <= account.lag <= _LONGEST:
        raise InvalidInput("Give at most one day, and no less than 0.", field="account.lag")
    if account.start > now:
        raise InvalidInput("This is in the future. Give a past moment.", field="account.start")


def paused(account: SyncAccount, now: datetime) -> SyncAccount:
    """The account with nothing done for it; since when it is paused stays as it was."""
    return msgspec.structs.replace(account, paused_at=account.paused_at or now)


def resumed(account: SyncAccount) -> SyncAccount:
    """The account at work again."""
    return msgspec.structs.replace(account, paused_at=None)


def with_client_secret(
    account: SyncAccount, secret: str, now: datetime, expires_at: datetime | None = None
) -> SyncAccount:
    """The account with a new client secret, which Amazon gave it `now`; the one before is kept.

    The same secret again changes `expires_at` alone, if that is given.

    Raises:
        InvalidInput: the account's credentials have no client secret.
    """
    credentials = account.account.credentials
    if not isinstance(credentials, RenewableCredentials):
        raise InvalidInput(
            f"This account's credentials, of {generation_of(credentials).name}, have no client "
            "secret. Remove it, and add it again with its new ones.",
            field="account.id",
        )
    if credentials.client_secret == secret:
        expires_at = expires_at or account.client_secret_expires_at
        return msgspec.structs.replace(account, client_secret_expires_at=expires_at)
    return msgspec.structs.replace(
        account,
        account=_with_secret(account.account, credentials, secret),
        client_secret_expires_at=expires_at or now + _SECRET_LASTS,
        previous_client_secret=PreviousClientSecret(
            credentials.client_secret, now + _PREVIOUS_LASTS
        ),
    )


def with_credentials(account: SyncAccount, credentials: Credentials) -> SyncAccount:
    """The account with other credentials of the same seller; when their client secret expires
    stays known where it is the one that the account has."""
    before = account.account.credentials
    changed = msgspec.structs.replace(
        account, account=msgspec.structs.replace(account.account, credentials=credentials)
    )
    if (
        isinstance(before, RenewableCredentials)
        and isinstance(credentials, RenewableCredentials)
        and before.client_secret == credentials.client_secret
    ):
        return changed
    return msgspec.structs.replace(
        changed, client_secret_expires_at=None, previous_client_secret=None
    )


def connectable(account: SyncAccount, now: datetime) -> Account:
    """The account as to connect it, with the client secret before as well while Amazon takes it."""
    credentials, previous = account.account.credentials, account.previous_client_secret
    if (
        previous is None
        or now >= previous.until
        or not isinstance(credentials, RenewableCredentials)
    ):
        return account.account
    both = msgspec.structs.replace(credentials, previous_client_secret=previous.secret)
    return msgspec.structs.replace(account.account, credentials=both)


def ways_in(account: SyncAccount, now: datetime) -> tuple[Account, ...]:
    """The account with its client secret alone, and with the one before while Amazon takes it."""
    credentials = connectable(account, now).credentials
    if not isinstance(credentials, RenewableCredentials) or not credentials.previous_client_secret:
        return (account.account,)
    previous = _with_secret(account.account, credentials, credentials.previous_client_secret)
    return account.account, previous


class ExpiryLevel(StrEnum):
    """How much a client secret's expiry matters: from 90 days ahead it is soon, from 14 urgent."""

    FAR = "far"
    SOON = "soon"
    URGENT = "urgent"
    EXPIRED = "expired"


class Expiry(msgspec.Struct, frozen=True):
    """When Amazon stops taking a client secret; `days_left` are whole ones, negative once past."""

    at: datetime
    days_left: int
    level: ExpiryLevel


def client_secret_expiry(account: SyncAccount, now: datetime) -> Expiry | None:
    """When the account's client secret expires, if that is known."""
    at = account.client_secret_expires_at
    return None if at is None else expiry(at, now)


def expiry(at: datetime, now: datetime) -> Expiry:
    """How near it is that a client secret expires."""
    left = at - now
    if left <= timedelta():
        level = ExpiryLevel.EXPIRED
    elif left <= _URGENT:
        level = ExpiryLevel.URGENT
    elif left <= _SOON:
        level = ExpiryLevel.SOON
    else:
        level = ExpiryLevel.FAR
    return Expiry(at, left.days, level)


def _with_secret(account: Account, credentials: RenewableCredentials, secret: str) -> Account:
    alone = msgspec.structs.replace(credentials, client_secret=secret, previous_client_secret=None)
    return msgspec.structs.replace(account, credentials=alone)

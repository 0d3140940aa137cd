"""Accounts kept in the database, their credentials and destinations sealed."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, bindparam, delete, select, update

from amazon_endpoint.amazon import connect
from amazon_endpoint.amazon.credentials import Account
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.encryption import Keyring
from amazon_endpoint.storage.sync_tables import accounts
from amazon_endpoint.storage.upserting import insert_unless_there
from amazon_endpoint.stores.port import Destination
from amazon_endpoint.sync.accounts import (
    AccountExists,
    AccountUnknown,
    PreviousClientSecret,
    StillUndelivered,
    SyncAccount,
)

Undelivered = Callable[[Connection, str], int]
"""Counts, inside the transaction, the messages of an account that its store lacks."""

_SEALED: Select[Any] = select(accounts.c.id, accounts.c.secrets)
_SEALED_OF = _SEALED.where(accounts.c.id == bindparam("account_id"))


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What is no secret."""

    marketplace_ids: tuple[str, ...]
    services_host: str | None
    token_host: str | None
    start: datetime
    poll_every: timedelta
    lag: timedelta
    statuses: tuple[str, ...]
    fulfilled_by: tuple[str, ...]
    client_secret_expires_at: datetime | None
    shipping_methods: Mapping[str, str] = {}
    carriers: Mapping[str, str] = {}


class _Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed. The credentials are of whichever generation; their tag tells."""

    credentials: msgspec.Raw
    previous_client_secret: PreviousClientSecret | None
    destination: Destination


class StoredAccounts:
    """Implements `sync.accounts.Accounts`."""

    def __init__(self, database: Database, keyring: Keyring, undelivered: Undelivered) -> None:
        self._database = database
        self._keyring = keyring
        self._undelivered = undelivered

    async def add(self, account: SyncAccount) -> None:
        """Keep a new account, unless its id is taken (`AccountExists`).

        Raises:
            KeyMissing: the keys here don't open the account that was added last.
        """
        columns = self._columns(account)
        latest = _SEALED.order_by(accounts.c.created_at.desc()).limit(1)

        def work(connection: Connection) -> bool:
            if (there := connection.execute(latest).one_or_none()) is not None:
                _open(self._keyring, there)
            return insert_unless_there(connection, accounts, columns)

        if not await self._database.run(work):
            raise AccountExists(
                f"There is an account {account.id} already. Give the new one another id, or "
                "remove that one first."
            )

    async def get(self, account_id: str) -> SyncAccount:
        """The account of this id (`AccountUnknown`)."""

        def work(connection: Connection) -> SyncAccount:
            return self._find(connection, account_id)

        return await self._database.run(work)

    async def all(self) -> tuple[SyncAccount, ...]:
        """Every account, paused ones too, by id."""

        def work(connection: Connection) -> tuple[SyncAccount, ...]:
            rows = connection.execute(select(accounts).order_by(accounts.c.id))
            return tuple(map(self._account, rows))

        return await self._database.run(work)

    async def change(
        self, account_id: str, how: Callable[[SyncAccount], SyncAccount]
    ) -> SyncAccount:
        """Keep what `how` makes of the account, and return it (`AccountUnknown`)."""

        def work(connection: Connection) -> SyncAccount:
            changed = how(self._find(connection, account_id, lock=True))
            connection.execute(
                update(accounts).where(accounts.c.id == account_id).values(self._columns(changed))
            )
            return changed

        return await self._database.run(work)

    async def remove(self, account_id: str, *, force: bool = False) -> None:
        """Erase the account with its secrets (`AccountUnknown`, `StillUndelivered`)."""

        def work(connection: Connection) -> None:
            # Locked, so that nobody adds a message between the count and the end.
            this = accounts.c.id == account_id
            connection.execute(select(accounts.c.id).where(this).with_for_update())
            if not force and (count := self._undelivered(connection, account_id)):
                raise StillUndelivered(
                    f"The store of {account_id} lacks {count} message{'' if count == 1 else 's'}. "
                    "Let them be delivered first, or give them up with --force."
                )
            if not connection.execute(delete(accounts).where(this)).rowcount:
                raise _unknown(account_id)

        await self._database.run(work)

    def _find(self, connection: Connection, account_id: str, *, lock: bool = False) -> SyncAccount:
        query = select(accounts).where(accounts.c.id == account_id)
        row = connection.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise _unknown(account_id)
        return self._account(row)

    def _columns(self, account: SyncAccount) -> dict[str, Any]:
        of_amazon = account.account
        settings = _Settings(
            marketplace_ids=of_amazon.marketplace_ids,
            services_host=of_amazon.services_host,
            token_host=of_amazon.token_host,
            start=account.start,
            poll_every=account.poll_every,
            lag=account.lag,
            statuses=account.statuses,
            fulfilled_by=account.fulfilled_by,
            client_secret_expires_at=account.client_secret_expires_at,
            shipping_methods=account.shipping_methods,
            carriers=account.carriers,
        )
        secrets = _Secrets(
            credentials=msgspec.Raw(msgspec.json.encode(of_amazon.credentials)),
            previous_client_secret=account.previous_client_secret,
            destination=account.destination,
        )
        return {
            "id": account.id,
            "seller_id": of_amazon.seller_id,
            "settings": msgspec.json.encode(settings).decode(),
            "secrets": self._keyring.seal(
                msgspec.json.encode(secrets), table=accounts.name, row=account.id
            ),
            "paused_at": account.paused_at,
            "created_at": account.created_at,
        }

    def _account(self, row: Row[Any]) -> SyncAccount:
        plain = _open(self._keyring, row)
        secrets = msgspec.json.decode(plain, type=_Secrets)
        settings = msgspec.structs.asdict(msgspec.json.decode(row.settings, type=_Settings))
        return SyncAccount(
            id=row.id,
            account=Account(
                credentials=connect.decode_credentials(secrets.credentials),
                seller_id=row.seller_id,
                marketplace_ids=settings.pop("marketplace_ids"),
                services_host=settings.pop("services_host"),
                token_host=settings.pop("token_host"),
            ),
            destination=secrets.destination,
            previous_client_secret=secrets.previous_client_secret,
            paused_at=row.paused_at,
            created_at=row.created_at,
            **settings,
        )


def check_key(connection: Connection, keyring: Keyring, account_id: str) -> None:
    """Open the account's secrets. Who can't must seal nothing: nobody else would open it.

    Raises:
        KeyMissing: they were sealed with a key that isn't given.
        Damaged: they are not what was sealed.
    """
    _open(keyring, connection.execute(_SEALED_OF, {"account_id": account_id}).one())


def _open(keyring: Keyring, row: Row[Any]) -> bytes:
    return keyring.open(row.secrets, table=accounts.name, row=row.id)


def _unknown(account_id: str) -> AccountUnknown:
    return AccountUnknown(
        f"There is no account {account_id[:40]!r}. `amazon-endpoint accounts list` shows all."
    )

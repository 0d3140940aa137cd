"""Locking: what is written about an account's orders is written one after the other."""

from sqlalchemy import Connection, bindparam, select

from amazon_endpoint.storage.sync_tables import accounts
from amazon_endpoint.sync.accounts import AccountUnknown

_LOCKED = (
    select(accounts.c.id)
    .where(accounts.c.id == bindparam("account_id"))
    .with_for_update(key_share=True)
)


def lock_account(connection: Connection, account_id: str) -> None:
    """Wait for all others that hold the account, until this transaction ends.

    Rows may be added that belong to it all the while.

    Raises:
        AccountUnknown: there is none, any more.
    """
    if connection.execute(_LOCKED, {"account_id": account_id}).first() is None:
        raise AccountUnknown

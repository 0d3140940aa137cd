"""Kept: what is kept in the database, for the commands that look at it or change it.

A server or a worker may be running: they find what is written here within a minute.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from amazon_endpoint import logs
from amazon_endpoint.clock import SystemClock
from amazon_endpoint.settings import Settings
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.sync_storage import SyncStorage
from amazon_endpoint.sync import polling
from amazon_endpoint.sync.accounts import SyncAccount

T = TypeVar("T")


def run(given: Settings, work: Callable[[Storage, SyncStorage], Awaitable[T]]) -> T:
    """Do `work` with what is kept, opened.

    Raises:
        StorageUnusable: the database can't be opened.
        KeyUnusable: there is no key that can be used.
    """
    logs.configure("debug" if given.log_level == "debug" else "warning", given.log_format)

    async def opened() -> T:
        async with await Storage.open(given.database) as storage:
            return await work(storage, await storage.unlock(given.key))

    return asyncio.run(opened())


def get(given: Settings, account_id: str) -> SyncAccount:
    """The account of this id.

    Raises:
        AccountUnknown: there is none.
    """

    async def work(_storage: Storage, sync: SyncStorage) -> SyncAccount:
        return await sync.accounts.get(account_id)

    return run(given, work)


def change(
    given: Settings, account_id: str, how: Callable[[SyncAccount], SyncAccount]
) -> SyncAccount:
    """Keep what `how` makes of the account. Where its destination changed, all that failed there is
    tried again; where its credentials did, it is polled soon.

    Raises:
        AccountUnknown: there is none.
    """

    async def work(_storage: Storage, sync: SyncStorage) -> SyncAccount:
        before = await sync.accounts.get(account_id)
        changed = await sync.accounts.change(account_id, how)
        if changed.destination != before.destination:
            await sync.outbox.redeliver(account_id, SystemClock().now())
        if changed.account != before.account:
            await polling.poll_soon(changed, readings=sync.readings, clock=SystemClock())
        return changed

    return run(given, work)

"""An account that is configured at the endpoint, for hubs that name it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from amazon_endpoint.settings import Settings
from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.sync_storage import SyncStorage
from tests.integration.sync.accounts import ACCOUNT


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[SyncStorage]:
    """What is kept for the accounts."""
    async with await Storage.open(settings.database) as storage:
        yield await storage.unlock(settings.key)


async def configure(settings: Settings) -> None:
    """Configure `ACCOUNT`."""
    async with opened(settings) as kept:
        await kept.accounts.add(ACCOUNT)


def lose_key(settings: Settings) -> None:
    """Delete the file with the key."""
    Path(f"{settings.database}.key").unlink()

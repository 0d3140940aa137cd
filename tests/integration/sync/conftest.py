"""An account that is polled, its orders kept in a database of each kind."""

import pytest

from amazon_endpoint.storage import Storage
from amazon_endpoint.storage.sync_storage import SyncStorage
from tests.integration.sync.accounts import ACCOUNT, KEY, Polled
from tests.turned_clock import TurnedClock


@pytest.fixture
async def kept(storage: Storage) -> SyncStorage:
    """What sync keeps: one account."""
    unlocked = await storage.unlock(KEY)
    await unlocked.accounts.add(ACCOUNT)
    return unlocked


@pytest.fixture
def shop(kept: SyncStorage) -> Polled:
    return Polled(kept, TurnedClock())

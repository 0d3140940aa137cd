"""Windows in the database: each answer follows exactly one other."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec

from amazon_endpoint.services.windows import KeptWindow, Progress, WindowKey
from amazon_endpoint.storage import Storage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = WindowKey("A1SELLER", "f00d")
FIRST = KeptWindow(
    key=KEY,
    revision=1,
    last_poll=0,
    before=Progress(cursor=NOON),
    after=Progress(cursor=NOON, resume="w1." + "x" * 100_000, seen="2026-03-01T12:00:00Z 00ff"),
)
SECOND = msgspec.structs.replace(
    FIRST,
    revision=2,
    last_poll=4_102_444_800,
    before=FIRST.after,
    after=Progress(cursor=NOON + timedelta(hours=1)),
)


async def test_what_is_kept_outlives_a_restart(database_url: str) -> None:
    async with await Storage.open(database_url) as storage:
        assert await storage.windows.find(KEY) is None
        assert await storage.windows.keep(FIRST)
    async with await Storage.open(database_url) as storage:
        assert await storage.windows.find(KEY) == FIRST
        assert await storage.windows.keep(SECOND)
        assert await storage.windows.find(KEY) == SECOND
        assert await storage.windows.find(WindowKey("A1SELLER", "cafe")) is None
        assert await storage.windows.find(WindowKey("A2SELLER", "f00d")) is None


async def test_only_one_answer_follows_another(storage: Storage) -> None:
    firsts = await asyncio.gather(*(storage.windows.keep(FIRST) for _ in range(5)))
    seconds = await asyncio.gather(*(storage.windows.keep(SECOND) for _ in range(5)))
    assert (firsts.count(True), seconds.count(True)) == (1, 1)


async def test_an_answer_to_what_is_no_longer_kept_is_not_kept(storage: Storage) -> None:
    third = msgspec.structs.replace(SECOND, revision=3)
    await storage.windows.keep(FIRST)
    assert not await storage.windows.keep(third)
    assert await storage.windows.find(KEY) == FIRST

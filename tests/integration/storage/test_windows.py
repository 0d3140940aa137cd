"""Windows in the database: each answer follows exactly one other."""

import asyncio
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from amazon_endpoint.services.windows import KeptWindow, Progress, Told, WindowKey
from amazon_endpoint.storage import Storage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = WindowKey("A1SELLER", "f00d" * 8, "0a" * 16)
FIRST = KeptWindow(
    key=KEY,
    revision=1,
    last_poll=0,
    before=Progress(cursor=NOON),
    after=Progress(cursor=NOON, resume="w1." + "x" * 100_000, seen="2026-03-01T12:00:00Z 00ff"),
)
SECOND = replace(
    FIRST,
    revision=2,
    last_poll=4_102_444_800,
    before=FIRST.after,
    after=Progress(cursor=NOON + timedelta(hours=1), told=(Told("00ff", NOON, NOON),)),
)


async def test_what_is_kept_outlives_a_restart(database_url: str) -> None:
    async with await Storage.open(database_url) as storage:
        assert await storage.windows.find(KEY) is None
        assert await storage.windows.keep(FIRST)
    async with await Storage.open(database_url) as storage:
        assert await storage.windows.find(KEY) == FIRST
        assert await storage.windows.keep(SECOND)
        assert await storage.windows.find(KEY) == SECOND
        assert await storage.windows.find(replace(KEY, question="cafe" * 8)) is None
        assert await storage.windows.find(replace(KEY, seller_id="A2SELLER")) is None


async def test_other_questions_of_the_same_account_are_found(storage: Storage) -> None:
    other = replace(FIRST, key=replace(KEY, question="cafe" * 8))
    strangers = [replace(KEY, account="cafe" * 8), replace(KEY, seller_id="A2SELLER")]
    for one in (FIRST, other, *(replace(FIRST, key=key) for key in strangers)):
        assert await storage.windows.keep(one)
    assert await storage.windows.others(KEY) == [other]
    assert await storage.windows.others(strangers[0]) == []


async def test_only_one_answer_follows_another(storage: Storage) -> None:
    firsts = await asyncio.gather(*(storage.windows.keep(FIRST) for _ in range(5)))
    seconds = await asyncio.gather(*(storage.windows.keep(SECOND) for _ in range(5)))
    assert (firsts.count(True), seconds.count(True)) == (1, 1)


async def test_an_answer_to_what_is_no_longer_kept_is_not_kept(storage: Storage) -> None:
    third = replace(SECOND, revision=3)
    await storage.windows.keep(FIRST)
    assert not await storage.windows.keep(third)
    assert await storage.windows.find(KEY) == FIRST

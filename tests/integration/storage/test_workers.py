"""Heartbeats are counted, and only one may take a silent worker's place."""

import asyncio

from amazon_endpoint.storage import Storage


async def test_beats_are_counted_for_each_worker(storage: Storage) -> None:
    for worker in ("a", "b", "a"):
        await storage.workers.beat(worker)

    assert await storage.workers.beats() == {"a": 2, "b": 1}


async def test_one_alone_claims_a_silent_worker(storage: Storage) -> None:
    await storage.workers.beat("silent")

    claims = await asyncio.gather(*(storage.workers.claim("silent", 1) for _ in range(4)))

    assert sorted(claims) == [False, False, False, True]
    assert await storage.workers.beats() == {"silent": 2}


async def test_a_worker_that_beats_again_is_not_claimed(storage: Storage) -> None:
    await storage.workers.beat("paused")
    await storage.workers.beat("paused")

    assert not await storage.workers.claim("paused", 1)


async def test_who_is_forgotten_begins_anew(storage: Storage) -> None:
    await storage.workers.beat("gone")
    await storage.workers.beat("gone")

    await storage.workers.forget("gone")
    assert await storage.workers.beats() == {}

    await storage.workers.beat("gone")
    assert await storage.workers.beats() == {"gone": 1}

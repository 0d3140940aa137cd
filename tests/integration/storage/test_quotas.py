"""Quotas in the database: shared by every process, and not forgotten."""

import asyncio
import multiprocessing
from datetime import UTC, datetime, timedelta

import pytest

from amazon_endpoint.amazon.quota import QuotaKey, Rate
from amazon_endpoint.storage import Storage

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = QuotaKey(client_id="app-1", account="f00d", operation="searchOrders")
PLAN = Rate(per_second=0.5, burst=20)


async def count_goes(storage: Storage, takes: int) -> int:
    answers = await asyncio.gather(*(storage.quotas.take(KEY, PLAN, NOW) for _ in range(takes)))
    return sum(not_before is None for not_before in answers)


def count_goes_in_a_process(database_url: str, takes: int) -> int:
    async def main() -> int:
        async with await Storage.open(database_url) as storage:
            return await count_goes(storage, takes)

    return asyncio.run(main())


async def test_an_account_never_called_has_a_full_burst(storage: Storage) -> None:
    assert [await storage.quotas.take(KEY, PLAN, NOW) for _ in range(20)] == [None] * 20
    assert await storage.quotas.take(KEY, PLAN, NOW) == NOW + timedelta(seconds=2, microseconds=1)


async def test_when_several_calls_may_be_made_is_told_without_taking_any(storage: Storage) -> None:
    assert await count_goes(storage, 15) == 15

    assert await storage.quotas.due(KEY, PLAN, 5, NOW) is None
    assert await storage.quotas.due(KEY, PLAN, 15, NOW) == NOW + timedelta(
        seconds=20, microseconds=1
    )
    assert await count_goes(storage, 10) == 5


async def test_what_is_left_is_told_without_taking_any(storage: Storage) -> None:
    assert await count_goes(storage, 15) == 15

    for _ in range(2):
        assert (await storage.quotas.bucket(KEY, PLAN, NOW)).tokens == 5


async def test_of_fifty_calls_at_once_only_the_burst_goes(storage: Storage) -> None:
    assert await count_goes(storage, 50) == 20


async def test_of_many_accounts_at_once_each_has_its_own_bucket(storage: Storage) -> None:
    keys = [QuotaKey("app-1", f"{number:04}", "searchOrders") for number in range(1100)]
    scarce = Rate(per_second=0.5, burst=2)

    answers = await asyncio.gather(
        *(storage.quotas.take(key, scarce, NOW) for _ in range(3) for key in keys)
    )

    assert [one is None for one in answers] == [True] * 2200 + [False] * 1100


async def test_a_key_that_can_not_be_kept_costs_no_other_its_token(storage: Storage) -> None:
    endless = QuotaKey(client_id="x" * 1000, account="f00d", operation="searchOrders")

    _, answer = await asyncio.gather(
        *(storage.quotas.take(key, PLAN, NOW) for key in (endless, KEY)), return_exceptions=True
    )

    assert answer is None


async def test_a_database_that_is_closed_answers_everybody(database_url: str) -> None:
    async with await Storage.open(database_url) as storage:
        quotas = storage.quotas

    answers = await asyncio.gather(
        *(quotas.take(KEY, PLAN, NOW) for _ in range(2)), return_exceptions=True
    )

    assert all(isinstance(one, Exception) for one in answers)


def test_processes_share_one_bucket(database_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as processes:
        goes = processes.starmap(count_goes_in_a_process, [(database_url, 25)] * 2)

    assert sum(goes) == 20


async def test_a_restart_gives_nothing_back(database_url: str) -> None:
    async with await Storage.open(database_url) as storage:
        assert await count_goes(storage, 18) == 18
    async with await Storage.open(database_url) as storage:
        assert await count_goes(storage, 5) == 2


async def test_the_moment_named_is_enough(storage: Storage) -> None:
    await storage.quotas.learn(KEY, PLAN, NOW, drained=True)
    not_before = await storage.quotas.take(KEY, PLAN, NOW)
    assert not_before is not None

    assert await storage.quotas.take(KEY, PLAN, not_before) is None


async def test_each_operation_of_each_account_has_its_own_bucket(storage: Storage) -> None:
    await storage.quotas.learn(KEY, PLAN, NOW, drained=True)
    others = [
        QuotaKey(client_id="app-2", account="f00d", operation="searchOrders"),
        QuotaKey(client_id="app-1", account="cafe", operation="searchOrders"),
        QuotaKey(client_id="app-1", account="f00d", operation="getOrder"),
    ]

    assert [await storage.quotas.take(other, PLAN, NOW) for other in others] == [None] * 3


async def test_a_drained_bucket_is_empty_for_every_process(database_url: str) -> None:
    async with await Storage.open(database_url) as storage:
        await storage.quotas.learn(KEY, PLAN, NOW, drained=True)
    async with await Storage.open(database_url) as storage:
        assert await count_goes(storage, 3) == 0


async def test_a_learnt_rate_is_kept(database_url: str) -> None:
    async with await Storage.open(database_url) as storage:
        await storage.quotas.learn(KEY, PLAN, NOW, rate=0.1, drained=True)
    async with await Storage.open(database_url) as storage:
        not_before = await storage.quotas.take(KEY, PLAN, NOW)

    assert not_before == NOW + timedelta(seconds=10, microseconds=1)


async def test_a_learnt_rate_that_is_the_published_one_again_is_forgotten(storage: Storage) -> None:
    await storage.quotas.learn(KEY, PLAN, NOW, rate=0.1)
    await storage.quotas.learn(KEY, PLAN, NOW, rate=PLAN.per_second, drained=True)
    tightened = Rate(per_second=0.25, burst=20)

    not_before = await storage.quotas.take(KEY, tightened, NOW)
    assert not_before == NOW + timedelta(seconds=4, microseconds=1)


async def test_a_newly_published_burst_counts_at_once(storage: Storage) -> None:
    assert await storage.quotas.take(KEY, PLAN, NOW) is None
    tightened = Rate(per_second=0.5, burst=2)

    answers = [await storage.quotas.take(KEY, tightened, NOW) for _ in range(3)]
    assert [not_before is None for not_before in answers] == [True, True, False]


async def test_calls_given_up_halfway_leave_the_bucket_usable(storage: Storage) -> None:
    for turns in range(100):
        calls = [asyncio.create_task(storage.quotas.take(KEY, PLAN, NOW)) for _ in range(3)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    not_before = await storage.quotas.take(KEY, PLAN, NOW)
    assert not_before is not None
    assert await storage.quotas.take(KEY, PLAN, not_before) is None


async def test_to_be_told_the_known_rate_costs_no_transaction(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await storage.quotas.take(KEY, PLAN, NOW)
    monkeypatch.setattr(storage.quotas, "_database", None)

    await storage.quotas.learn(KEY, PLAN, NOW, rate=PLAN.per_second)


async def test_what_another_process_has_learnt_is_unlearnt_by_the_next_call(
    database_url: str,
) -> None:
    async with await Storage.open(database_url) as one, await Storage.open(database_url) as another:
        await one.quotas.take(KEY, PLAN, NOW)
        await another.quotas.learn(KEY, PLAN, NOW, rate=0.1)

        await one.quotas.take(KEY, PLAN, NOW)
        await one.quotas.learn(KEY, PLAN, NOW, rate=PLAN.per_second)

        assert (await another.quotas.bucket(KEY, PLAN, NOW)).rate == PLAN.per_second

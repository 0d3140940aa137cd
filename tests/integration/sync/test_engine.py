"""The engine runs what is woken or due: once, in order, one at a time, whatever goes wrong."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from amazon_endpoint.location import StorageUnusable
from amazon_endpoint.storage import Storage
from amazon_endpoint.sync.engine import Kind
from tests.integration.sync.engines import (
    QUICK,
    delete_engine_tables,
    engine,
    eventually,
    in_engine,
    running,
)

Key = tuple[Kind, str]


def taken_up(database_url: str) -> set[str]:
    """The accounts that have a run which has begun."""
    begun = "SELECT queue_partition_key FROM workflow_status WHERE status = 'PENDING'"
    return {account for (account,) in in_engine(database_url, begun)}


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Recorder:
    """Work that is written down. What is due is a number of batches for each key."""

    def __init__(self, **due: int) -> None:
        self.due: Counter[Key] = Counter({("deliver", account): n for account, n in due.items()})
        self.done: list[Key] = []
        self.open: Counter[Key] = Counter()
        self.most_of_one = 0
        self.most = 0

    async def work(self, kind: Kind, account_id: str) -> bool:
        key = kind, account_id
        self.open[key] += 1
        self.most_of_one = max(self.most_of_one, self.open[key])
        self.most = max(self.most, self.open.total())
        try:
            await self.batch(key)
        finally:
            self.open[key] -= 1
        self.done.append(key)
        self.due[key] -= 1
        return self.due[key] > 0

    async def batch(self, key: Key) -> None:
        """What a batch does, before it is counted as done."""
        assert key in self.open
        await asyncio.sleep(0.01)

    def has_done(self, account_id: str, batches: int = 1) -> bool:
        return self.done.count(("deliver", account_id)) >= batches

    async def find_due(self) -> Iterable[Key]:
        return [key for key, n in self.due.items() if n > 0]


class Gated(Recorder):
    """Work that goes no further than its gate until that is opened."""

    def __init__(self, **due: int) -> None:
        super().__init__(**due)
        self.gate = asyncio.Event()
        self.entered = asyncio.Event()

    async def batch(self, key: Key) -> None:
        self.entered.set()
        if key[1] == "gated":
            await self.gate.wait()


@on_sqlite
async def test_what_is_woken_is_worked_off(database_url: str, storage: Storage) -> None:
    recorder = Recorder(a=3)

    async with running(database_url, storage, recorder.work) as launched:
        launched.wake("deliver", "a")
        await eventually(lambda: len(recorder.done) == 3)

    assert recorder.done == [("deliver", "a")] * 3


async def test_an_account_is_worked_on_once_at_a_time_for_each_kind(
    database_url: str, storage: Storage
) -> None:
    gated = Gated()

    async with running(database_url, storage, gated.work) as launched:
        launched.wake("deliver", "gated")
        await gated.entered.wait()
        for n in range(3):
            launched.wake("deliver", "gated")
            launched.wake("deliver", "other")
            await eventually(partial(gated.has_done, "other", n + 1))
        gated.gate.set()
        await eventually(partial(gated.has_done, "gated", 2))

    assert gated.most_of_one == 1


async def test_accounts_and_kinds_are_worked_on_side_by_side(
    database_url: str, storage: Storage
) -> None:
    met = asyncio.Barrier(4)

    async def work(_kind: Kind, _account_id: str) -> bool:
        await met.wait()
        return False

    async with asyncio.timeout(60), running(database_url, storage, work) as launched:
        for account in ("a", "b", "c"):
            launched.wake("deliver", account)
        launched.wake("poll", "a")
        await eventually(lambda: met.n_waiting == 0 and not met.broken)


@pytest.mark.parametrize(
    ("kind", "bounds"),
    [("confirm", {"parallel": 2}), ("poll", {"polls": 2}), ("deliver", {"deliveries": 2})],
)
async def test_a_process_bounds_how_many_accounts_it_works_on(
    database_url: str, storage: Storage, kind: Kind, bounds: dict[str, int]
) -> None:
    recorder = Recorder()
    accounts = {f"account-{n}" for n in range(7)}

    pace = msgspec.structs.replace(QUICK, **bounds)
    async with running(database_url, storage, recorder.work, pace=pace) as launched:
        for account in accounts:
            launched.wake(kind, account)
        await eventually(lambda: {account for _, account in recorder.done} == accounts)

    assert recorder.most <= 2


async def test_wake_ups_are_one_while_a_run_waits(database_url: str, storage: Storage) -> None:
    gated = Gated()

    async with running(database_url, storage, gated.work) as launched:
        launched.wake("deliver", "gated")
        await gated.entered.wait()
        for n in range(5):
            launched.wake("deliver", "gated")
            launched.wake("deliver", f"other-{n}")
            await eventually(partial(gated.has_done, f"other-{n}"))
        waiting = in_engine(
            database_url,
            "SELECT queue_name, queue_partition_key FROM workflow_status WHERE status = 'ENQUEUED'",
        )
        gated.gate.set()
        await eventually(lambda: gated.done.count(("deliver", "gated")) == 2)

    assert waiting == [("deliver", "gated")]


@on_sqlite
async def test_an_account_with_much_to_do_lets_others_have_their_turn(
    database_url: str, storage: Storage
) -> None:
    recorder = Recorder(much=50)

    pace = msgspec.structs.replace(QUICK, deliveries=1, batches=2)
    async with running(database_url, storage, recorder.work, pace=pace) as launched:
        launched.wake("deliver", "much")
        launched.wake("deliver", "little")
        await eventually(lambda: len(recorder.done) == 51)

    assert recorder.done.index(("deliver", "little")) < 50


@on_sqlite
async def test_what_no_wake_up_told_is_found(database_url: str, storage: Storage) -> None:
    recorder = Recorder(a=2, b=1)

    async with running(database_url, storage, recorder.work, recorder.find_due):
        await eventually(lambda: len(recorder.done) >= 3)

    assert recorder.due.total() <= 0


@on_sqlite
async def test_a_search_that_fails_is_made_again(database_url: str, storage: Storage) -> None:
    recorder = Recorder(a=1)
    searches = 0

    async def fails_once() -> Iterable[Key]:
        nonlocal searches
        searches += 1
        if searches == 1:
            raise OSError("the database is away")
        return await recorder.find_due()

    async with running(database_url, storage, recorder.work, fails_once):
        await eventually(lambda: ("deliver", "a") in recorder.done)


async def test_work_that_fails_stays_due_and_shows_nothing_of_its_error(
    database_url: str, storage: Storage
) -> None:
    class FailsFirst(Recorder):
        failed = False

        async def batch(self, key: Key) -> None:
            if key[1] == "a" and not self.failed:
                self.failed = True
                raise LookupError("Mary Canary, 1 Canary Street")

    recorder = FailsFirst(a=1, b=1)

    with capture_logs() as logs:
        async with running(database_url, storage, recorder.work, recorder.find_due):
            await eventually(lambda: len(set(recorder.done)) == 2)
            kept = [
                in_engine(database_url, f"SELECT * FROM {table}")
                for table in (
                    "workflow_status",
                    "workflow_input",
                    "workflow_output",
                    "operation_outputs",
                )
            ]

    assert {"kind": "deliver", "account": "a", "error": "LookupError"}.items() <= next(
        log for log in logs if log["event"] == "work_failed"
    ).items()
    assert "Canary" not in str(logs)
    assert all(kept[:2])
    assert "Canary" not in str(kept)


@on_sqlite
async def test_ids_are_all_that_the_engine_is_told(database_url: str, storage: Storage) -> None:
    recorder = Recorder()

    async with running(database_url, storage, recorder.work) as launched:
        launched.wake("deliver", "a")
        await eventually(lambda: bool(recorder.done))
        ((inputs,),) = in_engine(database_url, "SELECT inputs FROM workflow_input")

    assert inputs == '{"namedArgs":{},"positionalArgs":["deliver","a"]}'


async def test_stopping_waits_for_the_batch_under_way_and_begins_no_other(
    database_url: str, storage: Storage
) -> None:
    gated = Gated(gated=3)

    async with running(database_url, storage, gated.work) as launched:
        launched.wake("deliver", "gated")
        await gated.entered.wait()
        # Longer than it takes to stop at once.
        asyncio.get_running_loop().call_later(4, gated.gate.set)
        await launched.stop()

    assert gated.done == [("deliver", "gated")]
    async with running(database_url, storage, gated.work, gated.find_due):
        await eventually(lambda: len(gated.done) == 3)


@on_sqlite
async def test_stopping_begins_nothing_that_was_taken_up(
    database_url: str, storage: Storage
) -> None:
    gated = Gated(gated=1, waiting=1)

    pace = msgspec.structs.replace(QUICK, deliveries=1)
    async with running(database_url, storage, gated.work, pace=pace) as launched:
        launched.wake("deliver", "gated")
        await gated.entered.wait()
        launched.wake("deliver", "waiting")
        await eventually(lambda: taken_up(database_url) == {"gated", "waiting"})
        asyncio.get_running_loop().call_later(1, gated.gate.set)
        await launched.stop()

    assert gated.done == [("deliver", "gated")]
    async with running(database_url, storage, gated.work, gated.find_due):
        await eventually(partial(gated.has_done, "waiting"))


@on_sqlite
async def test_the_loop_stays_usable_after_the_end(database_url: str, storage: Storage) -> None:
    async with running(database_url, storage, Recorder().work):
        pass

    assert await asyncio.to_thread(lambda: "done") == "done"


async def test_without_the_engine_s_tables_everything_is_found_again(
    database_url: str, storage: Storage
) -> None:
    gated = Gated(gated=2, a=1)

    async with running(database_url, storage, gated.work, gated.find_due) as launched:
        await gated.entered.wait()
        await eventually(lambda: ("deliver", "a") in gated.done)
        launched.wake("deliver", "gated")
        gated.gate.set()
    left = Recorder(gated=gated.due["deliver", "gated"], b=2)
    delete_engine_tables(database_url)

    async with running(database_url, storage, left.work, left.find_due):
        await eventually(lambda: left.due.total() <= 0)

    assert ("deliver", "b") in left.done


async def test_what_is_finished_is_forgotten_in_time(database_url: str, storage: Storage) -> None:
    recorder = Recorder()

    def kept() -> int:
        ((status,),) = in_engine(database_url, "SELECT COUNT(*) FROM workflow_status")
        ((steps,),) = in_engine(database_url, "SELECT COUNT(*) FROM operation_outputs")
        return int(status) + int(steps)

    async with running(database_url, storage, recorder.work) as launched:
        for n in range(5):
            launched.wake("deliver", f"account-{n}")
        await eventually(lambda: len(recorder.done) == 5 and kept() == 10)

    pace = msgspec.structs.replace(QUICK, keep=timedelta(seconds=-60))
    async with running(database_url, storage, recorder.work, pace=pace):
        await eventually(lambda: kept() == 0)


async def test_a_run_whose_end_could_not_be_written_is_taken_up_again(
    database_url: str, storage: Storage
) -> None:
    recorder = Recorder()

    async with running(database_url, storage, recorder.work) as launched:
        launched.wake("deliver", "a")
        await eventually(
            lambda: bool(
                in_engine(database_url, "SELECT 1 FROM workflow_status WHERE status = 'SUCCESS'")
            )
        )
        in_engine(database_url, "DELETE FROM operation_outputs")
        in_engine(
            database_url,
            "UPDATE workflow_status SET status = 'PENDING', completed_at = NULL, owner_xid = 'x'",
        )
        await eventually(lambda: len(recorder.done) == 2)


async def test_a_run_is_left_alone_while_it_lasts(database_url: str, storage: Storage) -> None:
    gated = Gated()

    async with running(database_url, storage, gated.work) as launched:
        launched.wake("deliver", "gated")
        await gated.entered.wait()
        await asyncio.sleep(10 * QUICK.beat)
        gated.gate.set()
        await eventually(lambda: bool(gated.done))
        launched.wake("deliver", "last")
        await eventually(lambda: ("deliver", "last") in gated.done)

    assert gated.done == [("deliver", "gated"), ("deliver", "last")]


async def test_a_second_engine_on_one_sqlite_file_is_refused(tmp_path: Path) -> None:
    setting = str(tmp_path / "endpoint.db")
    recorder = Recorder()

    async with await Storage.open(setting) as storage:
        async with running(setting, storage, recorder.work) as launched:
            with pytest.raises(StorageUnusable, match="Stop that one first, or give a PostgreSQL"):
                await engine(setting, storage, recorder.work).launch()
            launched.wake("deliver", "a")
            await eventually(lambda: bool(recorder.done))

        async with running(setting, storage, recorder.work):
            pass


async def test_an_engine_s_file_that_can_t_be_read_may_be_deleted(tmp_path: Path) -> None:
    setting = str(tmp_path / "endpoint.db")
    (tmp_path / "endpoint.db.engine").write_text("Certainly no database. " * 50)
    recorder = Recorder(a=1)

    async with await Storage.open(setting) as storage:
        with pytest.raises(StorageUnusable, match="It may be deleted"):
            await engine(setting, storage, recorder.work).launch()

        delete_engine_tables(setting)
        async with running(setting, storage, recorder.work, recorder.find_due):
            await eventually(lambda: bool(recorder.done))


async def test_connections_that_are_cut_cost_no_work(postgresql_url: str) -> None:
    recorder = Recorder(a=30, b=30)

    async with (
        await Storage.open(postgresql_url) as storage,
        running(postgresql_url, storage, recorder.work, recorder.find_due),
    ):
        for done in (3, 10, 20):
            await eventually(partial(recorder.has_done, "a", done))
            in_engine(
                postgresql_url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
        await eventually(lambda: recorder.due.total() <= 0)

    assert recorder.most_of_one == 1


async def test_a_role_that_may_create_nothing_is_told_so(postgresql_url: str) -> None:
    async with await Storage.open(postgresql_url) as storage:
        in_engine(postgresql_url, "DROP ROLE IF EXISTS visitor")
        in_engine(postgresql_url, "CREATE ROLE visitor LOGIN")
        visited = postgresql_url.replace("postgres@", "visitor@")

        with pytest.raises(StorageUnusable, match="permission denied for database"):
            await engine(visited, storage, Recorder().work).launch()

        assert await storage.workers.beats() == {}
        async with running(postgresql_url, storage, Recorder().work):
            pass


@on_sqlite
async def test_dbos_speaks_through_our_logs(database_url: str, storage: Storage) -> None:
    async with running(database_url, storage, Recorder().work):
        logger = logging.getLogger("dbos")

        assert logger.propagate
        assert not any(isinstance(one, logging.StreamHandler) for one in logger.handlers)
        assert not logger.isEnabledFor(logging.INFO)

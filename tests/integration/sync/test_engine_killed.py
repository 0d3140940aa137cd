"""Workers are killed without warning: nothing is lost, nothing is done twice at a time."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.sync.engines import QUICK, eventually, in_engine
from tests.integration.sync.worker import BATCHES, KEYS, done

KILLS = 4


class Workers:
    """Worker processes on one database, and the record of what they did."""

    def __init__(self, database_url: str, record: Path) -> None:
        self.database_url = database_url
        self.record = record
        self.processes: dict[str, subprocess.Popen[str]] = {}
        record.touch()

    def spawn(self, name: str, how: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-m", "tests.integration.sync.worker"]
        self.processes[name] = subprocess.Popen(
            [*command, self.database_url, str(self.record), name, how],
            stderr=subprocess.PIPE if name == "refused" else None,
            text=True,
        )
        return self.processes[name]

    async def start(self, name: str, how: str) -> None:
        """Start one, and wait until it is at work."""
        self.spawn(name, how)
        await eventually(lambda: ["ready", "-", "-", name] in self.told())

    async def one_in_a_batch(self) -> str:
        """A worker that has just begun a batch, and lives."""
        seen = len(self.told())

        def beginning() -> list[str]:
            begun = [name for what, *_, name in self.told()[seen:] if what == "begin"]
            return [name for name in begun if name in self.processes]

        await eventually(lambda: bool(beginning()))
        return beginning()[-1]

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL

    def told(self) -> list[list[str]]:
        return [line.split() for line in self.record.read_text().splitlines()]

    def beats(self) -> list[int]:
        return [n for (n,) in in_engine(self.database_url, "SELECT beats FROM public.workers")]

    def all_done(self) -> bool:
        return all(done(self.record, *key) >= BATCHES for key in KEYS)


@pytest.fixture
def workers(database_url: str, tmp_path: Path) -> Iterator[Workers]:
    started = Workers(database_url, tmp_path / "record")
    yield started
    for name in list(started.processes):
        started.kill(name)


def overlaps(told: list[list[str]]) -> list[list[str]]:
    """Batches that ended although another one of their account and kind had begun meanwhile."""
    begun: dict[tuple[str, str], str] = {}
    found = []
    for what, kind, account_id, name in told:
        if what == "begin":
            begun[kind, account_id] = name
        elif what == "end" and begun.pop((kind, account_id), None) != name:
            found.append([kind, account_id, name])
    return found


async def test_every_batch_is_done_whoever_is_killed(workers: Workers, database_url: str) -> None:
    at_once = 1 if database_url.startswith("sqlite") else 2
    for number in range(at_once):
        workers.spawn(f"worker-{number}", "searches")

    for number in range(KILLS):
        workers.kill(await workers.one_in_a_batch())
        workers.spawn(f"successor-{number}", "searches")
    await eventually(workers.all_done)

    assert [done(workers.record, *key) for key in KEYS] == [BATCHES] * len(KEYS)
    assert not overlaps(workers.told())


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_another_worker_takes_over_what_a_dead_one_held(workers: Workers) -> None:
    await workers.start("first", "stuck")
    await eventually(lambda: ["begin", "deliver", "stuck", "first"] in workers.told())
    await workers.start("second", "waits")

    workers.kill("first")
    await eventually(lambda: done(workers.record, "deliver", "stuck") == BATCHES)

    assert not overlaps(workers.told())


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_worker_that_lives_keeps_its_work(workers: Workers) -> None:
    await workers.start("first", "stuck")
    await eventually(lambda: ["begin", "deliver", "stuck", "first"] in workers.told())
    await workers.start("second", "waits")

    # Both have listened to each other for longer than a dead worker is waited for.
    await eventually(lambda: min(workers.beats()) > QUICK.silent + 20)

    assert ["begin", "deliver", "stuck", "second"] not in workers.told()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_worker_that_was_suspended_finds_its_work_taken(workers: Workers) -> None:
    def batches(name: str) -> int:
        return workers.told().count(["begin", "deliver", "endless", name])

    await workers.start("first", "endless")
    await eventually(lambda: batches("first") > 0)
    await workers.start("second", "waits")
    workers.processes["first"].send_signal(signal.SIGSTOP)
    begun = batches("first")
    await eventually(lambda: batches("second") > 1 and len(workers.beats()) == 1)

    workers.processes["first"].send_signal(signal.SIGCONT)
    await eventually(lambda: len(workers.beats()) == 2)
    seen = batches("second")
    await eventually(lambda: batches("second") > seen + 5)

    # It may have been suspended between two batches, and begins the one that it had decided on.
    assert batches("first") <= begun + 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_second_process_on_one_sqlite_file_is_refused(workers: Workers) -> None:
    await workers.start("first", "waits")

    refused = workers.spawn("refused", "waits")
    assert "Another process is at work on" in refused.communicate()[1]
    assert workers.processes.pop("refused").returncode == 1

    workers.kill("first")
    await workers.start("second", "waits")

"""The engine: runs what is due, one batch after another. The only module that knows DBOS.

Our tables are the record, and the engine only runs: it is told to look at an account, never what
is to be done there. A wake-up that is lost, with its process or with all of the engine's own
tables, costs the time until the next search for what is due.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from secrets import token_hex
from typing import Literal, get_args

import msgspec
import structlog
from dbos import DBOS, DBOSPortableJSONSerializer, WorkflowStatus
from sqlalchemy import URL
from sqlalchemy import Engine as DatabaseEngine
from sqlalchemy.exc import DBAPIError

from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import EndpointError
from amazon_endpoint.location import StorageUnusable, locate
from amazon_endpoint.sync.alone import alone
from amazon_endpoint.sync.engine_file import open_engine_file
from amazon_endpoint.sync.workers import Silence, Workers, listen

_log = structlog.get_logger(__name__)

Kind = Literal["poll", "read", "deliver", "confirm", "follow", "tidy"]
"""What there is to do for an account. Each kind has a queue of its own: none holds up another."""

KINDS: tuple[Kind, ...] = get_args(Kind)

Work = Callable[[Kind, str], Awaitable[bool]]
"""Works off one bounded batch of what is due for an account. True: more is due now."""

FindDue = Callable[[], Awaitable[Iterable[tuple[Kind, str]]]]
"""Finds every kind and account for which something is due."""

_APPLICATION = "amazon-endpoint"
_SCHEMA = "amazon_endpoint_engine"
_WORKFLOW = "work_off"

# What waits is taken up by its own version only: this one outlives releases, and changes only
# with the steps that a workflow goes through.
_VERSION = "1"

# On SQLite whoever holds the lock is the only one, and goes on with all that was left.
_THE_ONLY_ONE = "local"

# Batches are bounded. Who can't wait for one ends the process: the batch will be done again.
_SECONDS_TO_DRAIN = 24 * 60 * 60

_DELETED_AT_ONCE = 500


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how many. Seconds, where nothing else is said."""

    minute: float = 60  # between two searches for what is due
    beat: float = 5  # between two beats of a worker, and two looks at the others'
    silent: int = 6  # looks without a beat, after which a worker is taken for dead
    look: float = 1  # between two looks at a queue
    taken: int = 128  # accounts taken up at a look, of each kind, by one process
    parallel: int = 32  # of those, worked on at once
    polls: int = 12  # the same of polls: each of them holds a page of orders
    deliveries: int = 16  # and of deliveries: each call costs a look at all that are under way
    batches: int = 20  # in a row for one account, before it is others' turn
    keep: timedelta = timedelta(hours=1)  # how long what is finished stays in the engine's tables


class Engine:
    """Runs `work` for every account that is woken, for each kind one batch at a time.

    A batch is done at least once: one that was under way when its process died is begun again,
    by this process's successor or by another worker. What `work` raises is logged by its type and
    ends this run; what is still due is found within a minute.

    There is one engine in a process. It runs on the event loop that launches it, and its methods
    are to be called there.
    """

    def __init__(
        self,
        *,
        database: str,
        worker: str,
        workers: Workers,
        work: Work,
        clock: Clock,
        pace: Pace | None = None,
    ) -> None:
        """Prepare it. `database` is the setting; `worker` is what logs call this process.

        Raises:
            StorageUnusable: the setting names no database.
        """
        self._location = locate(database)
        self._shared = self._location.path is None
        # Two processes may be given one name, and must not take each other's work for their own.
        self._worker = f"{worker}-{token_hex(4)}" if self._shared else _THE_ONLY_ONE
        self._workers = workers
        self._work = work
        self._clock = clock
        self._pace = pace or Pace()
        fewer: dict[Kind, int] = {"poll": self._pace.polls, "deliver": self._pace.deliveries}
        rooms = dict.fromkeys(KINDS, self._pace.parallel) | fewer
        self._rooms = {kind: asyncio.Semaphore(rooms[kind]) for kind in KINDS}
        self._finders: list[FindDue] = []
        self._woken: set[tuple[Kind, str]] = set()
        self._waking = asyncio.Event()
        self._running: set[str] = set()
        self._unaccounted: set[str] = set()
        self._silences: dict[str, Silence] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._launched = AsyncExitStack()

    def every_minute(self, find_due: FindDue) -> None:
        """Wake what `find_due` finds, at the launch and every minute from then on.

        To be called before the launch. Every worker does so: what several find, or what is being
        worked on, costs one empty run.
        """
        self._finders.append(find_due)

    def wake(self, kind: Kind, account_id: str) -> None:
        """Have work of this kind done for this account soon. To be called after the commit.

        It neither waits nor fails. Where a run waits already nothing is added; a run under way
        may have looked before the commit, and is followed by another.
        """
        self._woken.add((kind, account_id))
        self._waking.set()

    async def launch(self) -> None:
        """Take up what was left, and begin.

        Raises:
            StorageUnusable: the engine's tables can't be opened, or, on SQLite, another process
                is at work.
        """
        async with AsyncExitStack() as launched:
            url, file = self._location.url, None
            if self._location.path is not None:
                launched.enter_context(alone(self._location.path))
                file = open_engine_file(self._location.path)
                launched.callback(file.dispose)
                url = file.url
            # Seen before it holds any work, else others would take it for dead.
            await self._workers.beat(self._worker)
            launched.push_async_callback(self._leave)
            # The heart beats until the last batch is done.
            launched.push_async_callback(self._end_tasks)
            launched.push_async_callback(_drain)
            await self._launch(url, file)
            self._begin("enqueue", self._enqueue, self._pace.look / 4)
            self._begin("look_after", self._look_after, self._pace.beat)
            self._begin("tidy", self._tidy, self._pace.minute)
            for find_due in self._finders:
                self._begin("find_due", partial(self._find, find_due), self._pace.minute)
            self._launched = launched.pop_all()

    async def stop(self) -> None:
        """Finish the batches under way, begin no more, and leave the rest to who comes next."""
        self._stopping = True
        await self._launched.aclose()

    async def _launch(self, url: URL, file: DatabaseEngine | None) -> None:
        _speak_through_our_logs()
        DBOS(
            config={
                "name": _APPLICATION,
                "application_version": _VERSION,
                "executor_id": self._worker,
                "system_database_url": url.render_as_string(hide_password=False),
                "system_database_engine": file,
                "dbos_system_schema": _SCHEMA,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "WARNING",
                "sys_db_pool_size": 10,
                "max_executor_threads": 32,
                # It is for messages between workflows, of which we send none.
                "use_listen_notify": False,
            }
        )

        @DBOS.workflow(name=_WORKFLOW)
        async def work_off(kind: Kind, account_id: str) -> None:
            await self._work_off(kind, account_id)

        try:
            # In this thread, because it runs workflows on the loop that it is launched from.
            DBOS.launch()
            for kind in KINDS:
                await DBOS.register_queue_async(
                    kind,
                    partition_concurrency=1,
                    worker_concurrency=self._pace.taken,
                    polling_interval_sec=self._pace.look,
                    on_conflict="always_update",
                )
        except DBAPIError as error:
            reason = " ".join(str(error.orig).split())
            raise StorageUnusable(
                f"The engine can't use {self._location.shown}: {reason}. It needs to create a "
                f"schema of its own, {_SCHEMA}, and tables in it."
            ) from error

    async def _work_off(self, kind: Kind, account_id: str) -> None:
        workflow_id = str(DBOS.workflow_id)
        self._running.add(workflow_id)
        try:
            async with self._rooms[kind]:
                more = await self._batches(kind, account_id)
        finally:
            self._running.discard(workflow_id)
        if more:
            self.wake(kind, account_id)

    async def _batches(self, kind: Kind, account_id: str) -> bool:
        """A turn of batches. True: more is due now."""
        for _ in range(self._pace.batches):
            if self._stopping or not await DBOS.run_step_async(
                {"name": "batch"}, self._batch, kind, account_id
            ):
                return False
        return True

    async def _batch(self, kind: Kind, account_id: str) -> bool:
        try:
            return await self._work(kind, account_id)
        except Exception as error:  # noqa: BLE001 - raised on, it would be in the engine's tables
            _log.error("work_failed", kind=kind, account=account_id, error=type(error).__name__)
            return False

    def _begin(self, name: str, what: Callable[[], Awaitable[None]], pause: float) -> None:
        async def forever() -> None:
            while True:
                try:
                    await what()
                except Exception as error:  # noqa: BLE001 - nothing may end it
                    _log.warning("engine_troubled", at=name, error=type(error).__name__)
                await self._clock.sleep(pause)

        self._tasks.append(asyncio.create_task(forever()))

    async def _enqueue(self) -> None:
        await self._waking.wait()
        self._waking.clear()
        woken, self._woken = self._woken, set()
        try:
            await self._put_in_queues(woken)
        except Exception:
            self._woken |= woken
            self._waking.set()
            raise

    async def _put_in_queues(self, woken: set[tuple[Kind, str]]) -> None:
        waiting = await DBOS.list_workflows_async(
            status="ENQUEUED",
            app_version=_VERSION,
            queue_name=list({kind for kind, _ in woken}),
            load_input=False,
            load_output=False,
        )
        already = {(one.queue_name, one.queue_partition_key) for one in waiting}
        for kind, account_id in woken - already:
            await DBOS.enqueue_workflow_with_options_async(
                {
                    "workflow_name": _WORKFLOW,
                    "queue_name": kind,
                    "queue_partition_key": account_id,
                    "app_version": _VERSION,
                },
                kind,
                account_id,
            )

    async def _find(self, find_due: FindDue) -> None:
        for kind, account_id in await find_due():
            self.wake(kind, account_id)

    async def _look_after(self) -> None:
        """Beat, and have what nobody works on any more taken up again."""
        await self._workers.beat(self._worker)
        if self._stopping:
            return
        held = await _held()
        # A run whose end could not be written, as on a full disk, would hold its account for ever.
        mine = {one.workflow_id for one in held if one.executor_id == self._worker} - self._running
        lost, self._unaccounted = mine & self._unaccounted, mine
        await _resume(one for one in held if one.workflow_id in lost)
        if self._shared:
            await self._take_over({one.executor_id for one in held if one.executor_id})

    async def _take_over(self, holders: set[str]) -> None:
        beats = await self._workers.beats()
        # Of whom nothing is known is listened to from now on.
        for holder in holders - beats.keys():
            await self._workers.beat(holder)
        self._silences = listen(self._silences, beats)
        for worker, silence in self._silences.items():
            if silence.looks >= self._pace.silent and await self._workers.claim(
                worker, silence.beats
            ):
                held = await _held(worker)
                await _resume(held)
                await self._workers.forget(worker)
                _log.warning("worker_replaced", worker=worker, runs=len(held))

    async def _tidy(self) -> None:
        """Delete what has long been finished. What several workers delete at once is gone once."""
        before = (self._clock.now() - self._pace.keep).isoformat()
        finished = None
        while finished is None or len(finished) == _DELETED_AT_ONCE:
            finished = await DBOS.list_workflows_async(
                completed_before=before,
                limit=_DELETED_AT_ONCE,
                load_input=False,
                load_output=False,
            )
            await DBOS.delete_workflows_async([one.workflow_id for one in finished])

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _leave(self) -> None:
        try:
            await self._workers.forget(self._worker)
        except EndpointError as error:
            # The others will notice.
            _log.warning("engine_troubled", at="leave", error=type(error).__name__)


async def _held(worker: str | None = None) -> list[WorkflowStatus]:
    """The runs that have begun and not ended, of everybody or of one worker."""
    return await DBOS.list_workflows_async(
        status="PENDING", executor_id=worker, load_input=False, load_output=False
    )


async def _resume(runs: Iterable[WorkflowStatus]) -> None:
    """Let these runs go on behind the last batch that they finished, wherever there is room."""
    of_kind: dict[str | None, list[str]] = {}
    for one in runs:
        of_kind.setdefault(one.queue_name, []).append(one.workflow_id)
    for kind, workflow_ids in of_kind.items():
        # Elsewhere than in its queue it would run beside others of its account.
        await DBOS.resume_workflows_async(workflow_ids, queue_name=kind)


async def _drain() -> None:
    """Let DBOS finish what it runs, and end it."""
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1)
    try:
        await loop.run_in_executor(
            thread,
            lambda: DBOS.destroy(
                destroy_registry=True, workflow_completion_timeout_sec=_SECONDS_TO_DRAIN
            ),
        )
    finally:
        thread.shutdown(wait=False)
        # The loop's own was replaced by that of DBOS, which has ended.
        loop.set_default_executor(ThreadPoolExecutor())


class Sparing(logging.Filter):
    """Lets each line of the source speak once a minute.

    With its database gone, DBOS has something to say at every look at every queue.
    """

    def __init__(self) -> None:
        super().__init__()
        self._spoke: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is let through."""
        line = (record.pathname, record.lineno)
        if 0 <= record.created - self._spoke.get(line, 0) < 60:
            return False
        self._spoke[line] = record.created
        return True


def _speak_through_our_logs() -> None:
    """Keep DBOS from writing to the console itself, past the redaction: it does so if it finds no
    handler of its own."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.addFilter(Sparing())

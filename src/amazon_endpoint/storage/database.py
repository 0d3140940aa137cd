"""Transactions, and what their failures mean to the rest of the house."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, QueuePool
from sqlalchemy.exc import DataError, InterfaceError, InternalError, OperationalError

from amazon_endpoint.errors import InvalidInput, Later

T = TypeVar("T")

_SECONDS_TO_WAIT = 30


class StorageUnavailable(Later):
    """The endpoint's own database doesn't answer as it should at the moment."""


class Database:
    """Where transactions are carried out, each in a thread from its beginning to its end.

    Handed to and fro for every statement, a transaction would take several times as long, and on
    SQLite all others would wait for it.
    """

    def __init__(self, engine: Engine) -> None:
        connections = cast("QueuePool", engine.pool).size()
        self._engine = engine
        self._turns = asyncio.Semaphore(connections)
        self._threads = ThreadPoolExecutor(connections, "database")
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction and commit it, unless it raises.

        Raises:
            StorageUnavailable: the database is gone, locked or full. What was to be committed
                may have been.
            InvalidInput: a value holds what the database can't keep.
        """
        try:
            return await self.uninterrupted(work)
        except (OperationalError, InterfaceError, InternalError) as error:
            raise StorageUnavailable from error
        except DataError as error:
            raise InvalidInput from error

    async def uninterrupted(self, work: Callable[[Connection], T]) -> T:
        """As `run`, with the database's own errors.

        A caller that is cancelled doesn't wait, but the transaction goes on to its end: one that
        ended halfway would leave nobody knowing what was committed.
        """
        if self._closed:
            raise StorageUnavailable
        task = asyncio.create_task(self._in_turn(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _in_turn(self, work: Callable[[Connection], T]) -> T:
        try:
            async with asyncio.timeout(_SECONDS_TO_WAIT):
                await self._turns.acquire()
        except TimeoutError:
            raise StorageUnavailable from None
        try:
            return await self._in_thread(self._transaction, work)
        finally:
            self._turns.release()

    async def _in_thread(self, do: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, do, *arguments)

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    async def close(self) -> None:
        """Close every connection, once the last transaction has come to its end."""
        self._closed = True
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._in_thread(self._engine.dispose)
        self._threads.shutdown(wait=False)

"""Engines for the tests: quick ones, and a look into their own tables."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from amazon_endpoint.clock import SystemClock
from amazon_endpoint.location import locate
from amazon_endpoint.storage import Storage
from amazon_endpoint.sync.engine import Engine, FindDue, Pace, Work

QUICK = Pace(minute=0.5, beat=0.1, silent=40, look=0.05, batches=1000)


def engine(database_url: str, storage: Storage, work: Work, pace: Pace = QUICK) -> Engine:
    return Engine(
        database=database_url,
        worker="tested",
        workers=storage.workers,
        work=work,
        clock=SystemClock(),
        pace=pace,
    )


@asynccontextmanager
async def running(
    database_url: str,
    storage: Storage,
    work: Work,
    *find_due: FindDue,
    pace: Pace = QUICK,
) -> AsyncIterator[Engine]:
    """An engine at work, stopped at the end."""
    launched = engine(database_url, storage, work, pace)
    for one in find_due:
        launched.every_minute(one)
    await launched.launch()
    try:
        yield launched
    finally:
        await launched.stop()


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds. The bound is there for a test that fails."""
    async with asyncio.timeout(120):
        while not holds():  # noqa: ASYNC110 - what is waited for happens anywhere
            await asyncio.sleep(0.02)


def in_engine(database_url: str, statement: str) -> list[tuple[Any, ...]]:
    """Carry out a statement in the engine's own tables."""
    location = locate(database_url)
    url = location.url
    if location.path is not None:
        url = url.set(drivername="sqlite", database=f"{location.path}.engine")
    database = create_engine(url)
    try:
        with database.begin() as connection:
            if location.path is None:
                connection.execute(text("SET search_path TO amazon_endpoint_engine"))
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        database.dispose()


def delete_engine_tables(database_url: str) -> None:
    location = locate(database_url)
    if location.path is None:
        in_engine(database_url, "DROP SCHEMA amazon_endpoint_engine CASCADE")
    else:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{location.path}.engine{suffix}").unlink(missing_ok=True)

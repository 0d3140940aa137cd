"""Which benchmarks there are, and how they are run."""

import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks import peers
from benchmarks.backlog import backlog
from benchmarks.calls import calls
from benchmarks.confirmations import confirmations
from benchmarks.durable import durable
from benchmarks.growth import growth
from benchmarks.memory import memory
from benchmarks.reading import reading
from benchmarks.rows import Failed, Row, Size, Skipped, Told
from benchmarks.sellers import sellers
from benchmarks.start import start

BENCHMARKS: Mapping[str, Callable[[Size], Iterator[Row | Skipped]]] = {
    "backlog": backlog,
    "confirmations": confirmations,
    "durable": durable,
    "memory": memory,
    "calls": calls,
    "reading": reading,
    "peers": peers.reading,
    "start": start,
    "sellers": sellers,
    "growth": growth,
}

# They count calls, virtual time or memory: how busy the machine is changes nothing.
_UNTIMED = {"backlog", "confirmations", "memory", "calls"}


def measure(names: Sequence[str], size: Size) -> list[Told]:
    """The rows of each: first, beside each other, of those that it makes no difference to."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        counted = {name: processes.submit(_rows, name, size) for name in names if name in _UNTIMED}
    told = {name: _rows(name, size) for name in names if name not in counted}
    return [row for name in names for row in told.get(name) or counted[name].result()]


def _rows(name: str, size: Size) -> list[Told]:
    """The rows of one, up to where it fails."""
    print(f"{name} …", file=sys.stderr, flush=True)
    began = time.monotonic()
    rows: list[Told] = []
    try:
        for row in BENCHMARKS[name](size):
            rows.append(row)  # noqa: PERF402 - those before a failure are kept
    except Exception as error:  # noqa: BLE001 - the others are measured all the same
        traceback.print_exc()
        rows.append(Failed(name, f"{type(error).__name__}: {error}"))
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return rows

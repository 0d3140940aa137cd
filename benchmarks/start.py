"""Start: how long a command takes that has nothing to do."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from benchmarks.rows import Row, Size
from benchmarks.turns import by_turns, samples

_COMMAND = Path(sys.executable).with_name("amazon-endpoint")


def start(size: Size) -> Iterator[Row]:
    """The installed command, by the interpreter that it is compared to."""
    repeats = 10 if size is Size.FULL else 1

    def run(*command: str) -> float:
        began = perf_counter()
        for _ in range(repeats):
            subprocess.run(command, check=True, capture_output=True)
        return (perf_counter() - began) / repeats * 1000

    ours, theirs = by_turns(
        samples(size),
        lambda _: run(str(_COMMAND), "--version"),
        lambda _: run(sys.executable, "-c", "pass"),
    )
    yield Row(
        name="start",
        ours=ours,
        theirs=theirs,
        unit="ms",
        against="python -c pass",
        at_most=5,
    )

"""Child processes: commands that run beside this one, and always end with it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from amazon_endpoint.settings import PREFIX

_SECONDS_TO_STOP = 10


OURS = ("-m", "amazon_endpoint")
"""Python's arguments that make it `amazon-endpoint`."""


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that knows of our settings only those in `environment`."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**others, **environment}


@contextmanager
def child(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python with `arguments` for as long as the block lasts.

    Of our settings it knows only those in `environment`. What it writes goes to `log`.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            [sys.executable, *arguments],
            env=surroundings(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

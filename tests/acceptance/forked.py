"""A command run to its end in a process forked from one that has imported everything.

All of it happens as from a shell but the imports, which would take most of each test's time. What
goes on beside a test, as `up` or `serve`, is started as a program of its own.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from tempfile import TemporaryDirectory

from amazon_endpoint.cli import main

_MOST_SECONDS = 120

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(
    [
        "amazon_endpoint.cli.accounts",
        "amazon_endpoint.cli.orders",
        "amazon_endpoint.cli.status",
        "amazon_endpoint.cli.work",
    ]
)


def run(
    arguments: Sequence[str], given: str, environment: Mapping[str, str], folder: Path
) -> CompletedProcess[str]:
    """Run `amazon-endpoint` in this folder and environment with `given` as its standard input."""
    with TemporaryDirectory() as streams:
        stdin, stdout, stderr = paths = [Path(streams, name) for name in ("in", "out", "err")]
        stdin.write_text(given, encoding="utf-8")
        child = _forks.Process(
            target=_main, args=(tuple(arguments), paths, dict(environment), folder)
        )
        child.start()
        child.join(_MOST_SECONDS)
        if child.exitcode is None:
            child.kill()
            child.join()
            raise TimeoutExpired(list(arguments), _MOST_SECONDS)
        return CompletedProcess(
            list(arguments),
            child.exitcode,
            stdout.read_text(encoding="utf-8"),
            stderr.read_text(encoding="utf-8"),
        )


def _main(
    arguments: Sequence[str], streams: Sequence[Path], environment: Mapping[str, str], folder: Path
) -> None:
    for descriptor, path in enumerate(streams):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), descriptor)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["amazon-endpoint", *arguments]
    main()

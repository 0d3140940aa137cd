"""What somebody would use instead, each in an environment of its own from PyPI."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pages import PAGE_SIZE, page
from benchmarks.rows import Row, Size, Skipped
from benchmarks.turns import by_turns, samples

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_ENVIRONMENT = _ROOT / ".state" / "peers"

_PEERS: Sequence[tuple[str, str]] = re.findall(
    r"^(.+)==(.+)$", (_HERE / "requirements.in").read_text(), re.MULTILINE
)
_OURS = "amazon-endpoint"
_PAGES_A_SAMPLE = 5
_FIRST_SEED = 1_000
"""No page of `reading` has it, nor one above: nobody has read these pages."""
_WARMING = 10
"""Orders that a reader reads beforehand: who is measured has loaded what it needs."""

# Each object that this one reads adds a handler to its log, so that each page takes longer than the
# last. It is measured at its best.
_ONE_PAGE_A_SAMPLE = "amzn-sp-api"


def reading(size: Size) -> Iterator[Row | Skipped]:
    """The same pages by each peer and by us; each sample reads pages that nobody read before."""
    if missing := unavailable():
        yield from (Skipped(f"reading, {name}", missing) for name, _ in _PEERS)
        return
    a_sample = _PAGES_A_SAMPLE if size is Size.FULL else 1
    rounds = samples(size)
    pages = [
        [page(_FIRST_SEED + number * a_sample + one) for one in range(a_sample)]
        for number in range(rounds)
    ]

    def by(name: str) -> Callable[[int], float]:
        most = 1 if name == _ONE_PAGE_A_SAMPLE else a_sample
        return lambda number: _read(name, pages[number][:most])

    taken, *their = by_turns(rounds, by(_OURS), *(by(name) for name, _ in _PEERS))
    for (name, version), its in zip(_PEERS, their, strict=True):
        yield Row(
            name=f"reading, {name}",
            ours=taken,
            theirs=its,
            unit="ms a page",
            against=f"{name} {version} and the plainest mapping",
            at_most=0.5,
        )


def _read(name: str, pages: Sequence[bytes]) -> float:
    """Milliseconds of a page by a reader that has just begun."""
    with TemporaryDirectory() as folder:
        files = [Path(folder, str(number)) for number in range(len(pages) + 1)]
        for file, body in zip(files, (page(0, _WARMING), *pages), strict=True):
            file.write_bytes(body)
        with run("reader.py", name, *map(str, files), ours=name == _OURS) as process:
            told, _ = process.communicate()
    taken, messages = json.loads(told)
    if messages != len(pages) * PAGE_SIZE:
        raise RuntimeError(f"{name} read {messages} orders of {len(pages)} pages.")
    return float(taken) / len(pages)


def unavailable() -> str | None:
    """Why no peer can be run, if none can."""
    if (_ENVIRONMENT / "installed").exists():
        return None
    return "not installed: `make bench` installs it where PyPI answers"


def run(script: str, *arguments: str, ours: bool = False) -> subprocess.Popen[str]:
    """One of the scripts beside this one, in the peers' environment or in ours."""
    python = sys.executable if ours else _ENVIRONMENT / "bin" / "python"
    return subprocess.Popen(
        [python, "-W", "ignore", _HERE / script, *arguments],
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )

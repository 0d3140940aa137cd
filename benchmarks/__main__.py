"""Every benchmark, as one table: ``python -m benchmarks [--into FOLDER | [--short] [NAME …]]``."""

import argparse
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks.growth import plot
from benchmarks.measuring import BENCHMARKS, measure
from benchmarks.report import plain_table, with_run
from benchmarks.rows import Failed, Row, Run, Size


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="only show that each can be measured")
    parser.add_argument(
        "--into",
        type=Path,
        help="write performance.json and growth.svg to this folder, and its performance.md",
    )
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(BENCHMARKS)}")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHMARKS):
        parser.error(f"There is no benchmark named {', '.join(sorted(unknown))}.")
    if given.into and (given.short or given.names):
        parser.error("Only a full run of all benchmarks is written into a folder.")
    commit, began = _commit(), time.monotonic()
    rows = measure(given.names or list(BENCHMARKS), Size.SHORT if given.short else Size.FULL)
    print(plain_table(rows))
    if given.into:
        run = Run(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - began),
            commit=commit,
            python=platform.python_version(),
            cores=os.cpu_count() or 0,
            rows=rows,
        )
        _write(given.into, run)
    if any(isinstance(row, Failed) for row in rows):
        sys.exit(1)


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _write(folder: Path, run: Run) -> None:
    written = msgspec.json.format(msgspec.json.encode(run), indent=1)
    (folder / "performance.json").write_bytes(written + b"\n")
    (folder / "growth.svg").write_text(plot([row for row in run.rows if isinstance(row, Row)]))
    document = folder / "performance.md"
    document.write_text(with_run(document.read_text(), run))


if __name__ == "__main__":
    main()

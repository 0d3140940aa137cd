"""Every benchmark, as one table: ``python -m benchmarks [--short] [--json FILE] [NAME …]``."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.rows import Row, Size

_BENCHMARKS: Mapping[str, Callable[[Size], Iterator[Row]]] = {}
_HEADINGS = ("row", "ours", "against", "", "ratio", "spread", "target", "")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="only show that each can be measured")
    parser.add_argument("--json", type=Path, help="write the samples to this file")
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(_BENCHMARKS)}")
    given = parser.parse_args()
    if unknown := set(given.names) - set(_BENCHMARKS):
        parser.error(f"There is no benchmark named {', '.join(sorted(unknown))}.")
    size = Size.SHORT if given.short else Size.FULL
    rows: list[Row] = []
    for name in given.names or _BENCHMARKS:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows.extend(_BENCHMARKS[name](size))
    print(table(rows))
    if given.json:
        given.json.write_text(json.dumps(_record(rows, size), indent=1) + "\n")


def table(rows: list[Row]) -> str:
    """The rows as text, column under column."""
    cells = [_HEADINGS, *map(_cells, rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def _cells(row: Row) -> tuple[str, ...]:
    spread = "" if len(row.ratios) == 1 else f"{min(row.ratios):.2f}–{max(row.ratios):.2f}"
    return (
        row.name,
        f"{median(row.ours):.4g} {row.unit}",
        f"{median(row.theirs):.4g} {row.unit}",
        row.against,
        f"{row.ratio:.3f}",
        spread,
        row.target,
        "reached" if row.reached else "missed",
    )


def _record(rows: list[Row], size: Size) -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "size": size.value,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "rows": [
            {
                "name": row.name,
                "against": row.against,
                "unit": row.unit,
                "ours": row.ours,
                "theirs": row.theirs,
                "ratio": row.ratio,
                "target": row.target,
                "reached": row.reached,
                "remarks": row.remarks,
            }
            for row in rows
        ],
    }


if __name__ == "__main__":
    main()

"""What a run came to, for people: the tables, and the block of docs/performance.md."""

from collections.abc import Iterator, Sequence

from benchmarks.rows import HEADINGS, Row, Run, Told

_BEGIN, _END = "<!-- the last run: written by `make bench` -->\n", "<!-- end of the last run -->\n"


def plain_table(rows: Sequence[Told]) -> str:
    """The rows as text, column under column."""
    cells = [HEADINGS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def with_run(document: str, run: Run) -> str:
    """The document with the run between its marks.

    Raises:
        ValueError: it has no such marks.
    """
    before, found, rest = document.partition(_BEGIN)
    _, found_end, after = rest.partition(_END)
    if not found or not found_end:
        raise ValueError("The document has no place for the run.")
    return before + _BEGIN + "\n" + "\n".join(_markdown(run)) + "\n\n" + _END + after


def _markdown(run: Run) -> Iterator[str]:
    yield (
        f"Measured on {run.at[:10]} in {run.seconds} s, with Python {run.python} on {run.cores} "
        f"cores, at commit {run.commit}."
    )
    yield ""
    for line in (HEADINGS, ("---",) * len(HEADINGS), *(row.cells for row in run.rows)):
        yield f"| {' | '.join(line)} |"
    for row in run.rows:
        if isinstance(row, Row) and row.remarks:
            yield ""
            yield f"**{row.name}**: {row.remarks}"

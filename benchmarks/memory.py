"""How much memory an import takes: the worker's peak with many orders, against the same with few.

As many accounts import a hundred times as many orders into SQLite, by pages of a hundred. Their
store is gone, so that the import is not held up by a hundred thousand calls; messages to a store
are taken out of the database by hundreds, however many wait.
"""

from collections.abc import Iterator

from benchmarks.durable import running
from benchmarks.rows import Row, Size

_FEW = 10


def memory(size: Size) -> Iterator[Row]:
    """The one row."""
    accounts, many = (100, 1000) if size is Size.FULL else (2, 20)
    yield Row(
        name="memory of an import",
        ours=(_peak(accounts, many),),
        theirs=(_peak(accounts, _FEW),),
        unit="MB",
        against=f"{accounts * _FEW} orders",
        at_most=1.2,
        remarks=f"{accounts * many} orders, of {accounts} accounts in both",
    )


def _peak(accounts: int, orders: int) -> float:
    with running("sqlite", orders, gone=True) as line:
        line.bring(accounts)
        return line.peak_megabytes()

"""A worker to be killed: ``python -m tests.integration.sync.worker database record name how``.

What it does it appends to the file `record`, which is the record of what is due as well: so many
batches for each account and kind, and for the account "endless" always another. `how` it comes to
its work: it ``searches``, it ``waits``, or it wakes the account that is named. The worker named
"first" never finishes a batch of the account "stuck".
"""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path

from amazon_endpoint.storage import Storage
from amazon_endpoint.sync.engine import Kind
from tests.integration.sync.engines import QUICK, running

BATCHES = 4
KEYS: list[tuple[Kind, str]] = [("poll", "a"), ("deliver", "a"), ("deliver", "b"), ("deliver", "c")]


async def main(database_url: str, record: Path, name: str, how: str) -> None:
    def due(kind: Kind, account_id: str) -> bool:
        return account_id == "endless" or done(record, kind, account_id) < BATCHES

    def tell(what: str, kind: str = "-", account_id: str = "-") -> None:
        # One write of a short line to a file opened for appending is never mixed with another's.
        with record.open("a") as file:
            file.write(f"{what} {kind} {account_id} {name}\n")

    async def work(kind: Kind, account_id: str) -> bool:
        if not due(kind, account_id):
            return False
        tell("begin", kind, account_id)
        await asyncio.sleep(3600 if (name, account_id) == ("first", "stuck") else 0.3)
        tell("end", kind, account_id)
        return due(kind, account_id)

    async def find_due() -> Iterable[tuple[Kind, str]]:
        return [key for key in KEYS if due(*key)]

    finders = [find_due] if how == "searches" else []
    async with (
        await Storage.open(database_url) as storage,
        running(database_url, storage, work, *finders, pace=QUICK) as launched,
    ):
        tell("ready")
        if how not in {"searches", "waits"}:
            launched.wake("deliver", how)
        await asyncio.sleep(3600)


def done(record: Path, kind: str, account_id: str) -> int:
    """How many batches have come to their end."""
    return [line.split()[:3] for line in record.read_text().splitlines()].count(
        ["end", kind, account_id]
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]))

"""`make chaos`: trouble on SQLite, then on PostgreSQL. A number as argument is the seed."""

import random
import sys
import tempfile
from pathlib import Path

from tests.chaos.chaos import Chaos
from tests.chaos.processes import Place
from tests.postgresql import running_postgresql

_SECONDS, _ORDERS = 45, 200


def _run(name: str, place: Place, folder: str, seed: int) -> None:
    figures = Chaos(place, Path(folder), seconds=_SECONDS, orders=_ORDERS, seed=seed).run()
    print(f"{name}: {figures}", flush=True)


def main() -> None:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(10**6)
    print(f"Seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        place = Place(database=f"sqlite:///{folder}/endpoint.db", workers=1)
        _run("SQLite, one process", place, folder, seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgresql() as server,
        server.database() as url,
    ):
        place = Place(database=url, workers=2, restart=server.restart)
        _run("PostgreSQL, two workers", place, folder, seed)


main()

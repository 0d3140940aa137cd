"""`make chaos` in short: whatever fails, the store ends up with what Amazon has."""

from pathlib import Path

from tests.chaos.chaos import Chaos
from tests.chaos.processes import Place
from tests.postgresql import running_postgresql

_SECONDS, _ORDERS, _SEED = 10, 40, 7


def test_nothing_is_lost_on_sqlite(tmp_path: Path) -> None:
    place = Place(database=f"sqlite:///{tmp_path / 'endpoint.db'}", workers=1)

    figures = Chaos(place, tmp_path, seconds=_SECONDS, orders=_ORDERS, seed=_SEED).run()

    assert (figures.orders, figures.full_disks) == (_ORDERS, 2)
    assert figures.kills > 3


def test_nothing_is_lost_on_postgresql(tmp_path: Path) -> None:
    with running_postgresql() as server, server.database() as url:
        place = Place(database=url, workers=2, restart=server.restart)
        figures = Chaos(place, tmp_path, seconds=_SECONDS, orders=_ORDERS, seed=_SEED).run()

    assert (figures.orders, figures.restarts_of_the_database) == (_ORDERS, 2)
    assert figures.kills > 3

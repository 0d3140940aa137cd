"""The benchmarks, in their short form: that they can be measured, never how fast it goes."""

from math import isfinite
from pathlib import Path

import msgspec
import pytest

from benchmarks import peers
from benchmarks.calls import calls
from benchmarks.growth import plot
from benchmarks.measuring import BENCHMARKS
from benchmarks.report import plain_table, with_run
from benchmarks.rows import Growth, Row, Run, Size, Skipped

DOCS = Path(__file__).parents[2] / "docs"


def row(*ours: float, name: str = "a row", growth: Growth | None = None) -> Row:
    return Row(
        name=name,
        ours=ours,
        theirs=(1.0,) * len(ours),
        unit="ms",
        against="a floor",
        at_most=0.8,
        growth=growth,
    )


@pytest.fixture
def no_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "unavailable", lambda: "not installed")


@pytest.mark.parametrize("name", sorted(BENCHMARKS.keys() - {"calls", "peers"}))
@pytest.mark.usefixtures("no_peers")
def test_a_benchmark_yields_rows(name: str) -> None:
    rows = [one for one in BENCHMARKS[name](Size.SHORT) if isinstance(one, Row)]
    assert rows
    for one in rows:
        assert one.name
        assert all(isfinite(sample) and sample > 0 for sample in (*one.ours, *one.theirs))
        assert len(one.ours) == len(one.theirs)
        assert one.name in plain_table(rows)


@pytest.mark.usefixtures("no_peers")
def test_peers_that_are_not_installed_are_skipped_by_name() -> None:
    rows = list(peers.reading(Size.SHORT))
    assert [type(one) for one in rows] == [Skipped] * 3
    assert "not installed" in plain_table(rows)


@pytest.mark.usefixtures("no_peers")
def test_100_orders_take_a_call() -> None:
    (told,) = calls(Size.SHORT)
    assert told.ours == told.theirs == (10.0,)


def test_a_row_is_the_median_of_its_ratios() -> None:
    reached, missed = row(0.7, 0.9, 0.1), row(0.7, 0.9, 1.4)
    assert (reached.ratio, reached.reached) == (0.7, True)
    assert (missed.ratio, missed.reached) == (0.9, False)


def test_the_plot_shows_each_curve() -> None:
    drawn = plot([row(1.0, name="x", growth=Growth("polling", 10)), row(1.0)])
    assert "polling" in drawn
    assert drawn.count("<polyline") == 1


def test_the_document_tells_the_last_run() -> None:
    recorded = DOCS / "performance.json"
    if not recorded.exists():
        pytest.skip("nothing was measured yet")
    run = msgspec.json.decode(recorded.read_bytes(), type=Run)
    document = (DOCS / "performance.md").read_text()
    assert with_run(document, run) == document
    plotted = plot([one for one in run.rows if isinstance(one, Row)])
    assert (DOCS / "growth.svg").read_text() == plotted

"""The benchmarks, in their short form: that they can be measured, never how fast it goes."""

import json
import os
import sys
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from time import process_time

import msgspec
import pytest

from benchmarks import __main__, measuring, peers
from benchmarks.calls import calls
from benchmarks.growth import of_all, of_further, plot
from benchmarks.measuring import BENCHMARKS, measure
from benchmarks.pages import page
from benchmarks.peers import plain
from benchmarks.processor import processor_seconds
from benchmarks.reading import reply
from benchmarks.report import plain_table, with_run
from benchmarks.rows import Failed, Growth, Row, Run, Size, Skipped

DOCS = Path(__file__).parents[2] / "docs"

with_peers = pytest.mark.skipif(
    peers.unavailable() is not None, reason=f"the peers are {peers.unavailable()}"
)


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


@with_peers
def test_each_peer_makes_messages_of_the_pages() -> None:
    rows = list(peers.reading(Size.SHORT))
    assert [type(one) for one in rows] == [Row] * 3


def test_the_plainest_mapping_makes_the_same_message_where_nothing_is_difficult() -> None:
    body = page(1)
    ours = [one["payload"]["order"] for one in json.loads(reply(body))["messages"]]
    plainly = [
        json.loads(plain.from_dict(one))["payload"]["order"] for one in json.loads(body)["orders"]
    ]
    assert len(ours) == len(plainly) == 100
    for one, other in zip(ours, plainly, strict=True):
        assert one.keys() == other.keys()
        for told in ("number", "status", "placed_on", "currency", "totals", "payments"):
            assert one[told] == other[told]


@with_peers
def test_a_peer_that_is_told_to_makes_as_many_calls() -> None:
    (told,) = calls(Size.SHORT)
    assert "python-amazon-sp-api makes 10 as well" in told.remarks


@pytest.mark.usefixtures("no_peers")
def test_100_orders_take_a_call() -> None:
    (told,) = calls(Size.SHORT)
    assert told.ours == told.theirs == (10.0,)


def test_a_row_is_the_median_of_its_ratios() -> None:
    reached, missed = row(0.7, 0.9, 0.1), row(0.7, 0.9, 1.4)
    assert (reached.ratio, reached.reached) == (0.7, True)
    assert (missed.ratio, missed.reached) == (0.9, False)


def test_what_further_orders_take_is_not_hidden_by_what_all_of_them_share() -> None:
    # A thousand milliseconds for all; one for each of the first ten orders, three for each other.
    taken = {1: [1001.0], 10: [1010 / 10], 100: [(1010 + 90 * 3) / 100]}
    assert [one.reached for one in of_all("polling", "orders", taken)] == [True, True]
    (further,) = of_further("polling", "orders", taken)
    assert further.ratio == pytest.approx(3)
    assert not further.reached


def test_the_time_of_a_process_is_its_own() -> None:
    began = process_time()
    told = processor_seconds(os.getpid())
    assert began <= told <= process_time()


def test_what_was_measured_before_a_failure_is_told_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def one_row(_size: Size) -> Iterator[Row]:
        yield row(1.0, name="the first")
        raise RuntimeError("No more.")

    monkeypatch.setattr(measuring, "BENCHMARKS", {"breaks": one_row, "works": lambda _: [row(2.0)]})
    first, failed, after = measure(["breaks", "works"], Size.SHORT)
    assert (first.name, after.name) == ("the first", "a row")
    assert failed == Failed("breaks", "RuntimeError: No more.")
    assert "failed" in plain_table([failed])


@pytest.mark.parametrize("some", [["--short"], ["calls"]])
def test_only_a_full_run_is_recorded(
    some: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--into", str(tmp_path), *some])
    with pytest.raises(SystemExit, match="2"):
        __main__.main()


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

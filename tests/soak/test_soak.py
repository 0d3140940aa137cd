"""`make soak` in short: nothing is lost; and what it would say of a process that grows."""

import os
import sys
from pathlib import Path

import pytest

from tests.soak.soak import Soak
from tests.soak.trend import Held, growth, held_by

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")


def test_nothing_is_lost_while_it_works(tmp_path: Path) -> None:
    soak = Soak(tmp_path, seconds=4, seed=7)
    soak.accounts = soak.accounts[:2]

    figures = soak.run()

    assert (figures.orders, figures.lost) == (10, 0)
    assert len(soak.samples) > 10


def samples(memory: int = 0, descriptors: int = 0) -> list[Held]:
    """A hundred, each higher by so much."""
    return [Held(n, 100_000 + n * memory, 50 + n * descriptors) for n in range(100)]


def test_what_stays_is_no_growth() -> None:
    assert growth(samples()) == []
    assert growth([*samples(1_000)[:25], *samples()[25:]]) == [], "it was warming up"


def test_what_grows_is_told() -> None:
    assert growth(samples(memory=300)) == ["memory grew from 111100 to 126100"]
    assert growth(samples(descriptors=1)) == ["descriptors grew from 87 to 137"]


def test_what_a_process_holds_is_read() -> None:
    held = held_by(os.getpid(), 1)

    assert held.memory > 10_000
    with Path(os.devnull).open() as _:
        assert held_by(os.getpid(), 1).descriptors == held.descriptors + 1

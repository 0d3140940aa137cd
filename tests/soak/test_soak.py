"""`make soak` in short: nothing is lost; and what it would say of a process that grows."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.processes import Processes
from tests.soak.soak import Soak
from tests.soak.trend import WARM_UP, Held, growth, held_by, table

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")

MIB = 1024


def test_nothing_is_lost_while_it_works(tmp_path: Path) -> None:
    soak = Soak(tmp_path, seconds=4, seed=7)
    soak.accounts = soak.accounts[:2]

    figures = soak.run()

    assert (figures.orders, figures.lost) == (12, 0)
    assert len(soak.samples) > 10
    assert len(table(soak.samples).splitlines()) > 10


def ten_minutes(memory: float = 0, descriptors: float = 0) -> list[Held]:
    """Samples that are higher by so much in the end, in KiB; what is under way comes and goes."""
    dice = random.Random(1)
    return [
        Held(
            seconds=5 * n,
            memory=int(130 * MIB + memory * n / 120) + dice.randrange(2 * MIB),
            descriptors=int(50 + descriptors * n / 120) + dice.choice((0, 0, 1, 2, 20)),
        )
        for n in range(120)
    ]


def test_what_comes_and_goes_is_no_growth() -> None:
    assert not growth(ten_minutes()).too_much


def test_what_is_taken_while_warming_up_is_no_growth() -> None:
    warming_up = ten_minutes(memory=200 * MIB, descriptors=80)[:30]

    assert not growth(warming_up + ten_minutes()[30:]).too_much


def test_a_slow_leak_is_growth() -> None:
    assert growth(ten_minutes(memory=10 * MIB)).too_much
    assert growth(ten_minutes(descriptors=5)).too_much


def test_growth_is_told() -> None:
    line = [Held(WARM_UP + n, 1_000 + n * MIB, 50 + n) for n in range(9)]

    assert str(growth(line)) == "once warm it grew by 8.0 MiB and 8.0 descriptors"


def test_what_a_process_holds_is_read() -> None:
    held = held_by(os.getpid(), 1)

    assert held.memory > 10_000
    with Path(os.devnull).open() as _:
        assert held_by(os.getpid(), 1).descriptors == held.descriptors + 1


def test_a_worker_that_ended_is_told_with_its_last_words(tmp_path: Path) -> None:
    soak = Soak(tmp_path, seconds=4, seed=7)
    (tmp_path / "worker-0.log").write_text("no memory left")
    worker = subprocess.Popen(["false"])
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    soak._processes = Processes.__new__(Processes)
    soak._processes._folder, soak._processes._running = tmp_path, {0: (worker, 0)}

    with pytest.raises(AssertionError, match="worker-0 ended with 1: no memory left"):
        soak._look(1)

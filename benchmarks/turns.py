"""Turns: what is compared takes turns, so that a busy machine is busy for both."""

import gc
from collections.abc import Callable, Sequence
from time import process_time
from typing import TypeVar

from benchmarks.rows import SAMPLES, Size

Sample = TypeVar("Sample")


def samples(size: Size) -> int:
    """How often what varies is measured."""
    return SAMPLES if size is Size.FULL else 1


def timed(task: Callable[[], object]) -> float:
    """Milliseconds of processor time, which what else runs on the machine hardly changes."""
    gc.collect()
    began = process_time()
    task()
    return (process_time() - began) * 1000


def by_turns(rounds: int, *tasks: Callable[[int], Sample]) -> Sequence[tuple[Sample, ...]]:
    """What each task tells of itself, round by round; a task is told the round.

    Each round begins with another one of them.
    """
    told: list[list[Sample]] = [[] for _ in tasks]
    for number in range(rounds):
        for turn in range(len(tasks)):
            which = (number + turn) % len(tasks)
            told[which].append(tasks[which](number))
    return [tuple(one) for one in told]

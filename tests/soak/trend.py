"""What a process holds while it works, and whether that has stopped growing."""

from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from statistics import median

from msgspec import Struct

# In seconds. Caches fill for about as long.
WARM_UP = 150

# What may be added from then on. What a few kilobytes are left of for each order adds up to more.
_A_LITTLE_MEMORY = 5 * 1024
_FEW_DESCRIPTORS = 2

# Its own, without the libraries, which are read in as they are used.
_MEMORY = "RssAnon:"


class Held(Struct, frozen=True):
    """What a process holds: memory in KiB, and open file descriptors."""

    seconds: float
    memory: int
    descriptors: int


class Growth(Struct, frozen=True):
    """What was added after the warm-up, as a straight line through the samples tells it."""

    memory: float
    descriptors: float

    @property
    def too_much(self) -> bool:
        """Whether something is left of what was done."""
        return self.memory > _A_LITTLE_MEMORY or self.descriptors > _FEW_DESCRIPTORS

    def __str__(self) -> str:
        return (
            f"once warm it grew by {self.memory / 1024:.1f} MiB "
            f"and {self.descriptors:.1f} descriptors"
        )


def held_by(pid: int, seconds: float) -> Held:
    """What the process holds now, `seconds` after it began.

    Raises:
        ProcessLookupError: it has ended.
    """
    process = Path("/proc", str(pid))
    lines = (process / "status").read_text(encoding="ascii").splitlines()
    memory = [int(line.split()[1]) for line in lines if line.startswith(_MEMORY)]
    if not memory:
        raise ProcessLookupError(f"Process {pid} has ended.")
    return Held(seconds, memory[0], len(list((process / "fd").iterdir())))


def growth(samples: Sequence[Held]) -> Growth:
    """By the median of the slopes between any two samples, which a few odd ones do not move.

    `samples` go on for a while after the warm-up.
    """
    warm = [one for one in samples if one.seconds >= WARM_UP]
    return Growth(
        memory=_added(warm, lambda one: one.memory),
        descriptors=_added(warm, lambda one: one.descriptors),
    )


def _added(samples: Sequence[Held], of: Callable[[Held], int]) -> float:
    slope = median(
        (of(late) - of(early)) / (late.seconds - early.seconds)
        for early, late in combinations(samples, 2)
    )
    return slope * (samples[-1].seconds - samples[0].seconds)


def table(samples: Sequence[Held], rows: int = 12) -> str:
    """The samples in a few rows."""
    step = max(len(samples) // rows, 1)
    return "\n".join(
        [
            f"{'seconds':>8} {'memory, MiB':>12} {'descriptors':>12}",
            *(
                f"{one.seconds:>8.0f} {one.memory / 1024:>12.1f} {one.descriptors:>12}"
                for one in samples[step - 1 :: step]
            ),
        ]
    )

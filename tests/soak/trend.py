"""What a process holds while it works, and whether that has stopped growing."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from msgspec import Struct

# The first quarter is warming up. Of what is held then, so much more may be held in the end.
_MORE = 1.1

# Sockets come and go with what is under way.
_A_FEW_DESCRIPTORS = 5

_MEMORY = "VmRSS:"


class Held(Struct, frozen=True):
    """What a process holds: resident memory in KiB, and open file descriptors."""

    seconds: float
    memory: int
    descriptors: int


def held_by(pid: int, seconds: float) -> Held:
    """What the process holds now, `seconds` after it began."""
    process = Path("/proc", str(pid))
    lines = (process / "status").read_text(encoding="ascii").splitlines()
    memory = next(int(line.split()[1]) for line in lines if line.startswith(_MEMORY))
    return Held(seconds, memory, len(list((process / "fd").iterdir())))


def growth(samples: Sequence[Held]) -> list[str]:
    """What has grown: the median of the last quarter exceeds that of the second by a tenth.

    Of descriptors, by a few more than that.
    """
    found = []
    for name, of, spare in (
        ("memory", lambda one: one.memory, 0),
        ("descriptors", lambda one: one.descriptors, _A_FEW_DESCRIPTORS),
    ):
        early, late = _medians(samples, of)
        if late > early * _MORE + spare:
            found.append(f"{name} grew from {early:.0f} to {late:.0f}")
    return found


def _medians(samples: Sequence[Held], of: Callable[[Held], int]) -> tuple[float, float]:
    quarter = len(samples) // 4
    values = [of(one) for one in samples]
    return median(values[quarter : 2 * quarter]), median(values[-quarter:])


def table(samples: Sequence[Held], rows: int = 12) -> str:
    """The samples in a few rows."""
    step = max(len(samples) // rows, 1)
    lines = [f"{'seconds':>8} {'memory, MiB':>12} {'descriptors':>12}"]
    lines += [
        f"{one.seconds:>8.0f} {one.memory / 1024:>12.1f} {one.descriptors:>12}"
        for one in samples[step - 1 :: step]
    ]
    for name, of, unit in (
        ("memory, MiB", lambda one: one.memory, 1024),
        ("descriptors", lambda one: one.descriptors, 1),
    ):
        early, late = _medians(samples, of)
        lines.append(
            f"{name}: {early / unit:.1f} in the second quarter, {late / unit:.1f} in the last"
        )
    return "\n".join(lines)

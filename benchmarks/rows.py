"""What a benchmark comes to: a row of the table, always the ratio of two things of one run."""

from enum import Enum
from statistics import median

import msgspec

SAMPLES = 7
"""How often what varies is measured, by turns with what it is compared to."""


class Size(Enum):
    """How much is measured: `SHORT` only shows that it can be."""

    FULL = "full"
    SHORT = "short"


class Growth(msgspec.Struct, frozen=True):
    """What grew, and to how many times its first size."""

    of: str
    times: int


class Row(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="row"):
    """Ours against a floor or a peer: sample by sample, taken by turns; one where nothing varies.

    `unit` is what both are counted in. Exactly one of `at_most` and `at_least` bounds the ratio
    of ours to theirs. With `growth`, it is the cost of one against that of one at the first size,
    and a point of the plot.
    """

    name: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    unit: str
    against: str
    at_most: float | None = None
    at_least: float | None = None
    remarks: str = ""
    growth: Growth | None = None

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours to theirs, of each pair of samples."""
        return tuple(one / other for one, other in zip(self.ours, self.theirs, strict=True))

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return median(self.ratios)

    @property
    def target(self) -> str:
        """What the ratio has to be, in words."""
        return f"≤ {self.at_most:g}" if self.at_most is not None else f"≥ {self.at_least:g}"

    @property
    def reached(self) -> bool:
        """Whether the median is where it has to be."""
        if self.at_most is not None:
            return self.ratio <= self.at_most
        return self.at_least is not None and self.ratio >= self.at_least

    @property
    def cells(self) -> tuple[str, ...]:
        """What the table shows of it, below `HEADINGS`."""
        spread = "" if len(self.ratios) == 1 else f"{min(self.ratios):.2f}–{max(self.ratios):.2f}"
        return (
            self.name,
            f"{median(self.ours):.4g} {self.unit}",
            f"{median(self.theirs):.4g} {self.unit}",
            self.against,
            f"{self.ratio:.3f}",
            spread,
            self.target,
            "reached" if self.reached else "missed",
        )


class Skipped(msgspec.Struct, frozen=True, tag_field="kind", tag="skipped"):
    """A row that could not be measured, and why."""

    name: str
    reason: str

    @property
    def cells(self) -> tuple[str, ...]:
        """What the table shows of it, below `HEADINGS`."""
        return (self.name, "", "", self.reason, "", "", "", "skipped")


class Failed(msgspec.Struct, frozen=True, tag_field="kind", tag="failed"):
    """A benchmark that ended before all its rows were measured, and by what."""

    name: str
    reason: str

    @property
    def cells(self) -> tuple[str, ...]:
        """What the table shows of it, below `HEADINGS`."""
        return (self.name, "", "", self.reason, "", "", "", "failed")


Told = Row | Skipped | Failed

HEADINGS = ("row", "ours", "theirs", "against", "ratio", "spread", "target", "")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of one full run, of what and on what. `at` is an ISO 8601 moment.

    `commit` is as git describes it: with "-dirty" if anything was changed and not committed.
    """

    at: str
    seconds: int
    commit: str
    python: str
    cores: int
    rows: list[Told]

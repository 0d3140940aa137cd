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


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Ours against a floor or a peer: sample by sample, taken by turns; one where nothing varies.

    `unit` is what both are counted in. Exactly one of `at_most` and `at_least` bounds the ratio
    of ours to theirs.
    """

    name: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    unit: str
    against: str
    at_most: float | None = None
    at_least: float | None = None
    remarks: str = ""

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

"""No document may keep a parser busy for ever."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_QUOTED = 1_000


class Endless(BaseException):
    """A parser does not come to an end. No parser may take it for an error of its own."""


@contextmanager
def patience(document: bytes, seconds: float = 30) -> Iterator[None]:
    """Let what is done within take so long, which is a thousand times what a parser needs.

    Raises:
        Endless: it took longer, over this document.
    """

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise Endless(f"after {seconds} seconds, over {document[:_QUOTED]!r}")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

"""The engine's own words are few."""

import logging

from amazon_endpoint.sync.engine import Sparing


def record(line: int, at: float) -> logging.LogRecord:
    made = logging.LogRecord("dbos", logging.WARNING, "queue.py", line, "Exception", None, None)
    made.created = at
    return made


def test_a_line_speaks_once_a_minute() -> None:
    sparing = Sparing()

    assert [sparing.filter(record(7, at)) for at in (1000, 1001, 1059, 1060, 1061)] == [
        True,
        False,
        False,
        True,
        False,
    ]


def test_lines_speak_for_themselves() -> None:
    sparing = Sparing()

    assert sparing.filter(record(7, 1000))
    assert sparing.filter(record(8, 1000))


def test_a_clock_set_back_silences_nobody() -> None:
    sparing = Sparing()

    assert sparing.filter(record(7, 5000))
    assert sparing.filter(record(7, 1000))

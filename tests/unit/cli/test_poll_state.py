import json
import stat
from pathlib import Path

import click
import pytest

from amazon_endpoint.cli.poll_state import CURSOR, RESUME, PollState
from amazon_endpoint.cli.reply import Parameter

SINCE = "2026-11-01T00:00:00Z"


def test_keeps_what_a_hub_would_for_the_next_poll(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    state = PollState(file)
    state.begin(SINCE)
    state.keep([Parameter(RESUME, "w1.x"), Parameter("amazon.unknown", "y")])

    assert PollState(file).parameters == {CURSOR: SINCE, RESUME: "w1.x"}
    assert PollState(file).unfinished
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_emptied_value_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    state = PollState(file)
    state.keep([Parameter(CURSOR, SINCE), Parameter(RESUME, "w1.x")])
    state.keep([Parameter(RESUME, "")])
    assert json.loads(file.read_text()) == {CURSOR: SINCE}
    assert not state.unfinished


def test_the_kept_place_counts_more_than_a_new_beginning(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    PollState(file).keep([Parameter(CURSOR, SINCE)])
    state = PollState(file)
    state.begin("2000-01-01T00:00:00Z")
    assert state.cursor == SINCE


def test_nothing_is_written_before_a_reply_came(tmp_path: Path) -> None:
    PollState(tmp_path / "state.json").begin(SINCE)
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "state.json"
    state = PollState(file)
    state.keep([Parameter(CURSOR, SINCE)])

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        state.keep([Parameter(CURSOR, "2026-11-02T00:00:00Z")])
    assert PollState(file).cursor == SINCE
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"a": 1}', b"PK\x03", b'{"a": "\xff"}'],
    ids=["empty", "list", "number", "archive", "no text"],
)
def test_another_file_is_not_taken_for_a_state(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "important.txt"
    file.write_bytes(content)
    with pytest.raises(click.UsageError, match="no state of"):
        PollState(file)
    assert file.read_bytes() == content


def test_without_a_file_it_is_kept_in_memory() -> None:
    state = PollState(None)
    state.keep([Parameter(CURSOR, SINCE)])
    assert state.cursor == SINCE

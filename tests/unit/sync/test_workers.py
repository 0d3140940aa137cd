"""A worker's silence is counted in looks."""

from amazon_endpoint.sync.workers import Silence, listen


def test_who_is_heard_of_first_is_not_silent() -> None:
    assert listen({}, {"a": 7}) == {"a": Silence(7, 0)}


def test_every_look_without_a_beat_lengthens_the_silence() -> None:
    heard = listen({}, {"a": 7, "b": 1})
    heard = listen(heard, {"a": 7, "b": 2})
    heard = listen(heard, {"a": 7, "b": 3})

    assert heard == {"a": Silence(7, 2), "b": Silence(3, 0)}


def test_a_beat_ends_the_silence() -> None:
    assert listen({"a": Silence(7, 5)}, {"a": 8}) == {"a": Silence(8, 0)}


def test_beats_that_begin_anew_end_the_silence() -> None:
    assert listen({"a": Silence(7, 5)}, {"a": 1}) == {"a": Silence(1, 0)}


def test_who_is_forgotten_is_not_heard_of() -> None:
    assert listen({"a": Silence(7, 5)}, {}) == {}

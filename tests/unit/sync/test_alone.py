"""Only one process at a time is at work on an SQLite file."""

from pathlib import Path

import pytest

from amazon_endpoint.location import StorageUnusable
from amazon_endpoint.sync.alone import alone


def test_a_second_one_is_refused_and_told_what_to_do(tmp_path: Path) -> None:
    database = tmp_path / "endpoint.db"

    with (
        alone(database),
        pytest.raises(StorageUnusable, match=r"Stop that one first, or give a PostgreSQL") as told,
        alone(database),
    ):
        pass

    assert str(database) in str(told.value)


def test_who_comes_after_the_end_is_let_in(tmp_path: Path) -> None:
    for _ in range(2):
        with alone(tmp_path / "endpoint.db"):
            pass


def test_one_file_under_two_names_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "endpoint.db").touch()
    (tmp_path / "link.db").symlink_to(tmp_path / "endpoint.db")

    with (
        alone(tmp_path / "endpoint.db"),
        pytest.raises(StorageUnusable),
        alone(tmp_path / "link.db"),
    ):
        pass


def test_two_files_are_two(tmp_path: Path) -> None:
    with alone(tmp_path / "one.db"), alone(tmp_path / "other.db"):
        pass


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageUnusable, match=r"missing/endpoint\.db\.lock can't be written"),
        alone(tmp_path / "missing" / "endpoint.db"),
    ):
        pass

from datetime import UTC, datetime, timedelta, timezone

import pytest

from amazon_endpoint.clock import iso


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 11, 1, 9, 30, 0, 999_999, tzinfo=UTC), "2026-11-01T09:30:00Z"),
        (datetime(2026, 11, 1, 1, tzinfo=timezone(timedelta(hours=9))), "2026-10-31T16:00:00Z"),
        (datetime(987, 6, 5, tzinfo=UTC), "0987-06-05T00:00:00Z"),
    ],
)
def test_a_moment_is_written_in_whole_seconds_of_utc(moment: datetime, written: str) -> None:
    assert iso(moment) == written

"""Columns keep what Python's types hold."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import sqlite

from amazon_endpoint.storage.tables import Moment

DIALECT = sqlite.dialect()


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Moment().process_bind_param(datetime(2026, 3, 1), DIALECT)  # noqa: DTZ001


def test_a_moment_is_kept_in_utc_to_the_microsecond() -> None:
    berlin = timezone(timedelta(hours=1))
    moment = datetime(2026, 3, 1, 13, 0, 0, 1, tzinfo=berlin)

    bound = Moment().process_bind_param(moment, DIALECT)
    assert bound == datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC)
    assert bound.tzinfo is UTC


def test_a_moment_comes_back_aware_though_the_database_dropped_its_zone() -> None:
    kept = datetime(2026, 3, 1, 12, 0, 0, 1)  # noqa: DTZ001

    assert Moment().process_result_value(kept, DIALECT) == datetime(
        2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC
    )

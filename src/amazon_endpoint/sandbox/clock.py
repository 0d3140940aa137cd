"""The time of the local Amazon, which tests can turn, and how Amazon writes it."""

import re
from datetime import UTC, datetime, timedelta

_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)


def read_time(text: object) -> datetime:
    """Read an ISO 8601 date and time that states its offset; ValueError for anything else."""
    if not isinstance(text, str) or not _DATE_TIME.fullmatch(text):
        raise ValueError(f"{text!r} is not an ISO 8601 date and time with an offset")
    return to_millisecond(datetime.fromisoformat(text).astimezone(UTC))


def write_time(moment: datetime) -> str:
    """Write a time as the Orders API does: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_millisecond(moment: datetime) -> datetime:
    """Cut a time to the precision that Amazon keeps."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class SandboxClock:
    """A clock that runs like the system's or `speed` times as fast, from wherever it was set."""

    def __init__(self, start: datetime | None = None, speed: float = 1) -> None:
        self._speed = speed
        self.set(start or datetime.now(UTC))

    def now(self) -> datetime:
        """Return the sandbox's time in UTC, to the millisecond."""
        return to_millisecond(self._set_to + (datetime.now(UTC) - self._set_at) * self._speed)

    def set(self, moment: datetime) -> None:
        """Turn the clock to a moment; it goes on running from there."""
        if moment.tzinfo is None:
            raise ValueError("the clock needs a time with an offset")
        self._set_to, self._set_at = moment.astimezone(UTC), datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        """Turn the clock forward, or back with a negative number."""
        self._set_to += timedelta(seconds=seconds)

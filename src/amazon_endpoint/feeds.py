"""Feeds: what was submitted to Amazon in bulk, and what Amazon says became of it."""

from datetime import datetime
from enum import StrEnum

import msgspec


class FeedState(StrEnum):
    """Where a feed stands (Feeds API 2021-06-30, `processingStatus`)."""

    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    FATAL = "FATAL"
    UNKNOWN = "UNKNOWN"

    @property
    def final(self) -> bool:
        """Whether Amazon will change it no more."""
        return self in {FeedState.DONE, FeedState.CANCELLED, FeedState.FATAL}


class FeedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A feed as Amazon lists it. `state_word` is Amazon's own word for `state`."""

    feed_id: str
    state: FeedState
    state_word: str
    created_at: datetime | None = None
    report_id: str | None = None


class MessageOutcome(StrEnum):
    """What became of one message of a feed."""

    ERROR = "Error"
    WARNING = "Warning"


class MessageResult(msgspec.Struct, frozen=True, kw_only=True):
    """One `Result` of a processing report. Messages without one succeeded."""

    message_id: str
    outcome: MessageOutcome
    code: str
    description: str
    order_number: str | None = None


class FeedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A processing report: the counters Amazon gives, and each error and warning."""

    processed: int
    successful: int
    with_error: int
    with_warning: int
    results: tuple[MessageResult, ...] = ()

    @property
    def errors(self) -> tuple[MessageResult, ...]:
        """The results that refuse a message."""
        return tuple(one for one in self.results if one.outcome is MessageOutcome.ERROR)

    @property
    def warnings(self) -> tuple[MessageResult, ...]:
        """The results that accept a message with a remark."""
        return tuple(one for one in self.results if one.outcome is MessageOutcome.WARNING)


class FeedResult(msgspec.Struct, frozen=True, kw_only=True):
    """A feed's status, with its report once there is one."""

    status: FeedStatus
    report: FeedReport | None = None

"""Failures: how a call to Amazon failed, whichever generation was called, by what it means."""

from datetime import datetime
from typing import Protocol

from amazon_endpoint.clock import iso
from amazon_endpoint.errors import AmazonUnavailable, AnswerLost, Later, Throttled

_LONGEST_QUOTE = 300


class Operation(Protocol):
    """What is called, of either generation."""

    @property
    def name(self) -> str:
        """Amazon's name of it."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether it has the same effect however often it is called."""
        ...


def throttled(
    operation: Operation, not_before: datetime, request_id: str | None = None
) -> Throttled:
    """The quota of an operation is used up until `not_before`."""
    return Throttled(
        f"Amazon's quota for {operation.name} is used up until {iso(not_before)}.",
        not_before=not_before,
        request_id=request_id,
    )


def broken(
    operation: Operation,
    told: str,
    *,
    request_id: str | None = None,
    not_before: datetime | None = None,
    kind: type[AmazonUnavailable] = AmazonUnavailable,
) -> Later:
    """A failure after the call was sent: harmless where it may be repeated, else a lost answer."""
    told_as = kind if operation.repeatable else AnswerLost
    return told_as(f"{operation.name} {told}.", not_before=not_before, request_id=request_id)


def quoted(said: str, *secrets: str | None) -> str:
    """Amazon's words as an error may show them: without the call's secrets, and not for ever.

    Errors are kept, and no database takes a NUL.
    """
    said = said.replace("\0", "")
    for secret in secrets:
        if secret:
            said = said.replace(secret, "…")
    return said if len(said) <= _LONGEST_QUOTE else f"{said[:_LONGEST_QUOTE]}…"

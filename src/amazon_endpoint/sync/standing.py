"""Standing: whether an account's store takes messages at the moment, whatever they tell. Pure.

A message that fails is tried again by its own schedule. A store that is down is left alone as a
whole: it is not asked the same by each of the thousands of messages that wait for it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from amazon_endpoint.stores.port import Gone, Outcome, Refused
from amazon_endpoint.sync.backoff import Random, backoff

_AT_ONCE = 4
_FIRST_REST, _LONGEST_REST = timedelta(seconds=30), timedelta(minutes=10)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How an account's store stands.

    `failures` is how often in a row it was down for all that it was sent at once. It is left alone
    until `rests_until`; from `stopped_at` on until the operator says otherwise. `reason` tells why.
    """

    account_id: str
    revision: int = 0
    failures: int = 0
    rests_until: datetime | None = None
    stopped_at: datetime | None = None
    reason: str | None = None

    @property
    def at_once(self) -> int:
        """How many messages it is sent at once: one, until it says anything of one again."""
        return 1 if self.failures else _AT_ONCE

    def is_open(self, now: datetime) -> bool:
        """Whether messages may be sent to it."""
        resting = self.rests_until is not None and self.rests_until > now
        return self.stopped_at is None and not resting

    @property
    def opens_at(self) -> datetime | None:
        """From when on messages may be sent to it; None: whenever, or when the operator says so."""
        return self.rests_until if self.stopped_at is None else None


def after(
    standing: Standing, outcomes: Sequence[Outcome], now: datetime, random: Random
) -> Standing:
    """The standing after messages that were sent at once, as many as might be or fewer.

    A store that says anything of a message is open to all. One that is down for as many as might
    go rests until the soonest moment that it names, else for a growing while. One that says that
    it is gone is stopped.
    """
    gone = next((one for one in outcomes if isinstance(one, Gone)), None)
    if gone is not None:
        return msgspec.structs.replace(standing, stopped_at=now, reason=gone.reason)
    down = [one for one in outcomes if isinstance(one, Refused) and one.store_is_down]
    if len(down) < len(outcomes):
        return msgspec.structs.replace(standing, failures=0, rests_until=None, reason=None)
    if len(down) < standing.at_once:
        return standing
    failures = standing.failures + 1
    named = [one.retry_after for one in down if one.retry_after and one.retry_after > now]
    rest = backoff(failures, first=_FIRST_REST, longest=_LONGEST_REST, random=random)
    return msgspec.structs.replace(
        standing,
        failures=failures,
        rests_until=min(named, default=now + rest),
        reason=down[-1].reason,
    )

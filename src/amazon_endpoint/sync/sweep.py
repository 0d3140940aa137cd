"""Sweep: once a day over what was created of late, for orders that no poll was told of. Pure."""

from datetime import datetime, timedelta

from amazon_endpoint.sync.accounts import SyncAccount
from amazon_endpoint.sync.reading import Reading, ReadingKind, begun

EVERY = timedelta(days=1)

#: How far a sweep reaches back into the one before it: each day is swept twice.
LAG = timedelta(days=1)


def first_sweep(account: SyncAccount, poll: Reading, now: datetime) -> Reading | None:
    """The account's first sweep, a day after the account was added; None before that.

    It has nothing to find before the polls have caught up.
    """
    if now < account.created_at + EVERY or poll.upper_bound <= poll.since:
        return None
    since = max(account.start, min(account.created_at, poll.upper_bound - LAG))
    return begun(account, ReadingKind.SWEEP, since, now)

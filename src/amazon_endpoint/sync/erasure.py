"""Erasure: nothing holds a buyer's data for longer than it may, and nothing else for ever.

All that was kept of an order is erased together. What tells nothing of the buyer, like the order's
number and status, stays behind it for as long as records may be kept.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, Protocol

import msgspec

#: Amazon's Data Protection Policy: a buyer's data goes 30 days after the delivery.
LONGEST = timedelta(days=30)

#: The same policy: all else that comes from Amazon goes after 18 months.
RECORDS = timedelta(days=546)

_AT_ONCE = 200


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """What is to go now.

    A buyer's data goes if the order was delivered by `allowed`, or if what the period counts from
    lies at `chosen` or before; records of `records` and before.
    """

    allowed: datetime
    chosen: datetime
    records: datetime


def deadlines(erase_after: timedelta, now: datetime) -> Deadlines:
    """What is to go now, where the operator's period is `erase_after`."""
    return Deadlines(allowed=now - LONGEST, chosen=now - erase_after, records=now - RECORDS)


def is_due(
    deadlines: Deadlines,
    *,
    delivered_at: datetime | None,
    status_since: datetime,
    first_seen_at: datetime,
) -> bool:
    """Whether an order's data is to go.

    The period counts from the delivery; where Amazon tells of none, from the latest change of the
    status. What came later than that was needed later, and may stay for as long, but never for
    longer than Amazon allows after a delivery.
    """
    if delivered_at is not None and delivered_at <= deadlines.allowed:
        return True
    since = delivered_at if delivered_at is not None else status_since
    return max(since, first_seen_at) <= deadlines.chosen


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased of an order: how many bodies of messages and of shipments, and how many
    messages the store will never get for it. `before` is when the order was erased already."""

    messages: int
    expired: int
    shipments: int
    before: datetime | None


class BuyersData(Protocol):
    """All that is kept of buyers, and the records behind it. Every method is one transaction."""

    async def erase(self, account_id: str, number: str, now: datetime) -> Erased | None:
        """Erase all that is kept of an order; None where nothing is.

        Raises:
            AccountUnknown: there is no such account.
        """
        ...

    async def erase_due(
        self, account_id: str, deadlines: Deadlines, now: datetime, limit: int
    ) -> int:
        """Erase what is due of the account, so much of it at most; how much it was.

        Raises:
            AccountUnknown: the account was removed.
        """
        ...

    async def forget(self, account_id: str, deadlines: Deadlines, limit: int) -> int:
        """Delete the account's records that are due, so many of a kind at most; how many of the
        kind that had most. What confirms shipments is no account's, and is deleted at any's turn.
        """
        ...

    async def due_accounts(self, deadlines: Deadlines) -> tuple[str, ...]:
        """The accounts, paused ones among them, of which something is to go."""
        ...


async def find_due(
    buyers_data: BuyersData, *, erase_after: timedelta, now: datetime
) -> Iterable[tuple[Literal["tidy"], str]]:
    """Every account that `tidy_once` has something to do for, even where it is paused."""
    due = await buyers_data.due_accounts(deadlines(erase_after, now))
    return [("tidy", account_id) for account_id in due]


async def tidy_once(
    account_id: str, *, buyers_data: BuyersData, erase_after: timedelta, now: datetime
) -> bool:
    """Erase and delete some of what is to go. True: there may be more right now.

    `now` is the present moment by `two_clocks`, not by ours alone: this can't be undone.

    Raises:
        StorageUnavailable: what was not erased still is due.
        AccountUnknown: the account was removed, and all of it with it.
    """
    due = deadlines(erase_after, now)
    erased = await buyers_data.erase_due(account_id, due, now, _AT_ONCE)
    forgotten = await buyers_data.forget(account_id, due, _AT_ONCE)
    return max(erased, forgotten) >= _AT_ONCE

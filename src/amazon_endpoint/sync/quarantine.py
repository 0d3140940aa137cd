"""Quarantine: orders that Amazon has and that could not be read, put aside so that others go on."""

from datetime import datetime
from typing import Protocol

import msgspec

from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.sync.known_orders import WantedOrders


class QuarantinedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that could not be read, and why; without a number where that could not either."""

    account_id: str
    number: str | None
    reason: str
    first_seen_at: datetime
    last_seen_at: datetime


class Quarantine(Protocol):
    """The orders put aside. One leaves it as soon as it is read."""

    async def of(self, account_id: str | None = None) -> tuple[QuarantinedOrder, ...]:
        """The account's, or those of all accounts, the longest there first."""
        ...


async def retry(
    quarantine: Quarantine,
    wanted_orders: WantedOrders,
    account_id: str,
    now: datetime,
    number: str | None = None,
) -> int:
    """Have an order, or all of the account's that have a number, read again now; how many.

    Raises:
        InvalidInput: this order is not in quarantine.
    """
    there = {one.number for one in await quarantine.of(account_id) if one.number}
    if number is not None and number not in there:
        raise InvalidInput(f"Order {number} is not in quarantine.")
    numbers = [number] if number is not None else sorted(there)
    await wanted_orders.want(account_id, numbers, now)
    return len(numbers)

"""A status of which all is well, to be made worse."""

from datetime import timedelta
from typing import Any

import msgspec

from amazon_endpoint.sync.reading import ReadingKind
from amazon_endpoint.sync.status import AccountStatus, ReadingStatus, Status
from tests.turned_clock import NOON

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

POLL = ReadingStatus(upper_bound=NOON - 2 * MINUTE, next_attempt_at=NOON + MINUTE)
ACCOUNT = AccountStatus(
    id="shop-us",
    paused_at=None,
    poll_every=5 * MINUTE,
    cursor=POLL.upper_bound,
    readings={ReadingKind.POLL: POLL},
    quotas=(),
)


def account(**changes: Any) -> AccountStatus:
    return msgspec.structs.replace(ACCOUNT, **changes)


def status(*accounts: AccountStatus, **changes: Any) -> Status:
    well = Status(at=NOON, database="sqlite", workers=("local",), accounts=accounts or (ACCOUNT,))
    return msgspec.structs.replace(well, **changes)

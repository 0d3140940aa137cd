"""The published quotas of Marketplace Web Service: buckets, some shared, and hourly quotas."""

from datetime import datetime, timedelta

from msgspec import Struct

from amazon_endpoint.sandbox.clock import write_time
from amazon_endpoint.sandbox.mws.xml import MwsRefusal
from amazon_endpoint.sandbox.quotas import Plan, Quotas
from amazon_endpoint.sandbox.tokens import Caller

#: Restore rate and maximum, by bucket.
_PLANS = {
    "ListOrders": Plan(1 / 60, 6),
    "GetOrder": Plan(1 / 60, 6),
    "ListOrderItems": Plan(1 / 2, 30),
    "GetServiceStatus": Plan(1 / 300, 2),
    "SubmitFeed": Plan(1 / 120, 15),
    "GetFeedSubmissionList": Plan(1 / 45, 10),
    "GetFeedSubmissionListByNextToken": Plan(1 / 2, 30),
    "GetFeedSubmissionResult": Plan(1 / 60, 15),
}
_SHARED = {
    "ListOrdersByNextToken": "ListOrders",
    "ListOrderItemsByNextToken": "ListOrderItems",
}
_HOURLY = {
    "SubmitFeed": 30,
    "GetFeedSubmissionList": 80,
    "GetFeedSubmissionListByNextToken": 1800,
    "GetFeedSubmissionResult": 60,
}
ACTIONS = frozenset(_PLANS) | frozenset(_SHARED)
_HOUR = timedelta(hours=1)


class _Hour(Struct):
    ends: datetime
    used: int = 0


class MwsQuotas:
    """Counts calls against the buckets and the hours."""

    def __init__(self) -> None:
        self._buckets = Quotas(_PLANS)
        self._hours: dict[tuple[Caller, str], _Hour] = {}

    def take(self, caller: Caller, action: str, now: datetime) -> dict[str, str]:
        """Take one call and return the headers of its hourly quota, if it has one.

        MwsRefusal (503): RequestThrottled when the bucket is empty, QuotaExceeded when the hour
        is used up.
        """
        most = _HOURLY.get(action)
        hour = self._hours.get((caller, action))
        if hour is None or now >= hour.ends:
            hour = self._hours[caller, action] = _Hour(_next_minute(now + _HOUR))
        if most is not None and hour.used >= most:
            raise quota_exceeded(action, hour.ends, most)
        in_time = self._buckets.take(caller, _SHARED.get(action, action), now)
        hour.used += in_time
        headers = {} if most is None else _headers(most, most - hour.used, hour.ends)
        if not in_time:
            raise throttled(headers)
        return headers


def throttled(headers: dict[str, str] | None = None) -> MwsRefusal:
    """Refuse a call that comes too soon."""
    return MwsRefusal(503, "RequestThrottled", "Request is throttled", headers)


def quota_exceeded(action: str, resets: datetime, most: int = 15) -> MwsRefusal:
    """Refuse a call beyond the hourly quota, saying when the next hour begins."""
    message = (
        f"You exceeded your quota of {float(most)} requests per 1 hour for operation "
        f"Feeds/2009-01-01/{action}.  Your quota will reset on "
        f"{resets:%a %b %d %H:%M:%S} UTC {resets:%Y}"
    )
    return MwsRefusal(503, "QuotaExceeded", message, _headers(most, 0, resets))


def _headers(most: int, left: int, resets: datetime) -> dict[str, str]:
    return {
        "x-mws-quota-max": str(float(most)),
        "x-mws-quota-remaining": str(float(left)),
        "x-mws-quota-resetsOn": write_time(resets),
    }


def _next_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)

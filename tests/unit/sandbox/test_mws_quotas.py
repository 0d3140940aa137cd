from datetime import UTC, datetime, timedelta

import pytest

from amazon_endpoint.sandbox.mws.quotas import MwsQuotas
from amazon_endpoint.sandbox.mws.xml import MwsRefusal
from amazon_endpoint.sandbox.tokens import Caller

NOON = datetime(2026, 5, 1, 12, 0, 30, tzinfo=UTC)
SELLER = Caller("seller", "key")


@pytest.mark.parametrize(
    ("actions", "most", "restores"),
    [
        (("ListOrders", "ListOrdersByNextToken"), 6, 60),
        (("GetOrder",), 6, 60),
        (("ListOrderItems", "ListOrderItemsByNextToken"), 30, 2),
        (("SubmitFeed",), 15, 120),
        (("GetFeedSubmissionList",), 10, 45),
        (("GetFeedSubmissionResult",), 15, 60),
    ],
    ids=str,
)
def test_the_published_table(actions: tuple[str, ...], most: int, restores: int) -> None:
    quotas = MwsQuotas()
    for number in range(most):
        quotas.take(SELLER, actions[number % len(actions)], NOON)
    with pytest.raises(MwsRefusal, match="503 RequestThrottled"):
        quotas.take(SELLER, actions[0], NOON)
    quotas.take(SELLER, actions[-1], NOON + timedelta(seconds=restores + 1))


def test_an_hour_is_used_up_and_begins_again() -> None:
    quotas, now = MwsQuotas(), NOON
    for left in range(29, -1, -1):
        headers = quotas.take(SELLER, "SubmitFeed", now)
        assert headers == {
            "x-mws-quota-max": "30.0",
            "x-mws-quota-remaining": f"{left}.0",
            "x-mws-quota-resetsOn": "2026-05-01T13:01:00.000Z",
        }
        now += timedelta(seconds=119)
    with pytest.raises(MwsRefusal) as refusal:
        quotas.take(SELLER, "SubmitFeed", now)
    assert refusal.value.code == "QuotaExceeded"
    assert refusal.value.headers["x-mws-quota-remaining"] == "0.0"
    assert refusal.value.message == (
        "You exceeded your quota of 30.0 requests per 1 hour for operation "
        "Feeds/2009-01-01/SubmitFeed.  Your quota will reset on Fri May 01 13:01:00 UTC 2026"
    )
    quotas.take(SELLER, "SubmitFeed", datetime(2026, 5, 1, 13, 1, tzinfo=UTC))


def test_throttled_calls_do_not_count_against_the_hour() -> None:
    quotas = MwsQuotas()
    for _ in range(15):
        quotas.take(SELLER, "SubmitFeed", NOON)
    for _ in range(40):
        with pytest.raises(MwsRefusal, match="RequestThrottled") as refusal:
            quotas.take(SELLER, "SubmitFeed", NOON)
        assert refusal.value.headers["x-mws-quota-remaining"] == "15.0"

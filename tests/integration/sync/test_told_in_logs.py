"""What a log tells of an account: its orders by their numbers, and nothing of a buyer."""

from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from amazon_endpoint.errors import AmazonUnavailable, Throttled
from amazon_endpoint.sync.shipping import confirmed, refused, sent, tell
from tests.integration.sync.accounts import Polled
from tests.integration.sync.test_status import ship
from tests.turned_clock import NOON

# The log is the same, whatever the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def lines(logs: Any) -> list[tuple[str, str]]:
    return [(one["log_level"], one["event"]) for one in logs]


async def test_a_page_is_told_with_how_far_it_leads(shop: Polled) -> None:
    shop.amazon.put(1, buyer_name="canary")

    with capture_logs() as logs:
        await shop.later()

    assert logs == [
        {
            "event": "page_read",
            "log_level": "info",
            "account": "shop-us",
            "reading": "poll",
            "orders": 1,
            "up_to": "2026-11-01T12:03:00Z",
        }
    ]


async def test_a_page_that_fails_is_told_with_when_it_is_tried_again(shop: Polled) -> None:
    shop.amazon.failures.append(AmazonUnavailable("canary", request_id="an id"))

    with capture_logs() as logs:
        await shop.later()

    (line,) = logs
    assert (line["log_level"], line["event"], line["attempts"]) == ("warning", "page_failed", 1)
    assert line["error"] == "AmazonUnavailable (Amazon request id an id)"
    assert line["until"] > "2026-11-01T12:05:00Z"


async def test_an_empty_quota_is_no_warning(shop: Polled) -> None:
    shop.amazon.failures.append(Throttled(not_before=NOON.replace(hour=13)))

    with capture_logs() as logs:
        await shop.later()

    assert lines(logs) == [("info", "page_put_off")]
    assert logs[0]["until"] == "2026-11-01T13:00:00Z"


async def test_an_order_that_cannot_be_read_is_named(shop: Polled) -> None:
    number = shop.amazon.put(1).number
    shop.amazon.unreadable = {number}

    with capture_logs() as logs:
        await shop.later()

    assert lines(logs) == [("info", "page_read"), ("error", "order_quarantined")]
    assert logs[1]["order"] == number


async def test_what_becomes_of_a_shipment_is_told_once(shop: Polled) -> None:
    waiting = await ship(shop, "H1")
    in_feed = sent(waiting, "feed")
    odd = msgspec.structs.replace(confirmed(in_feed, NOON), alarm="It is not shown.")

    with capture_logs() as logs:
        tell([(waiting, in_feed), (in_feed, in_feed)])
        tell([(in_feed, odd), (odd, odd)])
        tell([(waiting, refused(waiting, "canary", NOON))])

    assert lines(logs) == [
        ("info", "shipment_sent"),
        ("info", "shipment_confirmed"),
        ("error", "shipment_alarm"),
        ("warning", "shipment_refused"),
    ]
    assert {(one["account"], one["order"], one["shipment"]) for one in logs} == {
        ("shop-us", waiting.order_number, "H1")
    }
    assert logs[0]["feed_id"] == "feed"
    assert "canary" not in str(logs)

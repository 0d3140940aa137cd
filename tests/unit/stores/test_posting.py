"""What a store's answer means."""

from datetime import datetime, timedelta

import pytest

from amazon_endpoint.outbound import Answer
from amazon_endpoint.stores.port import Delivered, Gone, Refused
from amazon_endpoint.stores.posting import judge
from tests.turned_clock import NOON

DAY = timedelta(days=1)
CANARY = b"Patrick Cook, 7159 edwards rd"


def answer(status: int, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, CANARY)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_delivered_whatever_it_holds(status: int) -> None:
    assert judge(answer(status, content_type="text/html"), NOON) == Delivered()


def test_410_stops() -> None:
    outcome = judge(answer(410, retry_after="5"), NOON)

    assert outcome == Gone("The store answered 410. It wants no more messages.")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_with_advice(status: int) -> None:
    outcome = judge(answer(status, location="https://elsewhere.example"), NOON)

    assert isinstance(outcome, Refused)
    assert "Redirects are not followed" in outcome.reason
    assert "elsewhere" not in outcome.reason


@pytest.mark.parametrize("status", [304, 400, 401, 404, 409, 422, 429, 500, 502, 503, 504, 599])
def test_everything_else_is_refused_with_its_status_and_nothing_of_its_text(status: int) -> None:
    outcome = judge(answer(status, content_type="text/html; charset=utf-8"), NOON)

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith(f"The store answered {status} (text/html).")
    assert "Patrick" not in outcome.reason


@pytest.mark.parametrize(
    ("status", "down"), [(400, False), (422, False), (500, False), (429, True), (503, True)]
)
def test_a_store_that_is_down_is_told_from_a_message_that_is_refused(
    status: int, *, down: bool
) -> None:
    outcome = judge(answer(status), NOON)

    assert isinstance(outcome, Refused)
    assert outcome.store_is_down is down


@pytest.mark.parametrize("content_type", ["", "Patrick Cook", CANARY.decode(), "\x1b[31m/html"])
def test_a_content_type_that_is_none_is_not_told(content_type: str) -> None:
    outcome = judge(answer(500, content_type=content_type), NOON)

    assert outcome == Refused("The store answered 500.")


@pytest.mark.parametrize("status", [401, 403])
def test_a_store_that_knows_us_not_may_have_another_secret(status: int) -> None:
    outcome = judge(answer(status), NOON)

    assert isinstance(outcome, Refused)
    assert "secret" in outcome.reason


@pytest.mark.parametrize(
    ("header", "moment"),
    [
        ("30", NOON + timedelta(seconds=30)),
        ("Sun, 01 Nov 2026 12:01:00 GMT", NOON + timedelta(minutes=1)),
        ("999999999", NOON + DAY),
        ("Sun, 01 Nov 2099 12:01:00 GMT", NOON + DAY),
        ("soon", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_up_to_a_day(
    status: int, header: str, moment: datetime | None
) -> None:
    outcome = judge(answer(status, retry_after=header), NOON)

    assert isinstance(outcome, Refused)
    assert outcome.retry_after == moment

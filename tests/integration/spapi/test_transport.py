"""The seven rules of calling Amazon, told apart by what an answer means."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import msgspec
import pytest

from amazon_endpoint.amazon.port import Amazon
from amazon_endpoint.amazon.user_agent import USER_AGENT
from amazon_endpoint.errors import (
    AccessDenied,
    AmazonRefused,
    AmazonUnavailable,
    AnswerLost,
    CredentialsRefused,
    OrderNotFound,
    PageTokenRefused,
    Throttled,
)
from tests.integration.spapi.scripted_amazon import (
    LOST,
    NO_ORDERS,
    Reply,
    ScriptedAmazon,
    refusal,
)
from tests.integration.spapi.seller import CREDENTIALS, PACKAGE, UNITED_STATES, Seller, window
from tests.turned_clock import NOON, TurnedClock

NUMBER = "111-0000000-0000001"
HTML = b"<html><head><title>503 Service Temporarily Unavailable</title></head></html>"
QUOTA_EXCEEDED = refusal(429, "QuotaExceeded", "You exceeded your quota.")
EXPIRED = refusal(403, "Unauthorized", "Denied.", details="The access token has expired.")


async def search(account: Amazon) -> object:
    return await account.search_orders(window(), None)


async def submit(account: Amazon) -> object:
    return await account.submit_feed("document-1", (UNITED_STATES,))


async def confirm(account: Amazon) -> object:
    await account.confirm_shipment(PACKAGE)
    return None


Call = Callable[[Amazon], Awaitable[object]]
posts = pytest.mark.parametrize("call", [submit, confirm])


# What every call carries


async def test_every_call_names_the_application_and_the_time(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    await search(seller.account())

    headers = amazon.calls[0].headers
    assert headers["user-agent"] == USER_AGENT
    assert len(USER_AGENT) <= 500
    assert headers["x-amz-access-token"] == "Atza|1"
    assert headers["x-amz-date"] == "20261101T120000Z"


# 1. The status decides before the body


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_an_html_error_is_no_empty_page(
    amazon: ScriptedAmazon, seller: Seller, status: int
) -> None:
    amazon.will(*[Reply(status, HTML, {"x-amzn-RequestId": "r-1"})] * 4)

    with pytest.raises(AmazonUnavailable, match=f"{status}: The answer is no error") as told:
        await search(seller.account())

    assert "Temporarily" not in str(told.value)

    assert told.value.request_id == "r-1"


async def test_a_long_error_is_cut_short(amazon: ScriptedAmazon, seller: Seller) -> None:
    amazon.will(refusal(400, "InvalidInput", "x" * 100_000))

    with pytest.raises(AmazonRefused) as told:
        await search(seller.account())

    assert len(str(told.value)) < 500


async def test_a_refusal_is_told_in_amazons_words(amazon: ScriptedAmazon, seller: Seller) -> None:
    amazon.will(refusal(400, "InvalidInput", "Wrong.", details="The shipDate is not a date."))

    with pytest.raises(AmazonRefused, match=r"InvalidInput Wrong\. The shipDate is"):
        await confirm(seller.account())


@pytest.mark.parametrize("call", [search, submit])
async def test_a_redirect_is_not_followed(
    amazon: ScriptedAmazon, seller: Seller, call: Call
) -> None:
    amazon.will(*[Reply(307, b"", {"location": f"{amazon.url}/elsewhere"})] * 4)

    with pytest.raises(AmazonRefused, match="307") as told:
        await call(seller.account())

    assert told.value.field == "amazon.services_host"
    assert "/elsewhere" not in {one.path for one in amazon.calls}


# 2. What did not happen is tried again; what may have happened is not


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(Reply(500), id="internal error"),
        pytest.param(Reply(503, HTML), id="html"),
        pytest.param(LOST, id="no answer"),
        pytest.param(Reply(200, NO_ORDERS.body, cut=True), id="cut body"),
    ],
)
async def test_a_read_is_repeated_until_it_is_answered(
    amazon: ScriptedAmazon, seller: Seller, failure: Reply
) -> None:
    amazon.will(failure, failure, NO_ORDERS)

    page = await seller.account().search_orders(window(), None)

    assert page.orders == ()
    assert len(amazon.calls) == 3


GARBLED = [
    pytest.param(Reply(200, b""), id="empty 200"),
    pytest.param(Reply(200, b"{}"), id="no orders key"),
    pytest.param(Reply(200, b'{"orders": null}'), id="orders is null"),
    pytest.param(Reply(200, b'{"orders": [{'), id="half a json"),
]


@pytest.mark.parametrize("failure", GARBLED)
async def test_what_cannot_be_read_is_asked_for_again(
    amazon: ScriptedAmazon, seller: Seller, failure: Reply
) -> None:
    amazon.will(failure, NO_ORDERS)

    page = await seller.account().search_orders(window(), None)

    assert page.orders == ()


@pytest.mark.parametrize("failure", GARBLED)
async def test_no_scarce_calls_are_spent_on_what_stays_unreadable(
    amazon: ScriptedAmazon, seller: Seller, failure: Reply
) -> None:
    amazon.will(*[failure] * 4)

    with pytest.raises(AmazonUnavailable):
        await seller.account().search_orders(window(), None)

    assert len(amazon.calls) == 2


async def test_a_read_is_given_up_after_two_seconds_of_waiting(
    amazon: ScriptedAmazon, seller: Seller, clock: TurnedClock
) -> None:
    amazon.will(*[Reply(500)] * 10)

    with pytest.raises(AmazonUnavailable):
        await search(seller.account())

    assert 2 <= len(amazon.calls) <= 4
    assert clock.now() - NOON <= timedelta(seconds=2)


@posts
@pytest.mark.parametrize("lost", [LOST, Reply(500), Reply(503, HTML), Reply(202, cut=True)])
async def test_a_submission_without_an_answer_is_never_repeated(
    amazon: ScriptedAmazon, seller: Seller, call: Call, lost: Reply
) -> None:
    amazon.will(lost)

    with pytest.raises(AnswerLost):
        await call(seller.account())

    assert len(amazon.calls) == 1


async def test_a_submission_with_an_unreadable_answer_may_have_happened(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(Reply(202, b"<html>"))

    with pytest.raises(AnswerLost):
        await submit(seller.account())


async def test_a_throttled_submission_did_not_happen_and_is_repeated(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(QUOTA_EXCEEDED, Reply(204, b""))

    await confirm(seller.account())

    assert len(amazon.calls) == 2


async def test_a_submission_that_is_throttled_for_long_is_left_to_the_caller(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(QUOTA_EXCEEDED)

    with pytest.raises(Throttled):
        await submit(seller.account())

    assert len(amazon.calls) == 1


@posts
async def test_what_could_not_be_sent_did_not_happen(seller: Seller, call: Call) -> None:
    with pytest.raises(AmazonUnavailable, match="can't be reached"):
        await call(seller.account(services_host="http://127.0.0.1:1"))


async def test_retry_after_is_honoured(amazon: ScriptedAmazon, seller: Seller) -> None:
    amazon.will(Reply(429, b"", {"retry-after": "600"}))

    with pytest.raises(Throttled) as told:
        await search(seller.account())

    assert told.value.not_before == NOON + timedelta(seconds=600)


async def test_a_date_in_retry_after_is_honoured(amazon: ScriptedAmazon, seller: Seller) -> None:
    amazon.will(Reply(503, HTML, {"retry-after": "Sun, 01 Nov 2026 12:05:00 GMT"}))

    with pytest.raises(AmazonUnavailable) as told:
        await search(seller.account())

    assert told.value.not_before == NOON + timedelta(minutes=5)
    assert len(amazon.calls) == 1


# 3. One bucket per seller and operation


async def test_a_429_without_any_header_waits_for_the_published_rate(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(QUOTA_EXCEEDED)

    with pytest.raises(Throttled) as told:
        await search(seller.account())

    assert told.value.not_before is not None
    wait = told.value.not_before - NOON
    assert wait == pytest.approx(timedelta(seconds=1 / 0.0056), abs=timedelta(milliseconds=1))
    assert seller.quotas.of("searchOrders").tokens == 0


async def test_an_empty_bucket_is_told_without_asking_amazon(
    amazon: ScriptedAmazon, seller: Seller, clock: TurnedClock
) -> None:
    amazon.will(QUOTA_EXCEEDED)
    account = seller.account()
    with pytest.raises(Throttled):
        await search(account)

    with pytest.raises(Throttled) as told:
        await search(account)

    assert len(amazon.calls) == 1
    assert told.value.not_before is not None
    clock.advance((told.value.not_before - clock.now()).total_seconds())
    await search(account)


async def test_a_short_wait_is_waited_for(
    amazon: ScriptedAmazon, seller: Seller, clock: TurnedClock
) -> None:
    amazon.will(QUOTA_EXCEEDED, Reply(200, b'{"feedId": "1", "processingStatus": "DONE"}'))

    await seller.account().feed_status("1")

    assert len(amazon.calls) == 2
    assert timedelta(0) < clock.now() - NOON <= timedelta(seconds=2)


@pytest.mark.parametrize("status", [200, 400, 404])
async def test_the_rate_is_learnt_from_answers_that_tell_it(
    amazon: ScriptedAmazon, seller: Seller, status: int
) -> None:
    amazon.will(Reply(status, NO_ORDERS.body, {"x-amzn-RateLimit-Limit": "0.2"}))

    with suppress(AmazonRefused):
        await search(seller.account())

    assert seller.quotas.of("searchOrders").rate == 0.2


@pytest.mark.parametrize("header", ["", "fast", "nan", "inf", "0", "-1", "1000000"])
async def test_a_rate_that_makes_no_sense_is_not_learnt(
    amazon: ScriptedAmazon, seller: Seller, header: str
) -> None:
    amazon.will(Reply(200, NO_ORDERS.body, {"x-amzn-RateLimit-Limit": header}))

    await search(seller.account())

    assert seller.quotas.of("searchOrders").rate == 0.0056


async def test_one_sellers_empty_bucket_does_not_stop_another(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(QUOTA_EXCEEDED)
    with pytest.raises(Throttled):
        await search(seller.account())

    other = msgspec.structs.replace(CREDENTIALS, refresh_token="Atzr|two")
    await search(seller.account(other))

    assert len(amazon.calls) == 2


async def test_a_submitted_feed_is_told_though_its_quota_can_not_be_noted(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(Reply(202, b'{"feedId": "77"}', {"x-amzn-RateLimit-Limit": "0.01"}))
    seller.quotas.failing = True

    assert await submit(seller.account()) == "77"


# 4. Tokens: see test_token.py; here what a refused one leads to


async def test_an_expired_token_is_renewed_once(amazon: ScriptedAmazon, seller: Seller) -> None:
    amazon.will(EXPIRED)

    await search(seller.account())

    assert [one.headers["x-amz-access-token"] for one in amazon.calls] == ["Atza|1", "Atza|2"]


@posts
async def test_a_submission_with_an_expired_token_did_not_happen(
    amazon: ScriptedAmazon, seller: Seller, call: Call
) -> None:
    amazon.will(EXPIRED, Reply(202, b'{"feedId": "1"}'))

    await call(seller.account())

    assert len(amazon.calls) == 2


async def prepare(account: Amazon, amazon: ScriptedAmazon) -> None:
    document = {"feedDocumentId": "document-1", "url": f"{amazon.url}/put"}
    amazon.will(Reply(201, msgspec.json.encode(document)), Reply(200))
    await account.prepare_feed(b"<feed/>")


async def look_up(account: Amazon, amazon: ScriptedAmazon) -> None:
    amazon.will(refusal(404, "NotFound"))
    with suppress(OrderNotFound):
        await account.get_order(NUMBER)


@pytest.mark.parametrize(("before", "call"), [(prepare, submit), (look_up, confirm)])
async def test_what_comes_before_a_submission_leaves_it_a_token_that_lasts(
    amazon: ScriptedAmazon,
    seller: Seller,
    clock: TurnedClock,
    before: Callable[[Amazon, ScriptedAmazon], Awaitable[None]],
    call: Call,
) -> None:
    account = seller.account()
    await search(account)
    clock.advance(3600 - 5 * 60)

    await before(account, amazon)
    granted = len(amazon.grants)
    clock.advance(5 * 60)
    amazon.will(Reply(202, b'{"feedId": "1"}'))
    await call(account)

    assert granted == len(amazon.grants) == 2


async def test_a_token_that_stays_refused_is_a_matter_of_the_credentials(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(EXPIRED, EXPIRED)

    with pytest.raises(CredentialsRefused, match="client secret"):
        await search(seller.account())

    assert len(amazon.calls) == 2


async def test_a_denial_names_the_role_and_amazons_request_id(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    denied = refusal(403, "Unauthorized", "Access to requested resource is denied.")
    amazon.will(msgspec.structs.replace(denied, headers={"x-amzn-requestid": "r-2"}))

    with pytest.raises(AccessDenied, match="Inventory and Order Tracking") as told:
        await confirm(seller.account())

    assert told.value.request_id == "r-2"
    assert len(amazon.calls) == 1
    assert len(amazon.grants) == 1


# What an answer means to the caller


async def test_an_unknown_order_is_not_found(amazon: ScriptedAmazon, seller: Seller) -> None:
    amazon.will(refusal(404, "NotFound"), refusal(404, "NotFound"))

    with pytest.raises(OrderNotFound):
        await seller.account().get_order(NUMBER)
    with pytest.raises(OrderNotFound):
        await confirm(seller.account())


async def test_a_refused_page_token_starts_the_window_again(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(refusal(400), refusal(400))

    with pytest.raises(PageTokenRefused):
        await seller.account().search_orders(window(), "a token")
    with pytest.raises(AmazonRefused) as told:
        await search(seller.account())

    assert not isinstance(told.value, PageTokenRefused)


# Amazon's own time


def dated(date: str) -> Reply:
    return Reply(200, NO_ORDERS.body, {"date": date})


ELEVEN, TWELVE = (dated(f"Sun, 01 Nov 2026 {hour}:00:00 GMT") for hour in (11, 12))


async def test_a_window_reaches_up_to_two_minutes_before_amazons_own_time(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(ELEVEN, ELEVEN)
    account = seller.account()
    await search(account)

    bound = await account.latest_upper_bound()

    assert bound == NOON - timedelta(hours=1, minutes=2, seconds=5)


async def test_an_answer_with_an_old_date_stops_nobody(
    amazon: ScriptedAmazon, seller: Seller, clock: TurnedClock
) -> None:
    amazon.will(ELEVEN, TWELVE)
    account = seller.account()
    await search(account)

    assert await account.latest_upper_bound() == NOON - timedelta(minutes=2, seconds=5)
    assert [one.path for one in amazon.calls[1:]] == ["/"]


async def test_amazons_time_is_asked_for_again_after_some_minutes(
    amazon: ScriptedAmazon, seller: Seller, clock: TurnedClock
) -> None:
    amazon.will(ELEVEN, ELEVEN)
    account = seller.account()
    await account.latest_upper_bound()

    clock.advance(600)
    amazon.will(dated("Sun, 01 Nov 2026 12:10:00 GMT"))

    assert await account.latest_upper_bound() == NOON + timedelta(minutes=7, seconds=55)


async def test_dates_that_contradict_each_other_put_a_window_off(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    amazon.will(*(dated(f"Sun, 01 Nov 2026 {hour}:00:00 GMT") for hour in (10, 11, 14)))

    with pytest.raises(AmazonUnavailable, match="contradict"):
        await seller.account().latest_upper_bound()


async def test_the_token_host_tells_the_time_while_no_other_answer_has(
    amazon: ScriptedAmazon, seller: Seller
) -> None:
    granted = Reply(
        200,
        b'{"access_token": "Atza|1", "expires_in": 3600}',
        {"date": "Sun, 01 Nov 2026 12:00:30 GMT"},
    )
    amazon.token_host_will(granted)

    bound = await seller.account().latest_upper_bound()

    assert bound == NOON + timedelta(seconds=30) - timedelta(minutes=2, seconds=5)
    assert not amazon.calls


async def test_without_any_date_our_own_clock_serves(seller: Seller) -> None:
    bound = await seller.account().latest_upper_bound()

    assert bound == NOON - timedelta(minutes=2, seconds=5)

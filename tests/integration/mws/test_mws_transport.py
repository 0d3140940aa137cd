"""Calls to MWS: what is sent, what answers mean, what is tried again."""

from base64 import b64encode
from datetime import timedelta
from hashlib import md5
from hmac import compare_digest, digest
from urllib.parse import quote, urlsplit

import msgspec
import pytest

from amazon_endpoint.errors import (
    AccessDenied,
    AmazonRefused,
    AmazonUnavailable,
    AnswerLost,
    CredentialsRefused,
    EndpointError,
    Throttled,
)
from tests.integration.mws.scripted_mws import (
    HTML,
    THROTTLED,
    ScriptedMws,
    again,
    answer,
    orders,
    refusal,
)
from tests.integration.mws.seller import CREDENTIALS, UNITED_STATES, Seller
from tests.integration.spapi.scripted_amazon import LOST, Asked, Reply
from tests.integration.spapi.seller import window
from tests.turned_clock import NOON, TurnedClock

SUBMITTED = answer(
    "SubmitFeed",
    "<FeedSubmissionInfo><FeedSubmissionId>77</FeedSubmissionId></FeedSubmissionInfo>",
)


def assert_signed(asked: Asked, params: dict[str, str], url: str) -> None:
    told = "&".join(
        f"{quote(name, safe='~')}={quote(value, safe='~')}"
        for name, value in sorted(params.items())
        if name != "Signature"
    )
    text = f"{asked.method}\n{urlsplit(url).netloc}\n{asked.path}\n{told}"
    key = CREDENTIALS.secret_key.encode()
    expected = b64encode(digest(key, text.encode(), "sha256")).decode()
    assert compare_digest(params["Signature"], expected)


async def test_a_call_is_a_signed_form(amazon: ScriptedMws, seller: Seller) -> None:
    await seller.account().search_orders(window(), None)

    (asked,) = amazon.asked
    (params,) = amazon.signed
    assert (asked.method, asked.path, asked.params) == ("POST", "/Orders/2013-09-01", {})
    assert asked.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert asked.headers["user-agent"].startswith("amazon-endpoint/")
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["host"] == urlsplit(amazon.url).netloc
    assert {
        "AWSAccessKeyId": "AKIDEXAMPLE",
        "SellerId": "A0000000000000",
        "SignatureMethod": "HmacSHA256",
        "SignatureVersion": "2",
        "Timestamp": "2026-11-01T12:00:00Z",
        "Version": "2013-09-01",
    }.items() <= params.items()
    assert "MWSAuthToken" not in params
    assert_signed(asked, params, amazon.url)


async def test_a_sellers_authorisation_is_sent_along(amazon: ScriptedMws, seller: Seller) -> None:
    authorised = msgspec.structs.replace(CREDENTIALS, auth_token="amzn.mws.example")

    await seller.account(authorised).search_orders(window(), None)

    assert amazon.signed[0]["MWSAuthToken"] == "amzn.mws.example"
    assert_signed(amazon.asked[0], amazon.signed[0], amazon.url)


async def test_a_feed_is_the_body_and_its_parameters_are_the_query(
    amazon: ScriptedMws, seller: Seller
) -> None:
    amazon.will(SUBMITTED)
    account = seller.account()

    feed_id = await account.submit_feed(await account.prepare_feed("<ü/>".encode()), ("A", "B"))

    (asked,) = amazon.asked
    assert (feed_id, asked.path, asked.body) == ("77", "/Feeds/2009-01-01", "<ü/>".encode())
    assert asked.headers["content-type"] == "text/xml; charset=UTF-8"
    assert asked.headers["content-md5"] == b64encode(md5("<ü/>".encode()).digest()).decode()
    assert {
        "Action": "SubmitFeed",
        "FeedType": "_POST_ORDER_FULFILLMENT_DATA_",
        "MarketplaceIdList.Id.1": "A",
        "MarketplaceIdList.Id.2": "B",
        "PurgeAndReplace": "false",
        "Version": "2009-01-01",
    }.items() <= asked.params.items()
    assert_signed(asked, asked.params, amazon.url)


# Amazon's time


async def test_amazons_clock_is_looked_at_without_a_call(
    amazon: ScriptedMws, seller: Seller, clock: TurnedClock
) -> None:
    clock.advance(3600)

    assert await seller.account().latest_upper_bound() == NOON - timedelta(minutes=2, seconds=5)
    assert amazon.signed == []


async def test_a_request_is_dated_by_amazons_clock(
    amazon: ScriptedMws, seller: Seller, clock: TurnedClock
) -> None:
    clock.advance(3600)
    expired = refusal(400, "RequestExpired", date="Sun, 01 Nov 2026 12:00:00 GMT")
    amazon.will(expired, expired, orders())

    await seller.account().search_orders(window(), None)

    assert [one["Timestamp"][11:16] for one in amazon.signed] == ["13:00", "13:00", "12:00"]


async def test_an_answer_with_an_old_date_stops_nobody(amazon: ScriptedMws, seller: Seller) -> None:
    amazon.will(again(orders(), headers={"date": "Sun, 01 Nov 2026 11:00:00 GMT"}))
    await seller.account().search_orders(window(), None)

    assert await seller.account().latest_upper_bound() == NOON - timedelta(minutes=2, seconds=5)


async def test_amazons_time_is_asked_for_again_after_some_minutes(
    amazon: ScriptedMws, seller: Seller, clock: TurnedClock
) -> None:
    await seller.account().latest_upper_bound()
    clock.advance(120)
    assert await seller.account().latest_upper_bound() > NOON - timedelta(minutes=2)

    clock.advance(120)

    assert await seller.account().latest_upper_bound() == NOON - timedelta(minutes=2, seconds=5)


# What Amazon's refusals mean


@pytest.mark.parametrize(
    ("reply", "kind", "told"),
    [
        (refusal(403, "InvalidAccessKeyId"), CredentialsRefused, "amazon.aws_access_key"),
        (refusal(403, "SignatureDoesNotMatch"), CredentialsRefused, "amazon.secret_key"),
        (refusal(401, "AccessDenied"), AccessDenied, "amazon.seller_id"),
        (refusal(400, "InvalidParameterValue", "Bad date."), AmazonRefused, "Bad date."),
        (refusal(404, "InvalidAddress"), AmazonRefused, "InvalidAddress"),
        (refusal(400, "CarrierPigeonLost", "Never heard."), AmazonRefused, "CarrierPigeonLost"),
        (Reply(403, b"<html>Forbidden</html>"), AccessDenied, "no error message"),
    ],
    ids=["key", "signature", "access", "parameter", "address", "unknown", "html"],
)
async def test_what_will_not_change_is_refused_at_once(
    amazon: ScriptedMws, seller: Seller, reply: Reply, kind: type[EndpointError], told: str
) -> None:
    amazon.will(reply)

    with pytest.raises(kind, match=told):
        await seller.account().search_orders(window(), None)

    assert len(amazon.signed) == 1


async def test_a_gateway_that_redirects_is_not_followed(
    amazon: ScriptedMws, seller: Seller
) -> None:
    amazon.will(*[Reply(302, b"", {"location": f"{amazon.url}/elsewhere"})] * 4)

    with pytest.raises(AmazonRefused, match="302") as told:
        await seller.account().search_orders(window(), None)

    assert told.value.field == "amazon.services_host"
    assert {one.path for one in amazon.asked} == {"/Orders/2013-09-01"}


@pytest.mark.parametrize("headers", [{"x-mws-request-id": "1-2-3"}, {}], ids=["header", "body"])
async def test_a_refusal_has_amazons_request_id(
    amazon: ScriptedMws, seller: Seller, headers: dict[str, str]
) -> None:
    amazon.will(again(refusal(400, "InvalidParameterValue"), headers=headers))

    with pytest.raises(AmazonRefused) as refused:
        await seller.account().search_orders(window(), None)

    assert refused.value.request_id == "1-2-3"


DEEP = "<a>" * 300 + "</a>" * 300

UNUSABLE = [
    pytest.param(HTML, id="html 503"),
    pytest.param(refusal(500, "InternalError"), id="internal error"),
    pytest.param(Reply(200, b""), id="empty"),
    pytest.param(Reply(200, b"<html><body>Welcome</body></html>"), id="html 200"),
    pytest.param(again(orders(1), body=orders(1).body[:-40]), id="truncated"),
    pytest.param(again(orders(1), cut=True), id="cut off"),
    pytest.param(answer("ListOrders", f"<Orders>{DEEP}</Orders>"), id="nested too deeply"),
    pytest.param(Reply(503, DEEP.encode()), id="an error nested too deeply"),
    pytest.param(answer("GetOrder", "<Orders/>"), id="another answer"),
    pytest.param(answer("ListOrders"), id="no orders element"),
    pytest.param(
        Reply(200, b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
        id="external entity",
    ),
    pytest.param(LOST, id="lost"),
]


@pytest.mark.parametrize("reply", UNUSABLE)
async def test_what_amazon_fails_at_is_tried_again(
    amazon: ScriptedMws, seller: Seller, reply: Reply
) -> None:
    amazon.will(reply, orders())

    assert (await seller.account().search_orders(window(), None)).orders == ()
    assert amazon.actions == ["ListOrders"] * 2


async def test_no_scarce_calls_are_spent_on_what_stays_unreadable(
    amazon: ScriptedMws, seller: Seller
) -> None:
    amazon.will(*[Reply(200, b"<html>")] * 4)

    with pytest.raises(AmazonUnavailable):
        await seller.account().search_orders(window(), None)

    assert amazon.actions == ["ListOrders"] * 2


@pytest.mark.parametrize("reply", UNUSABLE)
async def test_what_amazon_keeps_failing_at_is_put_off(
    amazon: ScriptedMws, seller: Seller, clock: TurnedClock, reply: Reply
) -> None:
    amazon.will(*[reply] * 4)

    with pytest.raises(AmazonUnavailable):
        await seller.account().search_orders(window(), None)

    assert clock.now() - NOON < timedelta(seconds=3)


@pytest.mark.parametrize(
    "reply",
    [
        *(one for one in UNUSABLE if one.id not in {"no orders element", "cut off"}),
        pytest.param(
            answer(
                "SubmitFeed",
                "<FeedSubmissionInfo><FeedSubmissionId> </FeedSubmissionId></FeedSubmissionInfo>",
            ),
            id="no feed id",
        ),
        pytest.param(answer("SubmitFeed"), id="no feed"),
    ],
)
async def test_a_feed_whose_answer_is_no_answer_is_not_sent_again(
    amazon: ScriptedMws, seller: Seller, reply: Reply
) -> None:
    amazon.will(reply)

    with pytest.raises(AnswerLost):
        await seller.account().submit_feed("<feed/>", (UNITED_STATES,))

    assert amazon.actions == ["SubmitFeed"]


async def test_a_refused_feed_is_no_lost_one(amazon: ScriptedMws, seller: Seller) -> None:
    amazon.will(refusal(400, "ContentMD5DoesNotMatch"))

    with pytest.raises(AmazonRefused, match="ContentMD5DoesNotMatch"):
        await seller.account().submit_feed("<feed/>", (UNITED_STATES,))


# Quota


async def test_a_throttled_call_is_put_off_until_there_is_quota(
    amazon: ScriptedMws, seller: Seller
) -> None:
    amazon.will(THROTTLED)

    with pytest.raises(Throttled) as throttled:
        await seller.account().search_orders(window(), None)
    with pytest.raises(Throttled) as still:
        await seller.account().search_orders(window(), None)

    for one in (throttled, still):
        assert one.value.not_before is not None
        wait = one.value.not_before - NOON
        assert timedelta(seconds=60) <= wait < timedelta(seconds=62)
    assert len(amazon.signed) == 1


async def test_a_throttled_feed_was_not_submitted(amazon: ScriptedMws, seller: Seller) -> None:
    amazon.will(THROTTLED)

    with pytest.raises(Throttled):
        await seller.account().submit_feed("<feed/>", (UNITED_STATES,))


async def test_pages_and_their_next_ones_share_a_quota(amazon: ScriptedMws, seller: Seller) -> None:
    account, token = seller.account(), None
    amazon.will(
        orders(next_token="1"), *(orders(next_token=str(n), by_token=True) for n in "23456")
    )
    for _ in range(6):
        token = (await account.search_orders(window(), token)).next_token

    with pytest.raises(Throttled):
        await account.search_orders(window(), token)


RESETS = [
    pytest.param({"x_mws_quota_resetsOn": "2026-11-01T12:40:00.000Z"}, id="header"),
    pytest.param({"x_mws_quota_resetsOn": "Sun, 01 Nov 2026 12:40:00 GMT"}, id="dated header"),
    pytest.param({}, id="message"),
]


@pytest.mark.parametrize("headers", RESETS)
async def test_a_used_up_hour_is_waited_for(
    amazon: ScriptedMws, seller: Seller, clock: TurnedClock, headers: dict[str, str]
) -> None:
    words = "You exceeded your quota.  Your quota will reset on Sun Nov  1 12:40:00 UTC 2026"
    amazon.will(refusal(503, "QuotaExceeded", words, **headers), SUBMITTED)
    reset = NOON + timedelta(minutes=40)

    for _ in range(2):
        with pytest.raises(Throttled) as throttled:
            await seller.account().submit_feed("<feed/>", (UNITED_STATES,))
        assert throttled.value.not_before is not None
        assert timedelta() <= throttled.value.not_before - reset < timedelta(seconds=1)

    assert len(amazon.signed) == 1
    clock.advance(40 * 60 + 1)
    assert await seller.account().submit_feed("<feed/>", (UNITED_STATES,)) == "77"


async def test_a_used_up_hour_that_amazon_never_published_is_waited_for_as_well(
    amazon: ScriptedMws, seller: Seller, clock: TurnedClock
) -> None:
    told = {"x_mws_quota_resetsOn": "2026-11-01T12:40:00.000Z"}
    amazon.will(refusal(503, "QuotaExceeded", **told), orders())
    reset = NOON + timedelta(minutes=40)

    for minutes in (0, 5, 34):
        clock.advance(minutes * 60)
        with pytest.raises(Throttled) as throttled:
            await seller.account().search_orders(window(), None)
        assert throttled.value.not_before is not None
        assert timedelta() <= throttled.value.not_before - reset < timedelta(seconds=1)

    assert amazon.actions == ["ListOrders"]
    clock.advance(61)
    await seller.account().search_orders(window(), None)
    assert amazon.actions == ["ListOrders"] * 2


async def test_the_last_call_of_an_hour_is_learnt_from_its_answer(
    amazon: ScriptedMws, seller: Seller
) -> None:
    last = {"x-mws-quota-remaining": "0.0", "x-mws-quota-resetsOn": "2026-11-01T12:40:00.000Z"}
    amazon.will(again(SUBMITTED, headers=last))
    await seller.account().submit_feed("<feed/>", (UNITED_STATES,))

    with pytest.raises(Throttled) as throttled:
        await seller.account().submit_feed("<feed/>", (UNITED_STATES,))

    assert throttled.value.not_before is not None
    assert throttled.value.not_before >= NOON + timedelta(minutes=40)
    assert len(amazon.signed) == 1


@pytest.mark.parametrize("ask", ["feed_status", "get_order"])
@pytest.mark.parametrize("reset", ["2026-11-01T11:00:00Z", "2036-11-01T11:00:00Z", "soon", ""])
async def test_a_reset_that_makes_no_sense_means_a_usual_wait(
    amazon: ScriptedMws, seller: Seller, reset: str, ask: str
) -> None:
    amazon.will(refusal(503, "QuotaExceeded", x_mws_quota_resetsOn=reset))

    for _ in range(2):
        with pytest.raises(Throttled) as throttled:
            await getattr(seller.account(), ask)("1")
        assert throttled.value.not_before is not None
        assert timedelta() < throttled.value.not_before - NOON < timedelta(hours=1, seconds=1)


async def test_sellers_have_quotas_of_their_own(amazon: ScriptedMws, seller: Seller) -> None:
    amazon.will(THROTTLED, orders(), orders())
    with pytest.raises(Throttled):
        await seller.account().search_orders(window(), None)

    for changes in ({"seller_id": "A0000000000001"}, {"auth_token": "amzn.mws.example"}):
        another = msgspec.structs.replace(CREDENTIALS, **changes)
        await seller.account(another).search_orders(window(), None)


async def test_a_submitted_feed_is_told_though_its_quota_can_not_be_noted(
    amazon: ScriptedMws, seller: Seller
) -> None:
    last = {"x-mws-quota-remaining": "0.0", "x-mws-quota-resetsOn": "2026-11-01T12:40:00.000Z"}
    amazon.will(again(SUBMITTED, headers=last))
    seller.quotas.failing = True

    assert await seller.account().submit_feed("<feed/>", (UNITED_STATES,)) == "77"

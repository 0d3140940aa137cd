"""Access tokens: one request per seller and hour, whoever asks, whatever happens to them."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from urllib.parse import parse_qs

import msgspec
import pytest

from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.amazon.spapi.token import TokenCache
from amazon_endpoint.errors import AmazonRefused, AmazonUnavailable, CredentialsRefused
from tests.integration.spapi.scripted_amazon import (
    LOST,
    Reply,
    ScriptedAmazon,
    grant,
    token_refusal,
)
from tests.integration.spapi.seller import CREDENTIALS, Seller
from tests.turned_clock import NOON, TurnedClock


@pytest.fixture
def tokens(seller: Seller) -> TokenCache:
    shared = seller.connector._shared
    return TokenCache(shared.outbound, shared.clock, shared.amazon_time)


def another(**changes: str) -> SellingPartnerCredentials:
    return msgspec.structs.replace(CREDENTIALS, **changes)


async def test_the_seller_s_authorisation_is_exchanged_for_a_token(
    amazon: ScriptedAmazon, tokens: TokenCache
) -> None:
    assert await tokens.access_token(amazon.url, CREDENTIALS) == "Atza|1"

    assert parse_qs(amazon.grants[0].body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["Atzr|one"],
        "client_id": ["application.1"],
        "client_secret": ["secret-of-the-application"],
    }


async def test_a_token_serves_until_a_minute_before_its_end(
    amazon: ScriptedAmazon, tokens: TokenCache, clock: TurnedClock
) -> None:
    amazon.token_host_will(grant("Atza|short", expires_in=600))
    first = await tokens.access_token(amazon.url, CREDENTIALS)

    clock.advance(539)
    assert await tokens.access_token(amazon.url, CREDENTIALS) == first
    clock.advance(1)
    assert await tokens.access_token(amazon.url, CREDENTIALS) != first


async def test_a_short_lived_token_serves_for_half_of_its_life(
    amazon: ScriptedAmazon, tokens: TokenCache, clock: TurnedClock
) -> None:
    amazon.token_host_will(grant("Atza|short", expires_in=61))
    first = await tokens.access_token(amazon.url, CREDENTIALS)

    clock.advance(30)
    assert await tokens.access_token(amazon.url, CREDENTIALS) == first
    clock.advance(1)
    assert await tokens.access_token(amazon.url, CREDENTIALS) != first


async def test_a_life_without_an_end_is_not_believed(
    amazon: ScriptedAmazon, tokens: TokenCache, clock: TurnedClock
) -> None:
    amazon.token_host_will(grant("Atza|eternal", expires_in=10**30))
    first = await tokens.access_token(amazon.url, CREDENTIALS)

    clock.advance(24 * 3600)

    assert await tokens.access_token(amazon.url, CREDENTIALS) != first


@pytest.mark.parametrize("part", ["client_id", "client_secret", "refresh_token"])
async def test_other_credentials_have_another_token(
    amazon: ScriptedAmazon, tokens: TokenCache, part: str
) -> None:
    mine = await tokens.access_token(amazon.url, CREDENTIALS)

    assert await tokens.access_token(amazon.url, another(**{part: "other"})) != mine


async def test_many_sellers_keep_their_tokens(amazon: ScriptedAmazon, tokens: TokenCache) -> None:
    sellers = [another(refresh_token=f"Atzr|{number}") for number in range(40)]

    for _ in range(3):
        await asyncio.gather(*(tokens.access_token(amazon.url, one) for one in sellers))

    assert len(amazon.grants) == 40


async def test_the_least_used_token_is_dropped_first(
    amazon: ScriptedAmazon, seller: Seller, clock: TurnedClock
) -> None:
    shared = seller.connector._shared
    small = TokenCache(shared.outbound, clock, shared.amazon_time, capacity=2)
    one, two, three = (another(refresh_token=f"Atzr|{number}") for number in range(3))

    for credentials in (one, two, one, three):
        await small.access_token(amazon.url, credentials)
    await small.access_token(amazon.url, one)
    assert len(amazon.grants) == 3

    await small.access_token(amazon.url, two)
    assert len(amazon.grants) == 4


async def test_all_who_ask_at_once_share_one_request(
    amazon: ScriptedAmazon, tokens: TokenCache
) -> None:
    asking = (tokens.access_token(amazon.url, CREDENTIALS) for _ in range(50))

    assert set(await asyncio.gather(*asking)) == {"Atza|1"}
    assert len(amazon.grants) == 1


async def test_who_gives_up_leaves_nobody_hanging(
    amazon: ScriptedAmazon, tokens: TokenCache
) -> None:
    amazon.hold()
    leader = asyncio.create_task(tokens.access_token(amazon.url, CREDENTIALS))
    await amazon.arrived.wait()
    waiter = asyncio.create_task(tokens.access_token(amazon.url, CREDENTIALS))
    await asyncio.sleep(0)

    leader.cancel()
    with suppress(asyncio.CancelledError):
        await leader
    amazon.release()

    assert await waiter == "Atza|1"
    assert len(amazon.grants) == 1


async def test_a_shared_failure_is_everybodys_and_not_remembered(
    amazon: ScriptedAmazon, tokens: TokenCache
) -> None:
    amazon.token_host_will(token_refusal(400, "invalid_grant"))
    asking = (tokens.access_token(amazon.url, CREDENTIALS) for _ in range(3))

    told = await asyncio.gather(*asking, return_exceptions=True)

    assert [type(one) for one in told] == [CredentialsRefused] * 3
    assert await tokens.access_token(amazon.url, CREDENTIALS) == "Atza|1"


@pytest.mark.parametrize(
    ("status", "error", "parameter"),
    [
        (400, "invalid_grant", "amazon.refresh_token"),
        (401, "invalid_client", "amazon.client_secret"),
        (400, "unauthorized_client", "amazon.client_id"),
        (400, "something_new", None),
    ],
)
async def test_refused_credentials_are_told_by_parameter_and_not_tried_again(
    amazon: ScriptedAmazon, tokens: TokenCache, status: int, error: str, parameter: str | None
) -> None:
    amazon.token_host_will(token_refusal(status, error))

    with pytest.raises(CredentialsRefused) as told:
        await tokens.access_token(amazon.url, CREDENTIALS)

    assert told.value.field == parameter
    assert len(amazon.grants) == 1


async def test_an_old_client_secret_is_named_as_a_cause(
    amazon: ScriptedAmazon, tokens: TokenCache
) -> None:
    amazon.token_host_will(token_refusal(401, "invalid_client"))

    with pytest.raises(CredentialsRefused, match="180 days"):
        await tokens.access_token(amazon.url, CREDENTIALS)


RENEWED = msgspec.structs.replace(
    CREDENTIALS, client_secret="new", previous_client_secret=CREDENTIALS.client_secret
)


async def test_the_client_secret_before_serves_until_amazon_knows_the_new_one(
    amazon: ScriptedAmazon, tokens: TokenCache
) -> None:
    amazon.token_host_will(token_refusal(401, "invalid_client"))

    assert await tokens.access_token(amazon.url, RENEWED) == "Atza|1"

    tried = [parse_qs(one.body.decode())["client_secret"] for one in amazon.grants]
    assert tried == [["new"], [CREDENTIALS.client_secret]]


@pytest.mark.parametrize(
    ("refusals", "calls"),
    [(["invalid_grant"], 1), (["invalid_client", "invalid_client"], 2)],
    ids=["another reason", "both unknown"],
)
async def test_the_client_secret_before_mends_nothing_else(
    amazon: ScriptedAmazon, tokens: TokenCache, refusals: list[str], calls: int
) -> None:
    amazon.token_host_will(*(token_refusal(400, one) for one in refusals))

    with pytest.raises(CredentialsRefused):
        await tokens.access_token(amazon.url, RENEWED)

    assert len(amazon.grants) == calls


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(Reply(500), id="500"),
        pytest.param(Reply(503, b"<html>"), id="html"),
        pytest.param(Reply(429), id="429"),
        pytest.param(Reply(403), id="403 in passing"),
        pytest.param(LOST, id="no answer"),
        pytest.param(Reply(200, b"<html>"), id="unreadable"),
        pytest.param(Reply(200, b""), id="empty"),
    ],
)
async def test_trouble_at_the_token_host_is_outwaited(
    amazon: ScriptedAmazon, tokens: TokenCache, trouble: Reply
) -> None:
    amazon.token_host_will(trouble, trouble)

    assert await tokens.access_token(amazon.url, CREDENTIALS) == "Atza|1"


async def test_lasting_trouble_at_the_token_host_is_told_within_two_seconds(
    amazon: ScriptedAmazon, tokens: TokenCache, clock: TurnedClock
) -> None:
    amazon.token_host_will(*[Reply(500)] * 10)

    with pytest.raises(AmazonUnavailable, match="Login with Amazon answered 500"):
        await tokens.access_token(amazon.url, CREDENTIALS)

    assert clock.now() - NOON <= timedelta(seconds=2)


@pytest.mark.parametrize("status", [302, 403, 404, 405])
async def test_a_host_that_has_no_tokens_to_give_is_an_error(
    amazon: ScriptedAmazon, tokens: TokenCache, status: int
) -> None:
    amazon.token_host_will(*[Reply(status)] * 4)

    with pytest.raises(AmazonRefused, match=f"answered {status}") as told:
        await tokens.access_token(amazon.url, CREDENTIALS)

    assert told.value.field == "amazon.token_host"


async def test_a_renewed_token_is_not_dropped_for_the_old_ones_sake(
    amazon: ScriptedAmazon, tokens: TokenCache
) -> None:
    old = await tokens.access_token(amazon.url, CREDENTIALS)
    tokens.forget(amazon.url, CREDENTIALS, old)
    new = await tokens.access_token(amazon.url, CREDENTIALS)

    tokens.forget(amazon.url, CREDENTIALS, old)

    assert await tokens.access_token(amazon.url, CREDENTIALS) == new
    assert len(amazon.grants) == 2


async def test_closing_ends_the_requests_under_way(
    amazon: ScriptedAmazon, tokens: TokenCache
) -> None:
    amazon.hold()
    asking = asyncio.create_task(tokens.access_token(amazon.url, CREDENTIALS))
    await amazon.arrived.wait()

    await tokens.aclose()

    with pytest.raises(asyncio.CancelledError):
        await asking
    amazon.release()

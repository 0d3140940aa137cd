"""What an account is made of, and what is decided about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from amazon_endpoint.amazon.credentials import Account, Credentials
from amazon_endpoint.amazon.mws.credentials import MwsCredentials
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.stores.port import Destination
from amazon_endpoint.sync.accounts import (
    ExpiryLevel,
    SyncAccount,
    check,
    client_secret_expiry,
    connectable,
    paused,
    resumed,
    ways_in,
    with_client_secret,
    with_credentials,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MWS = MwsCredentials(access_key_id="canary-a", secret_key="canary-b", seller_id="A1SELLER")
ACCOUNT = SyncAccount(
    id="shop-eu",
    account=Account(
        credentials=SellingPartnerCredentials(
            client_id="an application", client_secret="canary-first", refresh_token="canary-c"
        ),
        seller_id="A1SELLER",
        marketplace_ids=("A1PA6795UKMFR9", "A13V1IB3VIYZZH"),
    ),
    destination=Destination(
        kind="webhook", url="https://shop.example/canary", secrets=("whsec_canary",)
    ),
    start=NOON,
    created_at=NOON,
)


def changed(**changes: Any) -> SyncAccount:
    return msgspec.structs.replace(ACCOUNT, **changes)


def of_amazon(**changes: Any) -> SyncAccount:
    return changed(account=msgspec.structs.replace(ACCOUNT.account, **changes))


def secrets_in_order(account: SyncAccount, now: datetime) -> list[str]:
    return [
        way.credentials.client_secret
        for way in ways_in(account, now)
        if isinstance(way.credentials, SellingPartnerCredentials)
    ]


def test_an_account_reads_everything_of_the_merchant_every_five_minutes() -> None:
    assert (ACCOUNT.poll_every, ACCOUNT.lag) == (timedelta(minutes=5), timedelta(minutes=10))
    assert (ACCOUNT.statuses, ACCOUNT.fulfilled_by) == ((), ("MERCHANT",))
    assert ACCOUNT.paused_at is None


@pytest.mark.parametrize(
    "account",
    [
        ACCOUNT,
        changed(id="7"),
        changed(id="a" * 40),
        changed(poll_every=timedelta(minutes=1), lag=timedelta()),
        changed(poll_every=DAY, lag=DAY),
        of_amazon(credentials=MWS),
    ],
)
def test_what_can_be_polled_passes(account: SyncAccount) -> None:
    check(account, NOON)


@pytest.mark.parametrize(
    ("account", "field"),
    [
        (changed(id=""), "account.id"),
        (changed(id="-force"), "account.id"),
        (changed(id="Shop"), "account.id"),
        (changed(id="shop_eu"), "account.id"),
        (changed(id="shop-eu\n"), "account.id"),
        (changed(id="läden"), "account.id"),
        (changed(id="a" * 41), "account.id"),
        (changed(poll_every=timedelta(seconds=59)), "account.poll_every"),
        (changed(poll_every=timedelta(days=1, seconds=1)), "account.poll_every"),
        (changed(lag=timedelta(seconds=-1)), "account.lag"),
        (changed(lag=timedelta(days=2)), "account.lag"),
        (changed(start=NOON + timedelta(seconds=1)), "account.start"),
        (of_amazon(marketplace_ids=()), "amazon.marketplace_id"),
        (of_amazon(marketplace_ids=("ATVPDKIKX0DER", "nowhere")), "amazon.marketplace_id"),
    ],
)
def test_what_can_not_is_refused_by_its_field(account: SyncAccount, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(account, NOON)
    assert refused.value.field == field


def test_marketplaces_of_several_regions_want_several_accounts() -> None:
    several = of_amazon(marketplace_ids=("ATVPDKIKX0DER", "A1PA6795UKMFR9"))
    with pytest.raises(InvalidInput, match="each region as an account of its own"):
        check(several, NOON)


def test_pausing_keeps_since_when() -> None:
    once = paused(ACCOUNT, NOON)
    assert once.paused_at == NOON
    assert paused(once, NOON + DAY) == once
    assert resumed(once) == ACCOUNT


def test_both_client_secrets_are_tried_while_amazon_takes_both() -> None:
    rotated = with_client_secret(ACCOUNT, "second", NOON)

    assert secrets_in_order(ACCOUNT, NOON) == ["canary-first"]
    assert secrets_in_order(rotated, NOON) == ["second", "canary-first"]
    assert secrets_in_order(rotated, NOON + 7 * DAY - timedelta(seconds=1)) == [
        "second",
        "canary-first",
    ]
    assert secrets_in_order(rotated, NOON + 7 * DAY) == ["second"]


def test_only_the_client_secret_differs_between_two_ways_in() -> None:
    first, second = ways_in(with_client_secret(ACCOUNT, "second", NOON), NOON)
    assert second == ACCOUNT.account
    assert first.credentials.account == second.credentials.account


def test_an_account_is_connected_with_both_client_secrets_while_amazon_takes_both() -> None:
    rotated = with_client_secret(ACCOUNT, "second", NOON)
    both = connectable(rotated, NOON).credentials
    assert isinstance(both, SellingPartnerCredentials)
    assert (both.client_secret, both.previous_client_secret) == ("second", "canary-first")
    assert connectable(rotated, NOON + 7 * DAY) == rotated.account


def test_a_new_client_secret_lasts_180_days_unless_told_otherwise() -> None:
    assert with_client_secret(ACCOUNT, "second", NOON).client_secret_expires_at == NOON + 180 * DAY
    told = with_client_secret(ACCOUNT, "second", NOON, NOON + 10 * DAY)
    assert told.client_secret_expires_at == NOON + 10 * DAY


def test_the_same_client_secret_again_loses_neither() -> None:
    rotated = with_client_secret(ACCOUNT, "second", NOON)
    assert with_client_secret(rotated, "second", NOON + DAY) == rotated
    later = with_client_secret(rotated, "second", NOON, NOON + 90 * DAY)
    assert later.client_secret_expires_at == NOON + 90 * DAY
    assert later.previous_client_secret == rotated.previous_client_secret


def test_a_new_authorisation_leaves_the_client_secret_as_it_is() -> None:
    rotated = with_client_secret(ACCOUNT, "second", NOON)
    credentials = SellingPartnerCredentials(
        client_id="an application", client_secret="second", refresh_token="a new one"
    )
    again = with_credentials(rotated, credentials)
    assert again.account == msgspec.structs.replace(rotated.account, credentials=credentials)
    assert again == msgspec.structs.replace(rotated, account=again.account)


@pytest.mark.parametrize(
    "credentials",
    [
        MWS,
        SellingPartnerCredentials(client_id="another", client_secret="x", refresh_token="canary-c"),
    ],
    ids=["MWS", "SP-API"],
)
def test_of_another_client_secret_nothing_is_known(credentials: Credentials) -> None:
    changed = with_credentials(with_client_secret(ACCOUNT, "second", NOON), credentials)
    assert changed.account.credentials == credentials
    assert ways_in(changed, NOON) == (changed.account,)
    assert client_secret_expiry(changed, NOON) is None


def test_mws_has_no_client_secret() -> None:
    account = of_amazon(credentials=MWS)
    assert ways_in(account, NOON) == (account.account,)
    with pytest.raises(InvalidInput, match="MWS"):
        with_client_secret(account, "second", NOON)


@pytest.mark.parametrize(
    ("left", "days", "level"),
    [
        (180 * DAY, 180, ExpiryLevel.FAR),
        (90 * DAY + timedelta(seconds=1), 90, ExpiryLevel.FAR),
        (90 * DAY, 90, ExpiryLevel.SOON),
        (14 * DAY + timedelta(seconds=1), 14, ExpiryLevel.SOON),
        (14 * DAY, 14, ExpiryLevel.URGENT),
        (timedelta(seconds=1), 0, ExpiryLevel.URGENT),
        (timedelta(), 0, ExpiryLevel.EXPIRED),
        (timedelta(seconds=-1), -1, ExpiryLevel.EXPIRED),
    ],
)
def test_an_expiry_is_told_from_90_days_ahead(
    left: timedelta, days: int, level: ExpiryLevel
) -> None:
    expiry = client_secret_expiry(changed(client_secret_expires_at=NOON + left), NOON)
    assert expiry is not None
    assert (expiry.days_left, expiry.level) == (days, level)


def test_an_unknown_expiry_is_not_guessed() -> None:
    assert client_secret_expiry(ACCOUNT, NOON) is None


def test_no_secret_is_shown() -> None:
    account = with_client_secret(ACCOUNT, "canary-second", NOON)
    shown = f"{account!r} {account.previous_client_secret!r} {account.account!r}"
    assert "shop-eu" in shown
    assert "canary" not in shown + repr(account.destination) + repr(of_amazon(credentials=MWS))

from collections.abc import Mapping

import click
import pytest

from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.cli.endpoint import _answered, _checked, account_parameters
from amazon_endpoint.cli.reply import Refused
from amazon_endpoint.errors import Later
from amazon_endpoint.settings import SettingInvalid, Settings, load
from tests.turned_clock import NOON, TurnedClock

SELLING_PARTNER = {
    "client_id": "an application",
    "client_secret": "a secret",
    "refresh_token": "a token",
}
MWS = {"aws_access_key": "a key", "secret_key": "a secret"}
SELLER = {"seller_id": "SELLER", "marketplace_id": "ATVPDKIKX0DER"}


def given(account: Mapping[str, str]) -> Settings:
    return load({f"AMAZON_ENDPOINT_{name.upper()}": value for name, value in account.items()})


@pytest.mark.parametrize("credentials", [SELLING_PARTNER, MWS])
def test_the_account_is_sent_as_a_hub_would(credentials: dict[str, str]) -> None:
    account = {**credentials, **SELLER, "services_host": "gateway.example"}
    sent = {f"amazon.{name}": value for name, value in account.items()}
    assert account_parameters(given(account)) == sent


@pytest.mark.parametrize(
    ("credentials", "name"),
    [
        *((SELLING_PARTNER, name) for name in (*SELLING_PARTNER, *SELLER)),
        *((MWS, name) for name in (*MWS, *SELLER)),
    ],
)
def test_what_is_missing_is_named(credentials: dict[str, str], name: str) -> None:
    account = {**credentials, **SELLER}
    del account[name]
    with pytest.raises(SettingInvalid) as missing:
        account_parameters(given(account))
    assert missing.value.field == f"AMAZON_ENDPOINT_{name.upper()}"


def test_without_any_credentials_those_of_the_selling_partner_api_are_asked_for() -> None:
    with pytest.raises(SettingInvalid, match=r"AMAZON_ENDPOINT_CLIENT_ID, .*_REFRESH_TOKEN: Not"):
        account_parameters(given(SELLER))


@pytest.mark.parametrize(
    "url",
    ["https://shop.example", "http://127.0.0.1:8000", "http://localhost", "http://inside:8000"],
)
def test_secrets_travel_encrypted_on_this_machine_or_where_allowed(url: str) -> None:
    assert _checked(url, AllowedHosts(["inside:8000"])) == url


@pytest.mark.parametrize(
    "url", ["http://shop.example", "http://inside:8001", "shop.example", "ftp://shop.example", ""]
)
def test_secrets_travel_nowhere_else(url: str) -> None:
    with pytest.raises(click.UsageError):
        _checked(url, AllowedHosts(["inside:8000"]))


def test_a_delay_is_a_moment_to_come_back_at() -> None:
    with pytest.raises(Later) as later:
        _answered(b'{"message_id": "1", "delay": 60}', TurnedClock())
    assert later.value.not_before is not None
    assert (later.value.not_before - NOON).total_seconds() == 60


@pytest.mark.parametrize(
    "answer",
    [b"<html>", b'{"message_id": "\xff"}', b'{"message_id": "1", "a": ' + b"[" * 5_000],
    ids=["html", "no text", "nested"],
)
def test_an_answer_that_is_no_reply_is_told(answer: bytes) -> None:
    with pytest.raises(Refused, match="no endpoint's answer"):
        _answered(answer, TurnedClock())

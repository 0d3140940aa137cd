import click
import pytest

from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.cli.endpoint import _answered, _checked, account_parameters
from amazon_endpoint.cli.reply import Refused
from amazon_endpoint.errors import Later
from amazon_endpoint.settings import SettingInvalid, Settings
from tests.turned_clock import NOON, TurnedClock

ACCOUNT = {
    "client_id": "an application",
    "client_secret": "a secret",
    "refresh_token": "a token",
    "seller_id": "SELLER",
    "marketplace_id": "ATVPDKIKX0DER",
}


def test_the_account_is_sent_as_a_hub_would() -> None:
    parameters = account_parameters(Settings(**ACCOUNT))  # type: ignore[arg-type]
    assert parameters == {f"amazon.{name}": value for name, value in ACCOUNT.items()}


@pytest.mark.parametrize("name", ACCOUNT)
def test_what_is_missing_is_named(name: str) -> None:
    given = {**ACCOUNT, name: None}
    with pytest.raises(SettingInvalid) as missing:
        account_parameters(Settings(**given))  # type: ignore[arg-type]
    assert missing.value.field == f"AMAZON_ENDPOINT_{name.upper()}"


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


def test_an_answer_that_is_no_reply_is_told() -> None:
    with pytest.raises(Refused, match="no endpoint's answer"):
        _answered(b"<html>", TurnedClock())

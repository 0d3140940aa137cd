"""Credentials tell accounts apart, and show nothing."""

import msgspec
import pytest

from amazon_endpoint.amazon.connect import decode_credentials, generation_of
from amazon_endpoint.amazon.mws.credentials import MwsCredentials
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials

KEYS = MwsCredentials(access_key_id="AKIDEXAMPLE", secret_key="hidden", seller_id="A1")


@pytest.mark.parametrize("changes", [{"seller_id": "A2"}, {"auth_token": "amzn.mws.example"}])
def test_each_authorisation_is_an_account_of_its_own(changes: dict[str, str]) -> None:
    assert msgspec.structs.replace(KEYS, **changes).account != KEYS.account


def test_new_keys_are_the_same_account() -> None:
    renewed = msgspec.structs.replace(KEYS, access_key_id="AKIDOTHER", secret_key="other")

    assert renewed.account == KEYS.account


@pytest.mark.parametrize(
    "changes", [{"seller_id": "A2"}, {"access_key_id": "AKIDOTHER"}, {"secret_key": "other"}]
)
def test_what_is_sealed_for_one_seller_opens_for_no_other(changes: dict[str, str]) -> None:
    assert msgspec.structs.replace(KEYS, **changes).secret != KEYS.secret


def test_a_key_is_never_shown() -> None:
    assert "hidden" not in repr(KEYS)
    assert "AKIDEXAMPLE" not in repr(KEYS)


@pytest.mark.parametrize(
    ("kept", "credentials", "generation"),
    [
        (
            b'{"type":"sp-api","client_id":"a","client_secret":"b","refresh_token":"c"}',
            SellingPartnerCredentials(client_id="a", client_secret="b", refresh_token="c"),
            "SP-API",
        ),
        (
            b'{"type":"mws","access_key_id":"AKIDEXAMPLE","secret_key":"hidden","seller_id":"A1"}',
            KEYS,
            "MWS",
        ),
    ],
)
def test_credentials_are_kept_under_their_generations_tag(
    kept: bytes, credentials: MwsCredentials | SellingPartnerCredentials, generation: str
) -> None:
    assert decode_credentials(kept) == credentials
    assert decode_credentials(msgspec.json.encode(credentials)) == credentials
    assert generation_of(credentials).name == generation

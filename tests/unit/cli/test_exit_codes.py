import pytest

from amazon_endpoint.cli.exit_codes import exit_code, told
from amazon_endpoint.errors import (
    CredentialsRefused,
    EndpointError,
    InvalidInput,
    OrderNotFound,
    ShipmentRefused,
    Throttled,
)
from amazon_endpoint.settings import SettingInvalid


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Throttled(), 75),
        (OrderNotFound(), 1),
        (ShipmentRefused("No.", field="payload.shipment.items"), 1),
        (InvalidInput("Not ours.", field="amazon.resume"), 1),
        (InvalidInput("No such status.", field="amazon.statuses"), 2),
        (SettingInvalid("No such setting.", field="AMAZON_ENDPOINT_TOKN"), 2),
        (CredentialsRefused("Refused.", field="amazon.refresh_token"), 2),
    ],
)
def test_the_exit_code_tells_who_has_to_act(error: EndpointError, code: int) -> None:
    assert exit_code(error) == code


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("amazon.client_id", "AMAZON_ENDPOINT_CLIENT_ID: Missing."),
        ("amazon.last_updated_after", "--since: Missing."),
        ("account.poll_every", "--every: Missing."),
        ("destination.secrets[1]", "AMAZON_ENDPOINT_DESTINATION_SECRET: Missing."),
        ("amazon.resume", "amazon.resume: Missing."),
        ("payload.shipment", "payload.shipment: Missing."),
        (None, "Missing."),
    ],
)
def test_parameters_are_named_as_they_were_given(field: str | None, words: str) -> None:
    assert told(InvalidInput("Missing.", field=field)) == words

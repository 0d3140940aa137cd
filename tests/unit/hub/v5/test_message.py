import json

import pytest

from amazon_endpoint.hub.errors import NotAMessage
from amazon_endpoint.hub.v5.message import Service, decode
from tests.contract import published


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("order_poll", Service.ORDER_POLL),
        ("import_by_number", Service.IMPORT_BY_NUMBER),
        ("shipment_confirm", Service.SHIPMENT_CONFIRM),
        ("feed_status", Service.FEED_STATUS),
    ],
)
def test_the_published_requests_are_messages(name: str, service: Service) -> None:
    body = published(f"{name}.request")

    message = decode(body)

    assert message.message == service
    assert message.message_id == json.loads(body)["message_id"]
    assert message.payload == json.loads(body)["payload"]
    assert message.parameters == ()


def test_parameters_come_as_pairs_with_their_values_as_they_are() -> None:
    message = decode(
        b'{"message_id": "1", "payload": {"parameters": ['
        b'{"name": "amazon.seller_id", "value": "X", "data_type": "string"},'
        b'{"name": "amazon.carrier_lookup", "value": [{"a": 1}]}, {"name": "n", "value": null}]}}'
    )

    assert message.parameters == (
        ("amazon.seller_id", "X"),
        ("amazon.carrier_lookup", [{"a": 1}]),
        ("n", None),
    )


def test_keys_beyond_the_format_are_ignored() -> None:
    message = decode(
        b'{"store_id": 7, "mapping": {}, "message_id": "1", "payload": {"original": {}}, "x": null}'
    )

    assert message.message_id == "1"


@pytest.mark.parametrize("message", [b"null", b"7", b'{"a": 1}'])
def test_a_message_word_that_is_no_text_is_no_word(message: bytes) -> None:
    assert decode(b'{"message_id": "1", "payload": {}, "message": %s}' % message).message is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"message_id": "1", "payload": {"amount": NaN}}',
        b'{"message_id": "\xff", "payload": {}}',
        b'{"message_id": "1", "payload": {}} more',
        '{"message_id": "1", "payload": {}}'.encode("utf-16"),
        b'{"message_id": "\\ud800", "payload": {}}',
        b'{"message_id": "1", "payload": {"n": 1' + b"0" * 5000 + b"}}",
        b'{"message_id": "1", "payload": {"n": 1e99999999999999999999}}',
        b"[" * 200_000,
        b"[" * 200_000 + b"]" * 200_000,
        b'{"message_id": "1", "payload": {"n": ' + b"[" * 70 + b"]" * 70 + b"}}",
        b"[]",
        b"null",
        b'"text"',
        b'{"payload": {}}',
        b'{"message_id": null, "payload": {}}',
        b'{"message_id": "", "payload": {}}',
        b'{"message_id": 7, "payload": {}}',
        b'{"message_id": "1"}',
        b'{"message_id": "1", "payload": null}',
        b'{"message_id": "1", "payload": []}',
        b'{"message_id": "1", "payload": {"parameters": null}}',
        b'{"message_id": "1", "payload": {"parameters": {}}}',
        b'{"message_id": "1", "payload": {"parameters": ["x"]}}',
        b'{"message_id": "1", "payload": {"parameters": [{"value": 1}]}}',
        b'{"message_id": "1", "payload": {"parameters": [{"name": 1, "value": 1}]}}',
        b'{"message_id": "1", "payload": {"parameters": [{"name": "a"}]}}',
    ],
    ids=lambda body: repr(body[:60]),
)
def test_anything_else_is_not_a_message(body: bytes) -> None:
    with pytest.raises(NotAMessage):
        decode(body)


def test_a_payload_of_ordinary_depth_is_read() -> None:
    decode(b'{"message_id": "1", "payload": {"n": ' + b"[" * 50 + b"]" * 50 + b"}}")


def test_a_message_never_shows_its_payload() -> None:
    message = decode(
        b'{"message_id": "1", "payload": {"buyer": "hidden", "parameters": '
        b'[{"name": "amazon.client_secret", "value": "hidden"}]}}'
    )

    assert "hidden" not in repr(message)

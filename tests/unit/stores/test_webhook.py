"""Webhooks: the contract's message, under signatures that the public library accepts."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from amazon_endpoint.stores.port import MessageKind
from amazon_endpoint.stores.webhook import sign, signing_key, write_message
from tests.contract import published
from tests.unit.hub.examples import order
from tests.unit.stores.examples import OLD_SECRET, SECRET, order_delivery, shipment_delivery

BODY = b'{"message":"order:import"}'
SENT = datetime(2026, 11, 1, 12, tzinfo=UTC)
TIMESTAMP = int(SENT.timestamp())


def headers(*secrets: str, webhook_id: str = "msg_1", body: bytes = BODY) -> dict[str, str]:
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(TIMESTAMP),
        "webhook-signature": sign(map(signing_key, secrets), webhook_id, TIMESTAMP, body),
    }


@time_machine.travel(SENT, tick=False)
@given(
    body=st.text().map(lambda text: json.dumps(text, ensure_ascii=False)),
    webhook_id=st.from_regex(r"[a-zA-Z0-9_-]{1,60}", fullmatch=True),
    key=st.binary(min_size=24, max_size=64),
)
def test_the_public_library_accepts_our_signature(body: str, webhook_id: str, key: bytes) -> None:
    try:
        content = body.encode()
    except UnicodeEncodeError:
        return
    secret = f"whsec_{b64encode(key).decode()}"

    read = Webhook(secret).verify(content, headers(secret, webhook_id=webhook_id, body=content))

    assert read == json.loads(body)


@time_machine.travel(SENT, tick=False)
@pytest.mark.parametrize("known", [SECRET, OLD_SECRET])
def test_during_a_change_of_secrets_either_is_enough(known: str) -> None:
    Webhook(known).verify(BODY, headers(SECRET, OLD_SECRET))


@time_machine.travel(SENT, tick=False)
def test_a_secret_that_was_given_up_signs_no_more() -> None:
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(OLD_SECRET).verify(BODY, headers(SECRET))


@time_machine.travel(SENT, tick=False)
@pytest.mark.parametrize(
    "forged",
    [{"webhook-id": "msg_2"}, {"webhook-timestamp": str(TIMESTAMP + 1)}],
    ids=["another id", "another time"],
)
def test_id_and_time_are_signed(forged: dict[str, str]) -> None:
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(SECRET).verify(BODY, headers(SECRET) | forged)


@time_machine.travel(SENT, tick=False)
def test_the_body_is_signed() -> None:
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(SECRET).verify(BODY + b" ", headers(SECRET))


@pytest.mark.parametrize(("minute", "told"), [(54, "too new"), (6, "too old")])
def test_a_message_of_another_time_is_no_good(minute: int, told: str) -> None:
    now = SENT.replace(hour=11 if minute > 30 else 12, minute=minute)

    with time_machine.travel(now, tick=False), pytest.raises(WebhookVerificationError, match=told):
        Webhook(SECRET).verify(BODY, headers(SECRET))


def message(body: bytes) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(body)
    return read


def test_the_published_order_comes_out_to_the_letter() -> None:
    expected = json.loads(published("import_by_number.response"))["messages"][0]

    ours = message(write_message(order_delivery()))

    assert json.dumps(ours) == json.dumps(
        {"message": "order:import", "message_id": "msg_1", "payload": expected["payload"]}
    )


@pytest.mark.parametrize(
    "kind", [MessageKind.ORDER_IMPORT, MessageKind.ORDER_UPDATE, MessageKind.ORDER_CANCEL]
)
def test_the_message_says_what_happened(kind: MessageKind) -> None:
    ours = message(write_message(order_delivery(kind, webhook_id="msg_7")))

    assert (ours["message"], ours["message_id"]) == (kind.value, "msg_7")
    assert ours["payload"]["order"]["number"] == "100-EXAMPLE-1000000"


def test_the_stores_shipping_method_is_named() -> None:
    ours = message(write_message(order_delivery(Standard="UPS Ground")))

    assert ours["payload"]["order"]["shipments"][0]["shipping_method"] == "UPS Ground"


def test_a_cancelled_order_without_prices_tells_what_is_known() -> None:
    cancelled = order(charges=None, status="Canceled")

    ours = message(write_message(order_delivery(MessageKind.ORDER_CANCEL, cancelled)))

    assert ours["payload"] == {
        "order": {
            "number": "100-EXAMPLE-1000000",
            "channel": "Amazon.com",
            "status": "Canceled",
            "placed_on": "2013-08-16T01:25:00Z",
            "updated_at": "2013-08-16T01:30:00Z",
        }
    }


def test_every_attempt_is_the_same_message() -> None:
    assert write_message(order_delivery()) == write_message(order_delivery())


@pytest.mark.parametrize(
    ("kind", "told", "payload"),
    [
        (MessageKind.SHIPMENT_CONFIRMED, {"feed_id": "7"}, {"feed_id": "7"}),
        (MessageKind.SHIPMENT_CONFIRMED, {}, {}),
        (
            MessageKind.SHIPMENT_REFUSED,
            {"feed_id": "7", "reason": "18028: wrong item"},
            {"feed_id": "7", "reason": "18028: wrong item"},
        ),
        (MessageKind.SHIPMENT_REFUSED, {"reason": "cancelled"}, {"reason": "cancelled"}),
    ],
    ids=["by feed", "without a feed", "refused by a feed's report", "refused before any feed"],
)
def test_what_became_of_a_shipment_is_told(
    kind: MessageKind, told: dict[str, str], payload: dict[str, str]
) -> None:
    shipment = {"shipment": {"number": "H1", "order_number": "100-EXAMPLE-1000000"}}

    assert message(write_message(shipment_delivery(kind, **told))) == {
        "message": kind.value,
        "message_id": "msg_1",
        "payload": shipment | payload,
    }

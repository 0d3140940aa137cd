"""What a confirmation needs follows from how far it came, and from when it was sent."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_endpoint.services.confirmations import (
    Channel,
    Confirmation,
    ConfirmationKey,
    ConfirmationState,
)
from amazon_endpoint.services.next_step import (
    Confirmed,
    ConfirmOutcome,
    Step,
    Submitted,
    Wait,
    content_digest,
    is_package_number,
    next_step,
    package_number,
)
from amazon_endpoint.shipments import Shipment, ShipmentItem
from tests.turned_clock import NOON

PREPARED = Confirmation(
    key=ConfirmationKey("SELLER1", "111-2222222-3333333", "H1", "digest"),
    reference="1",
    message_id="1",
    shipped_at=NOON,
    items=(),
    channel=Channel.FEED,
    state=ConfirmationState.PREPARED,
    created_at=NOON,
)


@pytest.mark.parametrize(
    ("state", "feed_id", "seconds", "step"),
    [
        ("prepared", None, 0, Step.SEND),
        ("sending", None, 179, Wait),
        ("sending", None, 180, Step.CHECK),
        ("uncertain", None, 119, Wait),
        ("uncertain", None, 120, Step.CHECK),
        ("refused", "7001", 0, Step.RETRY),
        ("submitted", "7001", 0, Submitted("7001")),
        ("confirmed", "7001", 10**8, Submitted("7001")),
        ("confirmed", None, 0, Confirmed()),
    ],
)
def test_each_state_has_its_step(
    state: str, feed_id: str | None, seconds: int, step: ConfirmOutcome | Step | type[Wait]
) -> None:
    confirmation = msgspec.structs.replace(
        PREPARED, state=ConfirmationState(state), feed_id=feed_id, sent_at=NOON
    )
    found = next_step(confirmation, NOON + timedelta(seconds=seconds))
    if step is Wait:
        assert isinstance(found, Wait)
        assert found.not_before == NOON + timedelta(seconds=seconds + 1)
    else:
        assert found == step


def test_what_was_never_seen_begins() -> None:
    assert next_step(None, NOON) is Step.BEGIN


SHIPMENT = Shipment(
    number="H1",
    order_number="111-2222222-3333333",
    tracking="1Z",
    shipping_method="UPS Ground",
    shipped_at=NOON,
    items=(ShipmentItem(sku="MUG", quantity=1), ShipmentItem(sku="CUP", quantity=2)),
)


@pytest.mark.parametrize(
    "changes",
    [
        {"updated_at": NOON + timedelta(days=1)},
        {"items": SHIPMENT.items[::-1]},
        {"shipped_at": NOON.astimezone(timezone(timedelta(hours=9)))},
        {"shipped_at": datetime(2026, 10, 1, tzinfo=UTC)},
        {"shipped_at": None},
        {"tracking": "1 z"},
    ],
)
def test_what_amazon_is_not_told_is_no_new_content(changes: dict[str, object]) -> None:
    assert content_digest(msgspec.structs.replace(SHIPMENT, **changes)) == content_digest(SHIPMENT)


@pytest.mark.parametrize(
    "changes",
    [
        {"tracking": "1Y"},
        {"carrier": "UPS"},
        {"shipping_method": "UPS Next Day"},
        {"items": SHIPMENT.items[:1]},
        {"items": (ShipmentItem(sku="MUG", quantity=2), SHIPMENT.items[1])},
    ],
)
def test_what_amazon_is_told_is_the_content(changes: dict[str, object]) -> None:
    assert content_digest(msgspec.structs.replace(SHIPMENT, **changes)) != content_digest(SHIPMENT)


@given(st.text(), st.text())
def test_a_package_number_is_positive_of_18_digits_and_always_the_same(
    order: str, shipment: str
) -> None:
    number = package_number(order, shipment)
    assert number == package_number(order, shipment)
    assert 10**17 <= int(number) < 10**18
    assert is_package_number(number)


@pytest.mark.parametrize("reference", ["1", "12", "", "abc", "1234567890123456789"])
def test_what_others_call_a_package_is_no_package_number(reference: str) -> None:
    assert not is_package_number(reference)


def test_a_package_number_tells_order_and_shipment_apart() -> None:
    pairs = [("1", "23"), ("12", "3"), ("123", ""), ("", "123"), ("3", "12")]
    assert len({package_number(*pair) for pair in pairs}) == len(pairs)


def test_a_package_number_stays_the_same_from_release_to_release() -> None:
    assert package_number("111-2222222-3333333", "H1") == "479066760248395668"

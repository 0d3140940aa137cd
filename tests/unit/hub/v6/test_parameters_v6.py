from typing import Any

import pytest

from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.hub.v6.parameters import CURSOR, RESUME, read

NOON = "2026-11-01T12:00:00Z"


def test_names_come_with_and_without_the_prefix() -> None:
    given = read({"amazon.client_id": "a", "refresh_token": "b"})
    assert given.parameters.values == {"amazon.client_id": "a", "amazon.refresh_token": "b"}


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("merchant_id", "amazon.seller_id"),
        ("amazon.merchant_id", "amazon.seller_id"),
        ("aws_access_key_id", "amazon.aws_access_key"),
        ("access_key", "amazon.aws_access_key"),
        ("secret_key", "amazon.secret_key"),
        ("amazon_orders_last_polling_datetime", CURSOR),
        ("since", CURSOR),
    ],
)
def test_flowlinks_names_are_understood(name: str, full: str) -> None:
    assert read({name: "x"}).parameters.values == {full: "x"}


def test_one_parameter_under_two_names_has_to_have_one_value() -> None:
    same = read({"merchant_id": "A1", "amazon.seller_id": "A1", "seller_id": " "})
    assert same.parameters.values == {"amazon.seller_id": "A1"}
    with pytest.raises(InvalidInput) as raised:
        read({"merchant_id": "A1", "amazon.seller_id": "A2"})
    assert raised.value.field == "amazon.seller_id"


def test_of_several_cursors_the_first_that_is_filled_counts() -> None:
    given = {"since": "3", "amazon_orders_last_polling_datetime": "2", "last_updated_after": ""}
    assert read(given).parameters.values == {CURSOR: "2"}
    with pytest.raises(InvalidInput):
        read({"since": "3", "amazon.since": "4"})


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_cursor_is_none(blank: Any) -> None:
    assert not read({"since": blank}).has_cursor
    assert read({"since": NOON}).has_cursor


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        ({"amazon.seller_id": "A1", CURSOR: NOON}, {CURSOR, RESUME}),
        ({"seller_id": "A1"}, {"last_updated_after", "resume"}),
        ({"seller_id": "A1", "since": ""}, {"since", "resume"}),
        (
            {"seller_id": "A1", "since": NOON, "last_updated_after": ""},
            {"since", "last_updated_after", "resume"},
        ),
        ({"merchant_id": "A1"}, {"amazon_orders_last_polling_datetime", "resume"}),
        ({"merchant_id": "A1", "since": NOON, "resume": "w1."}, {"since", "resume"}),
    ],
)
def test_parameters_go_back_under_the_names_they_came_by(
    sent: dict[str, Any], returned: set[str]
) -> None:
    named = read(sent).named({CURSOR: NOON, RESUME: "", "amazon.seen": None})
    assert named.keys() == returned
    assert named.pop(next(name for name in named if name.endswith("resume"))) == ""
    assert set(named.values()) == {NOON}

"""Whatever a hub posts is a message or is not, and is usable or names what is not."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.hub import parameters
from amazon_endpoint.hub.errors import NotAMessage
from amazon_endpoint.hub.v5 import reply
from amazon_endpoint.hub.v5.message import Message, decode
from amazon_endpoint.hub.v5.requests import (
    read_by_number,
    read_confirm,
    read_feed_status,
    read_poll,
)
from amazon_endpoint.money import minor_digits
from tests.unit.hub.examples import PARAMETERS, message, order, parts

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

numbers = st.one_of(
    st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.just(10**400)
)
scalars = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=20))
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def keyed(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of `keys`, holding anything."""
    return st.dictionaries(st.sampled_from(keys), values)


def refused_field(read: Callable[[], object]) -> str | None:
    """The field that `read` refuses, if it does."""
    try:
        read()
    except InvalidInput as invalid:
        return invalid.field or "none is named"
    return None


bodies = st.one_of(
    st.binary(max_size=200),
    st.text(alphabet='{}[]",:\\ud80ntfe19.-+ ', max_size=60).map(lambda text: text.encode()),
    values.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {"message_id": st.one_of(st.text(), scalars), "payload": keyed("parameters", "feed_id")}
    ).map(lambda value: json.dumps(value).encode()),
)


@given(bodies)
def test_any_body_is_a_message_or_not_a_message(body: bytes) -> None:
    try:
        read = decode(body)
    except NotAMessage:
        return
    assert isinstance(read, Message)
    assert json.loads(reply.delay_reply(read.message_id, 1))["message_id"] == read.message_id


@given(st.lists(st.tuples(st.sampled_from([*PARAMETERS, "amazon.resume", "amazon.seen",
    "amazon.statuses", "amazon.fulfilled_by", "amazon.services_host", "amazon.aws_access_key",
    "amazon.shipping_method_lookup", "amazon.carrier_lookup"]), values), max_size=12))  # fmt: skip
def test_any_parameters_are_values_or_invalid_input(pairs: list[tuple[str, Any]]) -> None:
    assert refused_field(lambda: parameters.read(pairs)) in {None, *dict(pairs)}
    read = parameters.read(dict(pairs).items())
    for reader in (
        read.account,
        lambda: read.updated_after(NOW),
        read.resume,
        read.seen,
        read.statuses,
        read.fulfilled_by,
        read.shipping_methods,
        read.carriers,
    ):
        assert (refused_field(reader) or "amazon.").startswith("amazon.")


shipments = keyed("number", "order_number", "tracking", "items", "shipped_at", "updated_at")
items = st.lists(keyed("sku", "external_ref", "quantity"), min_size=1, max_size=3)
nearly = st.builds(
    lambda read, listed: {
        "number": "H1",
        "order_number": "100-EXAMPLE-1000000",
        "tracking": "T1",
        "items": listed,
        **read,
    },
    keyed("carrier", "shipping_method", "shipped_at", "shipped_date"),
    items,
)
payloads = st.fixed_dictionaries(
    {}, optional={"feed_id": values, "amazon_order_id": values, "shipment": shipments | nearly}
)


@given(payloads)
def test_any_payload_is_a_request_or_invalid_input(payload: dict[str, Any]) -> None:
    posted = message(payload)
    for read in (
        lambda: read_poll(posted, NOW),
        lambda: read_by_number(posted),
        lambda: read_confirm(posted, NOW),
        lambda: read_feed_status(posted),
    ):
        assert (refused_field(read) or "payload.").startswith("payload.")


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=2), st.integers(-100, 100))
def test_the_written_totals_add_up(currency: str, amounts: list[int], off: int) -> None:
    digits = minor_digits(currency)

    def amount(units: int) -> str:
        return f"{units / 10**digits:.{digits}f}"

    one = order(
        *(parts(amount(units)) for units in amounts),
        total=amount(sum(amounts) + off),
        currency=currency,
    )

    body = reply.orders_reply("1", reply.write_orders([one], shipping_methods={}))

    read = msgspec.json.decode(body)["messages"][0]["payload"]["order"]

    def units(value: Any) -> int:
        whole: int = round(value * 10**digits)
        return whole

    totals = {name: units(value) for name, value in read["totals"].items()}
    assert totals["item"] + totals["adjustment"] + totals["shipping"] == totals["order"]
    assert totals["item"] == sum(units(line["price"]) for line in read["line_items"])
    assert totals["adjustment"] == sum(units(row["value"]) for row in read["adjustments"])
    assert totals["order"] == sum(amounts) + off

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from amazon_endpoint.errors import InvalidInput, ShipmentRefused, Throttled
from amazon_endpoint.feeds import FeedReport, FeedResult, FeedState, FeedStatus
from amazon_endpoint.hub.v6 import reply
from amazon_endpoint.hub.v6.requests import NotToConfirm
from amazon_endpoint.orders import Order
from amazon_endpoint.shipments import Shipment
from tests.integration.endpoint_v6.hubs import check_schema
from tests.unit.hub.examples import order

SENT = Shipment(number="H1", order_number="100-EXAMPLE-1000000", tracking="1Z", items=())


def read(body: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(body)
    return answer


def orders(*brought: Order, request_id: int | str = "1", **more: Any) -> bytes:
    written = reply.write_orders(brought, shipping_methods={})
    return reply.orders_reply(request_id, written, **more)


def feed(state: FeedState, word: str | None = None, report: FeedReport | None = None) -> bytes:
    status = FeedStatus(feed_id="77", state=state, state_word=word or state.value)
    return reply.feed_reply("1", FeedResult(status=status, report=report), shipments={})


@pytest.mark.parametrize(
    "body",
    [
        orders(),
        orders(order(), parameters={"since": "x"}),
        reply.submitted_reply("1", SENT, "77"),
        reply.confirmed_reply("1", SENT),
        reply.not_to_confirm_reply("1", NotToConfirm(number="1", order_number="2", reason="is")),
        feed(FeedState.IN_QUEUE),
        feed(FeedState.FATAL),
    ],
)
def test_every_answer_passes_cangaroos_schema(body: bytes) -> None:
    answer = read(body)
    check_schema(answer)
    assert answer["request_id"] == "1"
    assert answer["summary"].endswith(".")


def test_nothing_new_is_an_empty_array() -> None:
    assert read(orders(request_id=7)) == {
        "request_id": 7,
        "summary": "Received 0 order(s).",
        "orders": [],
    }


def test_the_summary_tells_what_a_person_has_to_know() -> None:
    answer = read(
        orders(
            order(),
            order(number="100-EXAMPLE-2000000", charges=None),
            since=datetime(2026, 11, 1, tzinfo=UTC),
            unfinished=True,
            not_before=datetime(2026, 11, 2, tzinfo=UTC),
        )
    )
    assert len(answer["orders"]) == 1
    for told in (
        "Received 1 order(s).",
        "orders updated since 2026-11-01T00:00:00Z are read.",
        "Warning: Amazon states no prices yet for order 100-EXAMPLE-2000000",
        "goes on with this window, at the earliest at 2026-11-02T00:00:00Z.",
    ):
        assert told in answer["summary"]


def test_no_summary_holds_a_buyers_data() -> None:
    summary = read(orders(order()))["summary"]
    assert not any(word in summary for word in ("Patrick", "Cook", "edwards", "ceth5ni9"))


def test_an_answer_to_a_shipment_holds_no_shipments_and_one_to_a_feed_no_feeds() -> None:
    assert "shipments" not in read(reply.submitted_reply("1", SENT, "77"))
    assert "feeds" not in read(feed(FeedState.IN_PROGRESS))


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (FeedState.IN_QUEUE, "Amazon is not done with it."),
        (FeedState.IN_PROGRESS, "Amazon is not done with it."),
        (FeedState.CANCELLED, "Error: Amazon cancelled feed #77"),
        (FeedState.FATAL, "Error: Amazon gave up on feed #77"),
        (FeedState.DONE, "Warning: Amazon is done with feed #77 but has no report of it."),
    ],
)
def test_a_feeds_state_is_in_the_summary(state: FeedState, told: str) -> None:
    answer = read(feed(state))
    assert answer["summary"].startswith(f"Feed #77 is {state}. {told}")
    assert answer["feed_results"] == [{"id": "77", "status": state}]


def test_a_feeds_counts_are_its_reports() -> None:
    report = FeedReport(processed=3, successful=2, with_error=1, with_warning=0)
    (result,) = read(feed(FeedState.DONE, "_DONE_", report))["feed_results"]
    assert result == {
        "id": "77",
        "status": "DONE",
        "processed": 3,
        "successful": 2,
        "failed": 1,
    }


def test_a_state_that_nobody_knows_is_told_in_amazons_word() -> None:
    answer = read(feed(FeedState.UNKNOWN, "ON_HOLIDAY"))
    assert answer["summary"].startswith("Feed #77 is ON_HOLIDAY. Amazon is not done with it.")
    assert answer["feed_results"][0]["status"] == "ON_HOLIDAY"


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("payload.amazon_order_id", "order.id"),
        ("payload.feed_id", "feed.id"),
        ("payload.shipment", "shipment"),
        ("payload.shipment.order_number", "shipment.order_id"),
        ("payload.shipment.tracking", "shipment.tracking"),
        ("payload.shipment.items[2].sku", "shipment.items.product_id"),
        ("payload.shipment.items[2].quantity", "shipment.items.quantity"),
        ("shipment.items[2].quantity", "shipment.items[2].quantity"),
        ("amazon.seller_id", "amazon.seller_id"),
    ],
)
def test_errors_name_the_fields_of_this_format(field: str, told: str) -> None:
    answer = read(reply.error_reply("1", ShipmentRefused("No.", field=field)))
    assert answer == {"request_id": "1", "summary": f"Error: {told}: No."}


def test_errors_without_a_field_and_those_that_waiting_mends() -> None:
    error = InvalidInput("No.", request_id="amzn-1")
    summary = read(reply.error_reply("1", error))["summary"]
    assert summary == "Error: No. (Amazon request id amzn-1)"
    assert read(reply.error_reply("1", Throttled("Busy.")))["summary"] == "Not now: Busy."


def test_a_failure_without_a_usable_id_has_none() -> None:
    assert read(reply.failure_reply(None, "No.")) == {"summary": "No."}

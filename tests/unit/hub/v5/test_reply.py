import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from amazon_endpoint.amazon.port import UnreadableOrder
from amazon_endpoint.errors import (
    AmazonRefused,
    CredentialsRefused,
    EndpointError,
    InvalidInput,
    OrderNotFound,
    PageRepeated,
    ShipmentRefused,
    Throttled,
)
from amazon_endpoint.feeds import (
    FeedReport,
    FeedResult,
    FeedState,
    FeedStatus,
    MessageOutcome,
    MessageResult,
)
from amazon_endpoint.hub.notifications import Notification
from amazon_endpoint.hub.v5 import reply
from amazon_endpoint.orders import Order
from tests.contract import published
from tests.unit.hub.examples import ADDRESS, order, parts


def told(body: bytes) -> list[tuple[str, str, str]]:
    """The notifications of a reply."""
    notifications = json.loads(body).get("notifications", [])
    return [(one["level"], one["subject"], one["description"]) for one in notifications]


def poll(*orders: Order, **more: Any) -> bytes:
    unreadable = more.pop("unreadable", ())
    written = reply.write_orders(orders, shipping_methods={}, unreadable=unreadable)
    return reply.orders_reply("1234567", written, **more)


def feed(state: FeedState = FeedState.DONE, report: FeedReport | None = None) -> FeedResult:
    status = FeedStatus(feed_id="7891011", state=state, state_word=state.value)
    return FeedResult(status=status, report=report)


def report(*results: MessageResult, processed: int = 1, **counts: int) -> FeedReport:
    known = {"successful": processed, "with_error": 0, "with_warning": 0, **counts}
    return FeedReport(processed=processed, results=results, **known)


def result(message_id: str, outcome: MessageOutcome = MessageOutcome.ERROR) -> MessageResult:
    return MessageResult(
        message_id=message_id,
        outcome=outcome,
        code="18021",
        description="The quantity is larger than what can be fulfilled.",
        order_number=None,
    )


def same(ours: bytes, name: str, **message_id: str) -> bool:
    """Whether a reply is the published one: keys in the same order, numbers of the same type."""
    law = json.loads(published(name))
    return json.dumps(json.loads(ours)) == json.dumps({**law, **message_id})


def test_the_published_poll_comes_out_to_the_letter() -> None:
    one = order()

    assert same(poll(one, cursor=one.updated_at), "order_poll.response")


def test_the_published_import_comes_out_to_the_letter() -> None:
    ours = poll(order())

    assert same(ours, "import_by_number.response")


def test_the_published_confirmation_comes_out_to_the_letter() -> None:
    assert same(reply.confirm_reply("123456", "123456"), "shipment_confirm.response")


def test_the_published_feed_status_comes_out_to_the_letter() -> None:
    ours = reply.feed_reply("123456", feed(report=report()))

    assert same(ours, "feed_status.response")


def test_a_poll_without_orders_is_its_message_id_alone() -> None:
    assert json.loads(poll()) == {"message_id": "1234567"}


@pytest.mark.parametrize("message_id", ["!23456", "", "ünï\u2028\0", "x" * 10_000])
def test_the_message_id_is_echoed_as_it_is(message_id: str) -> None:
    assert json.loads(reply.delay_reply(message_id, 1))["message_id"] == message_id


def test_what_the_next_poll_needs_is_given_to_the_hub() -> None:
    cursor = datetime(2026, 11, 1, 0, 0, 0, 900_000, tzinfo=UTC)

    body = json.loads(poll(order(), cursor=cursor, resume="", seen="digests"))

    assert body["parameters"] == [
        {"name": "amazon.last_updated_after", "value": "2026-11-01T00:00:00Z"},
        {"name": "amazon.resume", "value": ""},
        {"name": "amazon.seen", "value": "digests"},
    ]


def test_an_unfinished_window_names_the_earliest_next_poll() -> None:
    body = poll(
        order(),
        resume="sealed",
        unfinished=True,
        not_before=datetime(2026, 11, 1, 0, 3, tzinfo=UTC),
    )

    assert json.loads(body)["parameters"] == [{"name": "amazon.resume", "value": "sealed"}]
    assert "delay" not in json.loads(body)
    [(level, _, description)] = told(body)
    assert level == "info"
    assert "2026-11-01T00:03:00Z" in description


def test_a_window_that_amazon_cut_short_is_not_said_to_lack_quota() -> None:
    [(_, _, description)] = told(poll(order(), unfinished=True, amazon_failed=True))

    assert description.startswith("Amazon did not answer as it should;")
    assert "quota" not in description


def test_what_cut_a_window_short_is_told() -> None:
    [(level, subject, _)] = told(poll(order(), problem=PageRepeated()))

    assert (level, subject) == ("error", "Page repeated")


def test_an_order_without_prices_is_told_and_not_imported() -> None:
    unpriced = order(number="100-PENDING-0000001", charges=None, status="Pending")

    body = poll(unpriced, order())

    assert len(json.loads(body)["messages"]) == 1
    [(level, _, description)] = told(body)
    assert level == "warn"
    assert "100-PENDING-0000001" in description


def test_an_order_without_prices_asked_for_by_number_says_to_try_later() -> None:
    body = poll(order(charges=None))

    assert "messages" not in json.loads(body)
    [(level, _, description)] = told(body)
    assert level == "warn"
    assert "try again later" in description


def test_an_order_whose_prices_can_not_be_used_is_told_with_what_is_wrong() -> None:
    remark = "Of item 2, an amount in CAD is left out: the order is in USD."

    unusable, waiting = order(charges=None, remarks=(remark,)), order(charges=None)

    [later, wrong] = told(poll(unusable, waiting))
    assert later[1] == "Not priced yet"
    assert wrong[:2] == ("warn", "Not priced")
    assert f"Order {unusable.number} is not imported" in wrong[2]
    assert remark in wrong[2]
    assert "later poll" not in wrong[2]


@pytest.mark.parametrize(
    "broken",
    [
        order(currency="USD", items=()),
        order(channel="\ud800"),
        order(parts("1" * 30)),
    ],
    ids=["items without their charges", "text that is none", "more digits than there are"],
)
def test_an_order_that_can_not_be_written_stops_no_other(broken: Order) -> None:
    broken = msgspec.structs.replace(broken, number="100-BROKENX-0000001")

    body = poll(order(), broken, order())

    assert len(json.loads(body)["messages"]) == 2
    [(level, subject, description)] = told(body)
    assert (level, subject) == ("warn", "Order not imported")
    assert "100-BROKENX-0000001" in description


def test_unreadable_orders_are_told_with_their_reason() -> None:
    body = poll(
        unreadable=[
            UnreadableOrder("100-UNREADS-0000001", "It has no orderItems."),
            UnreadableOrder(None, "no orderId"),
        ]
    )

    first, second = told(body)
    assert "100-UNREADS-0000001" in first[2]
    assert "is not imported. It has no orderItems. Try" in first[2]
    assert "without a number" in second[2]


def test_of_many_orders_the_first_are_named() -> None:
    unpriced = [order(number=f"100-PENDING-{n:07}", charges=None) for n in range(313)]

    [(_, _, description)] = told(poll(*unpriced))

    assert "100-PENDING-0000009 and 303 more, not imported" in description
    assert "100-PENDING-0000010" not in description


def test_a_merchants_order_whose_address_was_refused_is_told() -> None:
    refused: dict[str, Any] = {"personal_data_refused": True, "shipping_address": None}
    orders = [
        order(number="100-REFUSED-0000001", **refused),
        order(number="100-REFUSED-0000002", **refused),
        order(number="100-AMAZONX-0000003", fulfilled_by="AMAZON", **refused),
    ]

    body = poll(*orders)

    assert len(json.loads(body)["messages"]) == 3
    [(level, subject, description)] = told(body)
    assert (level, subject) == ("warn", "Address refused")
    assert "orders 100-REFUSED-0000001, 100-REFUSED-0000002" in description
    assert "100-AMAZONX-0000003" not in description


@pytest.mark.parametrize("status", ["Unshipped", "PartiallyShipped"])
def test_an_order_to_ship_that_came_without_an_address_is_told(status: str) -> None:
    body = poll(order(shipping_address=None, status=status))

    assert len(json.loads(body)["messages"]) == 1
    [(level, subject, description)] = told(body)
    assert (level, subject) == ("warn", "No address")
    assert "100-EXAMPLE-1000000" in description
    assert "role" in description


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "Shipped"},
        {"status": "Canceled"},
        {"fulfilled_by": "AMAZON"},
        {"programs": ("IN_STORE_PICK_UP",)},
    ],
    ids=str,
)
def test_an_order_that_goes_nowhere_from_here_needs_no_address(changes: dict[str, Any]) -> None:
    assert told(poll(order(shipping_address=None, **changes))) == []


def test_a_notable_difference_is_told() -> None:
    [(level, subject, description)] = told(poll(order(total="66.5")))

    assert (level, subject) == ("warn", "Amazon Difference")
    assert "2.5" in description
    assert "USD" in description


def test_a_difference_of_a_cent_a_line_is_not_told() -> None:
    assert told(poll(order(total="64.02"))) == []


def test_remarks_are_told() -> None:
    [(level, _, description)] = told(poll(order(remarks=("The tip is still pending.",))))

    assert level == "info"
    assert description == "Order 100-EXAMPLE-1000000: The tip is still pending."


def test_notifications_hold_no_buyers_data() -> None:
    body = poll(
        order(personal_data_refused=True, total="99", remarks=("Kept.",)),
        order(charges=None),
        order(channel="\ud800"),
    )

    assert len(told(body)) == 5
    for value in ("Patrick", "Cook", *ADDRESS.lines, "ceth5ni9mo4whyc", "471-543-4073"):
        assert value not in json.dumps(told(body))


@pytest.mark.parametrize(
    ("seconds", "delay"),
    [(0, 1), (-5, 1), (0.2, 1), (1, 1), (119.01, 120), (120, 120), (3600, 3600), (1e9, 3600)],
)
def test_a_delay_is_whole_seconds_up_to_an_hour(seconds: float, delay: int) -> None:
    assert json.loads(reply.delay_reply("1", seconds)) == {"message_id": "1", "delay": delay}


@pytest.mark.parametrize(
    ("error", "subject", "description"),
    [
        (
            InvalidInput("Give text.", field="payload.feed_id"),
            "Invalid input",
            "payload.feed_id: Give text.",
        ),
        (ShipmentRefused("It is cancelled."), "Shipment refused", "It is cancelled."),
        (
            OrderNotFound("No such order.", request_id="r1"),
            "Order not found",
            "No such order. (Amazon request id r1)",
        ),
        (AmazonRefused("No."), "Amazon refused", "No."),
        (Throttled("Later."), "Try again later", "Later."),
        (EndpointError("Oh."), "Error", "Oh."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_a_notification_under_its_subject(
    error: EndpointError, subject: str, description: str
) -> None:
    body = reply.error_reply("1", error)

    assert set(json.loads(body)) == {"message_id", "notifications"}
    assert told(body) == [("error", subject, description)]


def test_refused_credentials_say_what_to_check() -> None:
    [(_, subject, description)] = told(reply.error_reply("1", CredentialsRefused()))

    assert subject == "Credentials refused"
    assert "amazon.refresh_token" in description


@pytest.mark.parametrize("name", ["amazon.resume", "amazon.seen"])
def test_an_unusable_value_of_ours_is_emptied_at_the_hub(name: str) -> None:
    body = json.loads(reply.error_reply("1", InvalidInput("Expired.", field=name)))

    assert body["parameters"] == [{"name": name, "value": ""}]


@pytest.mark.parametrize("state", [FeedState.IN_QUEUE, FeedState.IN_PROGRESS, FeedState.UNKNOWN])
def test_a_feed_in_progress_is_asked_for_again(state: FeedState) -> None:
    body = reply.feed_reply("1", feed(state))

    assert json.loads(body) == {"message_id": "1", "delay": 120}


@pytest.mark.parametrize("state", [FeedState.FATAL, FeedState.CANCELLED])
def test_a_feed_that_amazon_gave_up_is_an_error_that_says_what_to_do(state: FeedState) -> None:
    [(level, subject, description)] = told(reply.feed_reply("1", feed(state)))

    assert (level, subject) == ("error", "Feed Failed")
    assert "#7891011" in description
    assert "send the other shipments again" in description


def test_a_fatal_feeds_report_is_told_too() -> None:
    fatal = feed(FeedState.FATAL, report(result("1"), successful=0, with_error=1))

    assert [level for level, _, _ in told(reply.feed_reply("1", fatal))] == ["error", "error"]


@pytest.mark.parametrize(
    "unclear", [None, report(processed=0), report(processed=2, successful=1)], ids=repr
)
def test_a_feed_is_no_success_until_its_report_says_so(unclear: FeedReport | None) -> None:
    [(level, _, description)] = told(reply.feed_reply("1", feed(report=unclear)))

    assert level == "warn"
    assert "#7891011" in description


def test_a_warning_is_told_beside_the_success() -> None:
    warned = report(result("1", MessageOutcome.WARNING), successful=0, with_warning=1)

    first, second = told(
        reply.feed_reply("1", feed(report=warned), shipments={"1": ("100-EXAMPLE-1000000", "H1")})
    )

    assert first == ("info", "Feed Complete", "Succesfully processed feed #7891011")
    assert second[0] == "warn"
    assert "Order 100-EXAMPLE-1000000, shipment H1: 18021 The quantity" in second[2]


def test_an_error_names_the_counts_the_order_the_code_and_why() -> None:
    refused = msgspec.structs.replace(result("1"), order_number="103-6652650-4045858")
    failed = report(refused, successful=0, with_error=1)

    [(level, subject, description)] = told(reply.feed_reply("1", feed(report=failed)))

    assert (level, subject) == ("error", "Feed Failed")
    assert description == (
        "Feed #7891011: of 1 messages 0 succeeded, 1 failed. Order 103-6652650-4045858: 18021 "
        "The quantity is larger than what can be fulfilled."
    )


def test_partial_success_is_told_per_shipment() -> None:
    partly = report(result("2"), processed=3, successful=2, with_error=1)
    shipments = {
        "1": ("100-EXAMPLE-0000001", "H1"),
        "2": ("100-EXAMPLE-0000002", "H2"),
        "3": ("100-EXAMPLE-0000003", "H3"),
    }

    confirmed, refused = told(reply.feed_reply("1", feed(report=partly), shipments=shipments))

    assert confirmed[0] == "info"
    assert "shipment H1 of order 100-EXAMPLE-0000001" in confirmed[2]
    assert "shipment H3 of order 100-EXAMPLE-0000003" in confirmed[2]
    assert "H2" not in confirmed[2]
    assert refused[0] == "error"
    assert "Order 100-EXAMPLE-0000002, shipment H2" in refused[2]


def test_shipments_are_not_called_confirmed_beyond_what_amazon_counts() -> None:
    partly = report(result("2"), processed=3, successful=1, with_error=2)
    shipments = {str(n): (f"100-EXAMPLE-000000{n}", f"H{n}") for n in (1, 2, 3)}

    confirmed, _ = told(reply.feed_reply("1", feed(report=partly), shipments=shipments))

    assert "H1" not in confirmed[2]


def test_failures_without_a_reason_are_errors_all_the_same() -> None:
    failed = report(processed=2, successful=0, with_error=2)

    [(level, _, description)] = told(reply.feed_reply("1", feed(report=failed)))

    assert level == "error"
    assert "no reason" in description


def test_amazons_descriptions_are_cut() -> None:
    wordy = msgspec.structs.replace(result("1"), description="x" * 10_000)
    failed = report(wordy, successful=0, with_error=1)

    [(_, _, description)] = told(reply.feed_reply("1", feed(report=failed)))

    assert len(description) < 1000


def test_something_may_be_told_alone() -> None:
    body = reply.notification_reply("1", Notification("info", "Already confirmed", "H1"))

    assert json.loads(body) == {
        "message_id": "1",
        "notifications": [{"level": "info", "subject": "Already confirmed", "description": "H1"}],
    }


def test_orders_keep_the_sequence_they_came_in() -> None:
    numbers = [f"100-EXAMPLE-{n:07}" for n in range(50)]
    later = timedelta(seconds=1)
    orders = [order(number=n, updated_at=order().updated_at + later) for n in numbers]

    messages = json.loads(poll(*orders))["messages"]

    assert [one["payload"]["order"]["number"] for one in messages] == numbers


def test_exact_amounts_survive_the_whole_reply() -> None:
    body = poll(order(parts("123456789012345.67")))

    read = json.loads(body, parse_float=Decimal)["messages"][0]["payload"]["order"]
    assert read["totals"]["order"] == Decimal("123456789012345.67")

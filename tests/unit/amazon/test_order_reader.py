"""Reading orders: Amazon's words become the published ones, and nothing is lost or invented."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from amazon_endpoint.amazon.port import UnreadableOrder
from amazon_endpoint.amazon.spapi.order_reader import read_order, read_page
from amazon_endpoint.orders import Address, AssociatedOrder, OrderPackage
from tests.unit.amazon.wire_orders import Json, item, order, read, read_or_not


def fulfilled(**state: str | None) -> Json:
    return order(item(), fulfillment=state)


def addressed(**address: Any) -> Json:
    return order(item(), recipient={"deliveryAddress": address})


def nulled(told: Any, required: set[str]) -> Any:
    """`told` with null for everything that Amazon's model does not require."""
    if isinstance(told, list):
        return [nulled(one, required) for one in told]
    if not isinstance(told, dict):
        return told
    return {
        name: nulled(value, required) if name in required else None for name, value in told.items()
    }


FULL = order(
    item(
        promotion={"breakdowns": [{"promotionId": "SUMMER"}, {}]},
        cancellation={"cancellationRequest": {"requester": "BUYER", "cancelReason": "Too late"}},
        fulfillment={
            "quantityFulfilled": 0,
            "quantityUnfulfilled": 1,
            "packing": {"giftOption": {"giftMessage": "Enjoy!", "giftWrapLevel": "Classic"}},
        },
        tax={"taxCollections": [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "A"}]},
    ),
    orderAliases=[
        {"aliasId": "x", "aliasType": "ANOTHER"},
        {"aliasId": "S-1", "aliasType": "SELLER_ORDER_ID"},
    ],
    programs=["PRIME", "AMAZON_BUSINESS"],
    associatedOrders=[
        {"orderId": "111-0000000-0000009", "associationType": "REPLACEMENT_ORIGINAL_ID"},
        {},
    ],
    buyer={
        "buyerName": "Pat Example",
        "buyerEmail": "pat@marketplace.example",
        "buyerCompanyName": "Example Ltd",
        "buyerPurchaseOrderNumber": "PO-1",
    },
    recipient={
        "deliveryAddress": {
            "name": "Pat Example",
            "companyName": "",
            "addressLine1": "",
            "addressLine2": " 1 Sample Street ",
            "addressLine3": "Flat 2",
            "city": "Sampleton",
            "districtOrCounty": "Sampleshire",
            "stateOrRegion": "WA",
            "postalCode": "98101",
            "countryCode": "US",
            "phone": "+1 555 0100",
        }
    },
    packages=[
        {
            "packageReferenceId": "1",
            "packageStatus": {"status": "IN_TRANSIT", "detailedStatus": "NEW"},
            "carrier": "UPS",
            "shipTime": "2026-10-21T10:00:00Z",
            "shippingService": "Ground",
            "trackingNumber": "1Z",
            "packageItems": [
                {"orderItemId": "1", "quantity": 1},
                {"orderItemId": "1", "quantity": 2},
            ],
        }
    ],
    fulfillment={
        "fulfillmentStatus": "PARTIALLY_SHIPPED",
        "fulfilledBy": "MERCHANT",
        "fulfillmentServiceLevel": "SECOND_DAY",
    },
)


def test_a_full_order_is_read_in_full() -> None:
    found = read(FULL)

    assert found.number == "111-0000000-0000001"
    assert (found.status, found.shipping_service_level) == ("PartiallyShipped", "SecondDay")
    assert (found.channel, found.fulfilled_by) == ("Amazon.com", "MERCHANT")
    assert (found.buyer_name, found.buyer_company) == ("Pat Example", "Example Ltd")
    assert (found.buyer_email, found.purchase_order_number) == ("pat@marketplace.example", "PO-1")
    assert found.shipping_address == Address(
        name="Pat Example",
        lines=("1 Sample Street", "Flat 2"),
        city="Sampleton",
        district="Sampleshire",
        state="WA",
        postal_code="98101",
        country="US",
        phone="+1 555 0100",
    )
    assert found.programs == ("PRIME", "AMAZON_BUSINESS")
    assert found.associated_orders == (
        AssociatedOrder("111-0000000-0000009", "REPLACEMENT_ORIGINAL_ID"),
    )
    assert found.seller_order_id == "S-1"
    assert found.packages == (
        OrderPackage(
            reference="1",
            status="IN_TRANSIT",
            carrier="UPS",
            shipping_service="Ground",
            tracking="1Z",
            shipped_at=datetime(2026, 10, 21, 10, tzinfo=UTC),
            items={"1": 3},
        ),
    )
    assert not found.personal_data_refused


def test_a_full_item_is_read_in_full() -> None:
    (found,) = read(FULL).items

    assert (found.item_id, found.quantity) == ("1", 1)
    assert (found.sku, found.title, found.asin) == ("MUG-1", "Mug", "B000000001")
    assert (found.quantity_fulfilled, found.quantity_unfulfilled) == (0, 1)
    assert (found.cancellation_requested_by, found.cancellation_reason) == ("BUYER", "Too late")
    assert found.promotion_ids == ("SUMMER",)
    assert (found.gift_message, found.gift_wrap_level) == ("Enjoy!", "Classic")
    assert found.tax_collected_by == ("MARKETPLACE_FACILITATOR",)


def test_times_are_in_utc_to_the_millisecond() -> None:
    found = read(order(item()))

    assert found.placed_at == datetime(2026, 10, 20, 8, 0, 0, 250_000, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 10, 21, 8, 0, 0, 999_000, tzinfo=UTC)


def test_times_are_never_rounded_up() -> None:
    found = read(order(item()) | {"lastUpdatedTime": "2026-10-20T23:59:59.9999999Z"})

    assert found.updated_at == datetime(2026, 10, 20, 23, 59, 59, 999_999, tzinfo=UTC)
    assert found.updated_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("amazons", "published"),
    [
        ("PENDING_AVAILABILITY", "PendingAvailability"),
        ("PENDING", "Pending"),
        ("UNSHIPPED", "Unshipped"),
        ("PARTIALLY_SHIPPED", "PartiallyShipped"),
        ("SHIPPED", "Shipped"),
        ("CANCELLED", "Canceled"),
        ("UNFULFILLABLE", "Unfulfillable"),
        ("AWAITING_DRONE", "AWAITING_DRONE"),
    ],
)
def test_a_status_is_told_in_the_published_word(amazons: str, published: str) -> None:
    assert read(fulfilled(fulfillmentStatus=amazons)).status == published


@pytest.mark.parametrize(
    ("amazons", "published"),
    [
        ("EXPEDITED", "Expedited"),
        ("FREE_ECONOMY", "FreeEconomy"),
        ("NEXT_DAY", "NextDay"),
        ("PRIORITY", "Priority"),
        ("SAME_DAY", "SameDay"),
        ("SCHEDULED", "Scheduled"),
        ("SECOND_DAY", "SecondDay"),
        ("STANDARD", "Standard"),
        ("BY_MOONLIGHT", "BY_MOONLIGHT"),
        (None, None),
    ],
)
def test_a_service_level_is_told_in_the_published_word(
    amazons: str | None, published: str | None
) -> None:
    found = read(fulfilled(fulfillmentStatus="UNSHIPPED", fulfillmentServiceLevel=amazons))

    assert found.shipping_service_level == published


def test_a_missing_status_is_told_and_not_invented() -> None:
    found = read(fulfilled(fulfilledBy="MERCHANT"))

    assert found.status == ""
    assert found.remarks == ("Amazon states no status.",)


@pytest.mark.parametrize(
    ("told", "channel"),
    [
        ({"marketplaceName": "Amazon.example", "marketplaceId": "ATVPDKIKX0DER"}, "Amazon.example"),
        ({"channelName": "AMAZON", "marketplaceId": "A1F83G8C2ARO7P"}, "Amazon.co.uk"),
        ({"channelName": "NON_AMAZON", "marketplaceId": "A2ZV50J4W1RKNI"}, "NON_AMAZON"),
    ],
)
def test_the_channel_is_the_marketplaces_name(told: Json, channel: str) -> None:
    assert read(order(item(), salesChannel=told)).channel == channel


# Missing values


REQUIRED = {
    "orderId",
    "createdTime",
    "lastUpdatedTime",
    "salesChannel",
    "channelName",
    "orderItems",
    "orderItemId",
    "quantityOrdered",
    "product",
}


def test_what_amazon_need_not_send_may_be_null() -> None:
    found = read(nulled(FULL, REQUIRED))

    assert found.shipping_address is None
    assert found.buyer_email is None
    assert found.items[0].sku is None
    assert found.items[0].quantity_open == 1


def test_what_amazon_need_not_send_may_be_missing() -> None:
    bare = {name: value for name, value in FULL.items() if name in REQUIRED}
    bare["orderItems"] = [{"orderItemId": "1", "quantityOrdered": 1, "product": {}}]

    assert read(bare).items[0].quantity == 1


@pytest.mark.parametrize("address", [{}, {"name": " ", "addressLine1": ""}])
def test_an_address_without_content_is_none(address: Json) -> None:
    assert read(addressed(**address)).shipping_address is None


def test_a_brazilian_address_may_come_in_parts() -> None:
    parts = {
        "streetName": "Rua Exemplo",
        "streetNumber": "12",
        "complement": "",
        "neighborhood": "Centro",
    }
    found = read(addressed(name="Pat Example", extendedFields=parts)).shipping_address
    with_lines = addressed(addressLine1="Rua Exemplo, 12", extendedFields=parts)

    assert found is not None
    assert found.lines == ("Rua Exemplo, 12", "Centro")
    assert read(with_lines).shipping_address == Address(lines=("Rua Exemplo, 12",))


@pytest.mark.parametrize(
    ("fulfilled_by", "refused"), [("MERCHANT", True), ("AMAZON", False), (None, True)]
)
def test_an_order_tells_when_its_personal_data_was_refused(
    fulfilled_by: str | None, refused: bool
) -> None:
    told = fulfilled(fulfillmentStatus="UNSHIPPED", fulfilledBy=fulfilled_by)

    assert read(told, personal_data_asked=False).personal_data_refused is refused
    assert not read(told).personal_data_refused


# Cancellations


@pytest.mark.parametrize(
    ("cancellation", "requested"),
    [
        ({"cancellationRequest": {"requester": "BUYER"}}, True),
        ({"cancellationRequest": {}}, True),
        (
            {
                "cancellationRequest": {"requester": "BUYER"},
                "cancellationExecution": {"cancelledBy": "MERCHANT"},
            },
            False,
        ),
        ({"cancellationExecution": {"cancelledBy": "AMAZON"}}, False),
        ({}, False),
    ],
)
def test_a_cancellation_is_requested_until_it_is_carried_out(
    cancellation: Json, requested: bool
) -> None:
    assert read(order(item(cancellation=cancellation))).cancellation_requested is requested


# Orders that can't be read


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(
            order(item()) | {"createdTime": "2026-10-20T08:00:00"}, id="time without zone"
        ),
        pytest.param(order(item()) | {"lastUpdatedTime": 1}, id="time is a number"),
        pytest.param(
            order(item()) | {"createdTime": "0001-01-01T00:00:00+01:00"}, id="time before all time"
        ),
        pytest.param(
            order(item())
            | {"packages": [{"packageReferenceId": "1", "shipTime": "9999-12-31T23:59:59-01:00"}]},
            id="time after all time",
        ),
        pytest.param(order(item()) | {"orderItems": None}, id="no items"),
        pytest.param(order(item(quantity=-1)), id="negative quantity"),
        pytest.param(order(item(item_id="")), id="no item id"),
        pytest.param(order(item()) | {"salesChannel": {}}, id="no channel"),
        pytest.param(order(item()) | {"programs": "PRIME"}, id="not a list"),
        pytest.param(fulfilled(fulfillmentStatus="NEW\0"), id="a status that can't be kept"),
    ],
)
def test_a_malformed_order_is_named_with_the_reason(told: Json) -> None:
    found = read_or_not(told)

    assert isinstance(found, UnreadableOrder)
    assert found.number == "111-0000000-0000001"
    assert found.reason.startswith("This order can't be read: ")


def test_an_order_too_deep_to_be_read_is_no_more_than_unreadable() -> None:
    deep = msgspec.Raw(b'{"orderId": "1", "new": ' + b"[" * 5000 + b"]" * 5000 + b"}")

    assert isinstance(read_order(deep, personal_data_asked=True), UnreadableOrder)


@pytest.mark.parametrize("told", [None, 1, "order", [], {}, {"orderId": 1}])
def test_what_is_no_order_has_no_number(told: object) -> None:
    found = read_or_not(told)

    assert isinstance(found, UnreadableOrder)
    assert found.number is None


def test_text_that_is_none_stays_with_its_order() -> None:
    orders = [order() | {"orderId": f"111-0000000-000000{number}"} for number in (1, 2, 3)]
    orders[1]["buyer"] = {"buyerName": "PLACE"}
    body = msgspec.json.encode({"orders": orders}).replace(b"PLACE", b"Jos\xe9")

    found = read_page(body, personal_data_asked=True)

    assert [one.number[-1] for one in found.orders] == ["1", "3"]
    assert [one.number for one in found.unreadable] == ["111-0000000-0000002"]

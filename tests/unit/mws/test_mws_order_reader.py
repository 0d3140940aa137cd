"""Orders of MWS become the same orders as those of the Selling Partner API."""

from datetime import UTC, datetime

import pytest

from amazon_endpoint.amazon.mws.fields import read_moment
from amazon_endpoint.amazon.port import UnreadableOrder
from amazon_endpoint.orders import Address, AssociatedOrder
from tests.unit.mws.mws_orders import NUMBER, Tree, item_xml, money, order_xml, outcome, read

ADDRESS: Tree = {
    "Name": " Ada Example ",
    "AddressLine1": "",
    "AddressLine2": "2 Mill Lane",
    "AddressLine3": "Flat 3",
    "City": "Springfield",
    "County": "Kent",
    "StateOrRegion": "IL",
    "PostalCode": "62701",
    "CountryCode": "US",
    "Phone": "555-0100",
}


def test_an_order_is_read_whole() -> None:
    order = read(
        order_xml(
            SellerOrderId="S-1",
            ShipmentServiceLevelCategory="SecondDay",
            BuyerName="Ada Example",
            BuyerEmail="ada@example.com",
            BuyerTaxInfo={"CompanyLegalName": "Example Ltd"},
            PurchaseOrderNumber="PO 7",
            ShippingAddress=ADDRESS,
            IsPrime="true",
            IsBusinessOrder="false",
            ReplacedOrderId="111-0000000-0000009",
            OrderTotal=money("10.00"),
        ),
        item_xml(
            Title="Mug & saucer",
            ASIN="B000000001",
            QuantityOrdered="3",
            QuantityShipped="2",
            PromotionIds={"PromotionId": "SPRING"},
            GiftMessageText="Enjoy",
            GiftWrapLevel="Classic",
            TaxCollection={"Model": "MarketplaceFacilitator"},
        ),
    )

    assert (order.number, order.status, order.channel) == (NUMBER, "Unshipped", "Amazon.com")
    assert order.placed_at == datetime(2026, 10, 20, 8, 0, 0, 250_000, tzinfo=UTC)
    assert order.updated_at == datetime(2026, 10, 21, 8, tzinfo=UTC)
    assert (order.fulfilled_by, order.shipping_service_level) == ("MERCHANT", "SecondDay")
    assert (order.buyer_name, order.buyer_email) == ("Ada Example", "ada@example.com")
    assert (order.buyer_company, order.purchase_order_number) == ("Example Ltd", "PO 7")
    assert (order.seller_order_id, order.marketplace_id) == ("S-1", "ATVPDKIKX0DER")
    assert order.programs == ("PRIME",)
    assert order.associated_orders == (
        AssociatedOrder("111-0000000-0000009", "REPLACEMENT_ORIGINAL_ID"),
    )
    assert order.shipping_address == Address(
        name="Ada Example",
        lines=("2 Mill Lane", "Flat 3"),
        city="Springfield",
        district="Kent",
        state="IL",
        postal_code="62701",
        country="US",
        phone="555-0100",
    )
    (item,) = order.items
    assert (item.item_id, item.sku, item.title, item.asin) == (
        "1",
        "MUG-1",
        "Mug & saucer",
        "B000000001",
    )
    assert (item.quantity, item.quantity_fulfilled, item.quantity_open) == (3, 2, 1)
    assert (item.promotion_ids, item.gift_message, item.gift_wrap_level) == (
        ("SPRING",),
        "Enjoy",
        "Classic",
    )
    assert item.tax_collected_by == ("MARKETPLACE_FACILITATOR",)


@pytest.mark.parametrize(
    "namespace",
    [
        "https://mws.amazonservices.com/Orders/2013-09-01",
        "https://mws.amazonservices.com/Orders/2011-01-01",
        "http://gateway.example/",
    ],
)
def test_any_versions_namespace_will_do(namespace: str) -> None:
    assert read(order_xml(), item_xml(), namespace=namespace).items[0].sku == "MUG-1"


def test_what_is_missing_stays_missing() -> None:
    order = read(order_xml(FulfillmentChannel=None, ShippingAddress={"Name": " "}), item_xml())

    assert (order.buyer_name, order.buyer_email, order.shipping_address) == (None, None, None)
    assert (order.fulfilled_by, order.shipping_service_level) == (None, None)
    assert not order.personal_data_refused


def test_an_address_has_its_company_and_a_city_by_whichever_name() -> None:
    address: Tree = {"CompanyName": "Example Ltd", "Municipality": "Springfield"}

    found = read(order_xml(ShippingAddress=address), item_xml()).shipping_address

    assert found == Address(company="Example Ltd", city="Springfield")


@pytest.mark.parametrize(
    ("told", "units", "requested_by", "reason"),
    [
        ("true", "1", "BUYER", "ORDERED_BY_MISTAKE"),
        ("false", "1", None, None),
        ("true", "0", None, None),
    ],
    ids=["open", "none", "carried out"],
)
def test_a_buyers_open_request_to_cancel_is_told(
    told: str, units: str, requested_by: str | None, reason: str | None
) -> None:
    request: Tree = {"IsBuyerRequestedCancel": told, "BuyerCancelReason": "ORDERED_BY_MISTAKE"}
    order = read(order_xml(), item_xml(QuantityOrdered=units, BuyerRequestedCancel=request))

    (item,) = order.items
    assert (item.cancellation_requested_by, item.cancellation_reason) == (requested_by, reason)


def test_amazons_own_number_is_no_seller_order_id() -> None:
    assert read(order_xml(SellerOrderId=NUMBER), item_xml()).seller_order_id is None


@pytest.mark.parametrize(
    ("channel", "word"), [("MFN", "MERCHANT"), ("AFN", "AMAZON"), ("NEW", "NEW")]
)
def test_who_fulfils_has_one_word_in_both_generations(channel: str, word: str) -> None:
    assert read(order_xml(FulfillmentChannel=channel), item_xml()).fulfilled_by == word


def test_an_unknown_status_is_kept_and_a_missing_one_told() -> None:
    assert read(order_xml(OrderStatus="InvoiceUnconfirmed"), item_xml()).status == (
        "InvoiceUnconfirmed"
    )
    silent = read(order_xml(OrderStatus=None), item_xml())
    assert (silent.status, silent.remarks) == ("", ("Amazon states no status.",))


def test_the_marketplace_names_the_channel_if_the_order_does_not() -> None:
    germany = order_xml(SalesChannel=None, MarketplaceId="A1PA6795UKMFR9")

    assert read(germany, item_xml()).channel == "Amazon.de"


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2013-08-16T01:00:00Z", (2013, 8, 16, 1)),
        (" 2013-08-16T01:00:00.000Z\n", (2013, 8, 16, 1)),
        ("2013-08-16T 01:00:00 Z", (2013, 8, 16, 1)),
        ("2013-08-16 01:00:00Z", (2013, 8, 16, 1)),
        ("2013-08-16T01%3A00%3A00.000Z", (2013, 8, 16, 1)),
        ("2013-08-16T03:00:00%2B02:00", (2013, 8, 16, 1)),
        ("2013-08-15T20:30:00-0430", (2013, 8, 16, 1)),
    ],
)
def test_times_are_read_however_they_are_written(told: str, moment: tuple[int, ...]) -> None:
    year, month, day, hour = moment
    assert read_moment(told) == datetime(year, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    "told", ["", "yesterday", "2013-08-16T01:00:00", "2013-02-30T01:00:00Z", "0001-01-01T00:00+01"]
)
def test_what_is_no_moment_is_refused(told: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are the caller's
        read_moment(told)


@pytest.mark.parametrize(
    ("order", "item", "reason"),
    [
        pytest.param(order_xml(LastUpdateDate="canary"), item_xml(), "LastUpdateDate", id="time"),
        pytest.param(order_xml(PurchaseDate=None), item_xml(), "PurchaseDate", id="no time"),
        pytest.param(order_xml(), item_xml(QuantityOrdered="-1"), "QuantityOrdered", id="count"),
        pytest.param(order_xml(), item_xml(QuantityOrdered=None), "QuantityOrdered", id="none"),
        pytest.param(order_xml(), item_xml(OrderItemId=None), "OrderItemId", id="no item id"),
        pytest.param(order_xml(), item_xml("canary"), "money", id="amount"),
        pytest.param(
            order_xml(OrderTotal=money("1", "canary")), item_xml(), "money", id="currency"
        ),
        pytest.param(
            order_xml(SalesChannel=None, MarketplaceId=None), item_xml(), "channel", id="channel"
        ),
    ],
)
def test_an_order_that_makes_no_sense_is_told_by_number(order: str, item: str, reason: str) -> None:
    found = outcome(order, item)

    assert isinstance(found, UnreadableOrder)
    assert found.number == NUMBER
    assert reason in found.reason
    assert "canary" not in found.reason

"""The Order Fulfillment feed is written to Amazon's schema; its report is read with care."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from amazon_endpoint.amazon.fulfillment import read_report, write_feed
from amazon_endpoint.errors import Unreadable
from amazon_endpoint.feeds import FeedReport, MessageOutcome, MessageResult
from amazon_endpoint.shipments import Carrier, Package, PackageItem

PACKAGE = Package(
    order_number="111-2222222-3333333",
    marketplace_id="ATVPDKIKX0DER",
    reference="417",
    message_id="900417",
    carrier=Carrier("UPS"),
    shipping_method="UPS Ground",
    tracking="1Z0000000000000000",
    shipped_at=datetime(2026, 11, 2, 3, 4, 5, 999_000, tzinfo=UTC),
    items=(PackageItem("10000000000001", 2), PackageItem("147645420374961", 1)),
)


def changed(**changes: object) -> Package:
    return msgspec.structs.replace(PACKAGE, **changes)


def outline(element: ET.Element) -> object:
    """Names, order and texts: (name, text) or (name, [children])."""
    children = [outline(child) for child in element]
    return (element.tag, children or element.text)


def written(*packages: Package) -> ET.Element:
    return ET.fromstring(write_feed("SELLER1", packages))


def test_a_feed_has_amazons_elements_in_amazons_order() -> None:
    assert outline(written(PACKAGE)) == (
        "AmazonEnvelope",
        [
            ("Header", [("DocumentVersion", "1.01"), ("MerchantIdentifier", "SELLER1")]),
            ("MessageType", "OrderFulfillment"),
            (
                "Message",
                [
                    ("MessageID", "900417"),
                    (
                        "OrderFulfillment",
                        [
                            ("AmazonOrderID", "111-2222222-3333333"),
                            ("MerchantFulfillmentID", "417"),
                            ("FulfillmentDate", "2026-11-02T03:04:05Z"),
                            (
                                "FulfillmentData",
                                [
                                    ("CarrierCode", "UPS"),
                                    ("ShippingMethod", "UPS Ground"),
                                    ("ShipperTrackingNumber", "1Z0000000000000000"),
                                ],
                            ),
                            (
                                "Item",
                                [("AmazonOrderItemCode", "10000000000001"), ("Quantity", "2")],
                            ),
                            (
                                "Item",
                                [("AmazonOrderItemCode", "147645420374961"), ("Quantity", "1")],
                            ),
                        ],
                    ),
                ],
            ),
        ],
    )


def test_a_feed_declares_utf_8_and_escapes_what_it_must() -> None:
    body = write_feed("S&1", (changed(shipping_method="Größe <L> & mehr"),))
    assert body.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert "Größe &lt;L&gt; &amp; mehr".encode() in body


def test_an_unlisted_carrier_is_named_right_after_its_code() -> None:
    data = written(changed(carrier=Carrier("Other", "Bee " * 20))).find(".//FulfillmentData")
    assert data is not None
    assert [child.tag for child in data][:2] == ["CarrierCode", "CarrierName"]
    assert data.findtext("CarrierName") == ("Bee " * 20)[:50]


def test_what_is_unknown_is_left_out() -> None:
    data = written(changed(shipping_method=None, tracking="")).find(".//FulfillmentData")
    assert data is not None
    assert [child.tag for child in data] == ["CarrierCode"]


def test_a_long_shipping_method_is_cut() -> None:
    assert written(changed(shipping_method="m" * 60)).findtext(".//ShippingMethod") == "m" * 50


def test_a_long_tracking_number_is_refused_as_a_cut_one_would_be_another() -> None:
    with pytest.raises(ValueError, match="at most 50"):
        write_feed("SELLER1", (changed(tracking="9" * 51),))


def test_times_are_told_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    local = changed(shipped_at=datetime(2026, 11, 2, 1, tzinfo=tokyo))
    assert written(local).findtext(".//FulfillmentDate") == "2026-11-01T16:00:00Z"


def test_each_package_is_a_message_of_its_own() -> None:
    root = written(PACKAGE, changed(message_id="900418", reference="418"))
    assert [one.text for one in root.iter("MessageID")] == ["900417", "900418"]


def test_a_message_id_is_used_once_and_a_feed_is_not_empty() -> None:
    with pytest.raises(ValueError, match="message id"):
        write_feed("SELLER1", (PACKAGE, PACKAGE))
    with pytest.raises(ValueError, match="at least one"):
        write_feed("SELLER1", ())


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\ud800", "\ufffe"])
def test_characters_that_xml_forbids_are_refused_by_name(character: str) -> None:
    with pytest.raises(ValueError, match=r"ShipperTrackingNumber holds U\+"):
        write_feed("SELLER1", (changed(tracking=f"1Z{character}"),))


def report(summary: str = "", results: str = "", head: str = '<?xml version="1.0"?>') -> str:
    return (
        f"{head}<AmazonEnvelope><Header><DocumentVersion>1.02</DocumentVersion></Header>"
        "<MessageType>ProcessingReport</MessageType><Message><MessageID>1</MessageID>"
        "<ProcessingReport><DocumentTransactionID>5</DocumentTransactionID>"
        f"<StatusCode>Complete</StatusCode>{summary}{results}"
        "</ProcessingReport></Message></AmazonEnvelope>"
    )


def summary(processed: int, successful: int, errors: int, warnings: int) -> str:
    return (
        f"<ProcessingSummary><MessagesProcessed>{processed}</MessagesProcessed>"
        f"<MessagesSuccessful>{successful}</MessagesSuccessful>"
        f"<MessagesWithError>{errors}</MessagesWithError>"
        f"<MessagesWithWarning>{warnings}</MessagesWithWarning></ProcessingSummary>"
    )


def result(message_id: str, word: str = "Error", description: str = "Too many.") -> str:
    return (
        f"<Result><MessageID>{message_id}</MessageID><ResultCode>{word}</ResultCode>"
        f"<ResultMessageCode>18021</ResultMessageCode>"
        f"<ResultDescription>{description}</ResultDescription>"
        "<AdditionalInfo><AmazonOrderID>111-2222222-3333333</AmazonOrderID></AdditionalInfo>"
        "</Result>"
    )


def read(text: str, content_type: str | None = None) -> FeedReport:
    return read_report(text.encode(), content_type)


def test_a_report_tells_its_counters_and_each_result() -> None:
    text = report(summary(3, 2, 1, 1), result("7") + result("8", "Warning", "Late\n  scan."))
    assert read(text) == FeedReport(
        processed=3,
        successful=2,
        with_error=1,
        with_warning=1,
        results=(
            MessageResult(
                message_id="7",
                outcome=MessageOutcome.ERROR,
                code="18021",
                description="Too many.",
                order_number="111-2222222-3333333",
            ),
            MessageResult(
                message_id="8",
                outcome=MessageOutcome.WARNING,
                code="18021",
                description="Late scan.",
                order_number="111-2222222-3333333",
            ),
        ),
    )


def test_missing_counters_are_counted_from_the_results() -> None:
    counted = read(report(results=result("7") + result("7") + result("8", "Warning")))
    assert (counted.processed, counted.successful) == (2, 1)
    assert (counted.with_error, counted.with_warning) == (1, 1)


def test_a_counter_never_hides_a_listed_error() -> None:
    assert read(report(summary(1, 1, 0, 0), result("7"))).with_error == 1


def test_a_missing_number_of_processed_messages_follows_from_the_others() -> None:
    text = "<MessagesSuccessful>4</MessagesSuccessful><MessagesWithError>1</MessagesWithError>"
    assert read(report(text)).processed == 5


def test_namespaces_do_not_matter() -> None:
    text = report(summary(1, 0, 1, 0), result("7"))
    named = text.replace("<AmazonEnvelope>", '<AmazonEnvelope xmlns="urn:example:report">')
    assert read(named).errors[0].message_id == "7"


def test_a_bare_processing_report_is_read() -> None:
    text = f"<ProcessingReport>{summary(1, 1, 0, 0)}</ProcessingReport>"
    assert read(text) == FeedReport(processed=1, successful=1, with_error=0, with_warning=0)


def test_an_unknown_result_code_refuses_its_message() -> None:
    text = report(summary(1, 0, 1, 0), result("7", "Fatal"))
    assert [one.description for one in read(text).errors] == ["Fatal: Too many."]


def test_an_unknown_result_code_that_amazon_counts_no_error_for_is_a_remark() -> None:
    told = read(report(summary(2, 1, 1, 0), result("6") + result("7", "Information")))
    assert [one.message_id for one in told.errors] == ["6"]
    assert [one.description for one in told.warnings] == ["Information: Too many."]


@pytest.mark.parametrize(
    ("charset", "codec", "words"),
    [
        ("windows-1252", "cp1252", "Größe – 5 €"),
        ("windows-31j", "cp932", "数量が多すぎます①"),
        ("UTF-8", "utf-8", "数量 – Größe"),
        ("ISO-8859-1", "latin-1", "Größe"),
    ],
)
def test_letters_survive_in_the_declared_charset_and_in_the_sent_one(
    charset: str, codec: str, words: str
) -> None:
    results = result("7", "Error", words)
    declared = report(results=results, head=f'<?xml version="1.0" encoding="{charset}"?>')
    sent = report(results=results)
    for body, content_type in (
        (declared.encode(codec), None),
        (declared.encode(codec), "text/xml; charset=us-ascii"),
        (sent.encode(codec), f'text/xml; Charset="{charset}"'),
    ):
        assert read_report(body, content_type).errors[0].description == words


def test_an_unknown_charset_and_a_broken_letter_do_not_lose_the_report() -> None:
    body = report(results=result("7")).encode() + b"\n"
    assert read_report(body, "text/xml; charset=klingon").errors
    assert read_report(body.replace(b"Too many", b"Too m\xffny")).errors


def test_a_byte_order_mark_is_no_part_of_the_report() -> None:
    text = report(results=result("7"))
    assert read_report(text.encode("utf-8-sig")).errors
    assert read_report(text.encode("utf-16")).errors


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"   ", id="blank"),
        pytest.param(report(results=result("7")).encode()[:-30], id="truncated"),
        pytest.param(b"<!DOCTYPE html><html><body>Oops<br></body></html>", id="html page"),
        pytest.param(b'{"errors": []}', id="json"),
        pytest.param(b"<AmazonEnvelope><Header/></AmazonEnvelope>", id="no report inside"),
    ],
)
def test_what_is_no_report_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_report(body)


def test_another_document_is_named_by_its_root() -> None:
    with pytest.raises(Unreadable, match="<EasyShipReport>"):
        read_report(b"<EasyShipReport/>")


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE AmazonEnvelope>",
        '<!DOCTYPE AmazonEnvelope SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE AmazonEnvelope [<!ENTITY a "18021">]>',
        '<!DOCTYPE AmazonEnvelope [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
    ],
)
def test_any_doctype_is_refused(doctype: str) -> None:
    with pytest.raises(Unreadable, match="DOCTYPE"):
        read(report(results=result("7"), head=doctype))


def test_an_entity_bomb_ends_as_unreadable() -> None:
    entities = "".join(f'<!ENTITY e{depth} "{f"&e{depth - 1};" * 10}">' for depth in range(1, 12))
    bomb = f'<!DOCTYPE AmazonEnvelope [<!ENTITY e0 "boom">{entities}]>'
    with pytest.raises(Unreadable):
        read(report(results=result("7", "Error", "&e11;"), head=bomb))

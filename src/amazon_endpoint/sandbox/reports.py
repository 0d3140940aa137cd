"""Writes the processing report: what became of each message of a feed.

The envelope is the one of reports captured from the retired service, which the Feeds API
still uses: ProcessingReport with a summary of counters and a Result for each error or warning.
"""

from collections.abc import Sequence

from lxml import etree
from msgspec import Struct

ERROR, WARNING = "Error", "Warning"
#: The sandbox's own code for a document that could not be read at all.
BROKEN_DOCUMENT = "18900"


class Outcome(Struct, frozen=True, kw_only=True):
    """What is to be said about one message."""

    message_id: str
    severity: str
    code: str
    description: str
    order_id: str | None = None


def processing_report(
    feed_id: str,
    processed: int,
    outcomes: Sequence[Outcome],
    *,
    charset: str = "UTF-8",
    status: str = "Complete",
) -> bytes:
    """Write a report; messages without an outcome went well, and so did those with a warning."""
    errors = sum(o.severity == ERROR for o in outcomes)
    warnings = sum(o.severity == WARNING for o in outcomes)
    root = etree.Element("AmazonEnvelope")
    header = etree.SubElement(root, "Header")
    _add(header, "DocumentVersion", "1.02")
    _add(header, "MerchantIdentifier", "A1SANDBOXSELLER")
    _add(root, "MessageType", "ProcessingReport")
    message = etree.SubElement(root, "Message")
    _add(message, "MessageID", "1")
    report = etree.SubElement(message, "ProcessingReport")
    _add(report, "DocumentTransactionID", feed_id)
    _add(report, "StatusCode", status)
    summary = etree.SubElement(report, "ProcessingSummary")
    _add(summary, "MessagesProcessed", str(processed))
    _add(summary, "MessagesSuccessful", str(processed - errors))
    _add(summary, "MessagesWithError", str(errors))
    _add(summary, "MessagesWithWarning", str(warnings))
    for outcome in outcomes:
        _add_result(report, outcome)
    text = etree.tostring(root, encoding="unicode", pretty_print=True)
    declaration = f'<?xml version="1.0" encoding="{charset}"?>\n'
    return (declaration + text).encode(charset, "xmlcharrefreplace")


def _add_result(report: etree._Element, outcome: Outcome) -> None:
    result = etree.SubElement(report, "Result")
    _add(result, "MessageID", outcome.message_id)
    _add(result, "ResultCode", outcome.severity)
    _add(result, "ResultMessageCode", outcome.code)
    _add(result, "ResultDescription", outcome.description)
    if outcome.order_id:
        details = etree.SubElement(result, "AdditionalInfo")
        _add(details, "AmazonOrderID", outcome.order_id)


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text

"""The small decisions of the Selling Partner API: waits, times, bodies, archives."""

import gzip
from datetime import datetime, timedelta

import msgspec
import pytest

from amazon_endpoint.amazon.patience import Garbled, next_token, retry_after
from amazon_endpoint.amazon.quota import Rate
from amazon_endpoint.amazon.spapi.feeds import unzip
from amazon_endpoint.amazon.spapi.shallow import shallow
from amazon_endpoint.amazon.spapi.shipping import confirmation
from amazon_endpoint.errors import Unreadable
from amazon_endpoint.shipments import Carrier
from tests.integration.spapi.seller import PACKAGE
from tests.turned_clock import NOON

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("header", "moment"),
    [
        (None, None),
        ("0", NOON),
        ("30", NOON + timedelta(seconds=30)),
        ("9" * 5000, NOON + HOUR),
        ("Sun, 01 Nov 2026 12:01:00 GMT", NOON + timedelta(minutes=1)),
        ("Sun, 01 Nov 2026 12:01:00 -0000", NOON + timedelta(minutes=1)),
        ("Sun, 01 Nov 2099 12:01:00 GMT", NOON + HOUR),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_an_hour_at_most(
    header: str | None, moment: datetime | None
) -> None:
    assert retry_after(header, NOON) == moment


@pytest.mark.parametrize(
    ("told", "seconds"), [(None, 2), (0.25, 4), (0.0000001, 2)], ids=["published", "told", "absurd"]
)
def test_an_empty_bucket_regains_a_token_at_its_rate(told: float | None, seconds: float) -> None:
    wait = next_token(Rate(0.5, 30), told, NOON) - NOON

    assert wait == pytest.approx(timedelta(seconds=seconds), abs=timedelta(milliseconds=1))


def test_a_confirmation_is_written_as_amazon_wants_it() -> None:
    assert confirmation(PACKAGE) == {
        "marketplaceId": "ATVPDKIKX0DER",
        "packageDetail": {
            "packageReferenceId": "1",
            "carrierCode": "UPS",
            "shippingMethod": "UPS Ground",
            "trackingNumber": "1Z0000000000000000",
            "shipDate": "2026-11-01T12:00:00Z",
            "orderItems": [{"orderItemId": "10000000000001", "quantity": 2}],
        },
    }


def test_a_carrier_that_amazon_does_not_know_is_named() -> None:
    package = msgspec.structs.replace(
        PACKAGE, carrier=Carrier("Other", "Pigeon Post"), shipping_method=None
    )

    detail = confirmation(package)["packageDetail"]

    assert isinstance(detail, dict)
    assert (detail["carrierCode"], detail["carrierName"]) == ("Other", "Pigeon Post")
    assert "shippingMethod" not in detail


def test_an_archive_is_unpacked_up_to_a_bound() -> None:
    archive = gzip.compress(b"x" * 1000)

    assert unzip(archive, limit=1000) == b"x" * 1000
    with pytest.raises(Unreadable, match="exceeds 999"):
        unzip(archive, limit=999)


@pytest.mark.parametrize(
    "body", [b"\x1f\x8b", b"no archive", gzip.compress(b"x" * 99, mtime=0)[:-9]]
)
def test_a_damaged_archive_may_be_fetched_again(body: bytes) -> None:
    with pytest.raises(Garbled, match="damaged"):
        unzip(body)


# Answers too deep to be read


@pytest.mark.parametrize(
    "told",
    [
        b'{"a": [1, {"b": "]}[{\\\\"}], "c\\"[": null}',
        b'[[], {}, "x"]',
        b"12",
        b"",
        b'"no end \\"[[',
    ],
)
def test_what_is_shallow_stays_as_it_is(told: bytes) -> None:
    assert shallow(told) == told


def test_what_is_deep_becomes_null() -> None:
    deep = b"[" * 300 + b"]" * 300
    cut, cut_earlier = (b"[" * levels + b"null" + b"]" * levels for levels in (99, 98))

    told = shallow(b'{"a": %b, "b": "[", "c": [%b, 1]}' % (deep, deep))

    assert told == b'{"a": %b, "b": "[", "c": [%b, 1]}' % (cut, cut_earlier)

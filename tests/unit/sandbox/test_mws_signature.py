import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from amazon_endpoint.sandbox.mws.signature import check_signature, secret_for, sign
from amazon_endpoint.sandbox.mws.xml import MwsRefusal

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOST, PATH = "mws.example:8001", "/Orders/2013-09-01"
SAID = {
    "AWSAccessKeyId": "AKIDLOCAL",
    "SellerId": "A1SELLER",
    "SignatureMethod": "HmacSHA256",
    "SignatureVersion": "2",
    "Timestamp": "2026-05-01T12:00:00Z",
}


def signed(**changes: str) -> dict[str, str]:
    said = {name: value for name, value in (SAID | changes).items() if value}
    secret = secret_for(said.get("AWSAccessKeyId", ""))
    return {"Signature": sign("POST", HOST, PATH, said, secret)} | said


def test_a_published_example_is_signed_as_published() -> None:
    # From "Signature Version 2 signing process" of the AWS General Reference.
    parameters = {
        "Action": "DescribeJobFlows",
        "Version": "2009-03-31",
        "AWSAccessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "SignatureVersion": "2",
        "SignatureMethod": "HmacSHA256",
        "Timestamp": "2011-10-03T15:19:30",
    }
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    signature = sign("GET", "ElasticMapReduce.amazonaws.com", "/", parameters, secret)
    assert signature == "i91nKc4PWAt0JJIdXwz9HxZCJDdiy6cf/Mj6vPxyYIs="


def test_who_signed_is_told() -> None:
    caller = check_signature("POST", HOST, PATH, signed(), NOW)
    assert (caller.seller, caller.client_id) == ("A1SELLER", "AKIDLOCAL")
    named = signed(SellerId="", Merchant="A1OLDER")
    assert check_signature("POST", HOST, PATH, named, NOW).seller == "A1OLDER"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"AWSAccessKeyId": ""}, 400, "MissingParameter"),
        ({"AWSAccessKeyId": "AKIDunknown"}, 403, "InvalidAccessKeyId"),
        ({"SignatureVersion": "1"}, 400, "InvalidParameterValue"),
        ({"SignatureMethod": "HmacSHA1"}, 400, "InvalidParameterValue"),
        ({"Timestamp": ""}, 400, "MissingParameter"),
        ({"Timestamp": "2026-05-01 12:00"}, 400, "InvalidParameterValue"),
        ({"Timestamp": "2026-05-01T12:15:01Z"}, 400, "RequestExpired"),
        ({"Timestamp": "2026-05-01T11:44:59Z"}, 400, "RequestExpired"),
        ({"SellerId": ""}, 400, "MissingParameter"),
        ({"SellerId": "A1denied"}, 401, "AccessDenied"),
    ],
    ids=str,
)
def test_each_rule_is_checked(changes: dict[str, str], status: int, code: str) -> None:
    with pytest.raises(MwsRefusal) as refusal:
        check_signature("POST", HOST, PATH, signed(**changes), NOW)
    assert (refusal.value.status, refusal.value.code) == (status, code)


@pytest.mark.parametrize(
    ("method", "host", "path", "changes"),
    [
        ("GET", HOST, PATH, {}),
        ("POST", "mws.example", PATH, {}),
        ("POST", HOST, "/", {}),
        ("POST", HOST, PATH, {"SellerId": "A1OTHER"}),
        ("POST", HOST, PATH, {"Added": "later"}),
        ("POST", HOST, PATH, {"Signature": "bm90IGl0"}),
    ],
    ids=["method", "host", "path", "value", "parameter", "signature"],
)
def test_all_that_is_signed_counts(
    method: str, host: str, path: str, changes: dict[str, str]
) -> None:
    with pytest.raises(MwsRefusal, match="403 SignatureDoesNotMatch"):
        check_signature(method, host, path, signed() | changes, NOW)


def test_a_clock_may_be_a_quarter_of_an_hour_off() -> None:
    check_signature("POST", HOST, PATH, signed(), NOW + timedelta(minutes=15))


def test_a_timestamp_without_an_offset_is_utc() -> None:
    check_signature("POST", HOST, PATH, signed(Timestamp="2026-05-01T12:00:00"), NOW)
    check_signature("POST", HOST, PATH, signed(Timestamp="2026-05-01T14:00:00+02:00"), NOW)


def test_parameters_are_sorted_by_bytes_and_encoded_by_rfc_3986() -> None:
    odd = {"b": "ä *~", "B": "+/=", "a.10": "x", "a.2": "y"}
    text = "GET\nh\n/\nB=%2B%2F%3D&a.10=x&a.2=y&b=%C3%A4%20%2A~"
    digest = hmac.new(b"secret", text.encode(), hashlib.sha256).digest()
    assert sign("GET", "H", "/", odd, "secret") == base64.b64encode(digest).decode()

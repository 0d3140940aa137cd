"""Signature Version 2, against Amazon's published example and vectors made with openssl."""

import hmac
from base64 import b64encode
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_endpoint.amazon.mws.signature import signed_query


def signature(query: str) -> str:
    return unquote(query.rpartition("&Signature=")[2])


def test_amazons_own_example() -> None:
    parameters = {
        "AWSAccessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "Action": "DescribeJobFlows",
        "SignatureMethod": "HmacSHA256",
        "SignatureVersion": "2",
        "Timestamp": "2011-10-03T15:19:30",
        "Version": "2009-03-31",
    }

    query = signed_query(
        "GET",
        "https://elasticmapreduce.amazonaws.com",
        parameters,
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    )

    assert query.endswith("&Signature=i91nKc4PWAt0JJIdXwz9HxZCJDdiy6cf%2FMj6vPxyYIs%3D")


def test_names_are_sorted_by_bytes_and_everything_else_is_encoded() -> None:
    parameters = {
        "a": "1",
        "MarketplaceId.Id.2": "B",
        "MarketplaceId.Id.10": "J",
        "MarketplaceId.Id.1": "A",
        "NextToken": "a+b/== ~*(x) ü",
        "Action": "ListOrders",
    }

    query = signed_query(
        "POST", "https://Gateway.Example:8443/Orders/2013-09-01", parameters, "s3cret/+=key"
    )

    assert query == (
        "Action=ListOrders&MarketplaceId.Id.1=A&MarketplaceId.Id.10=J&MarketplaceId.Id.2=B"
        "&NextToken=a%2Bb%2F%3D%3D%20~%2A%28x%29%20%C3%BC&a=1"
        "&Signature=qYQu%2BrGxXR5AN1IyBUza3pI0mwqbdknJaNuZ9i2g09w%3D"
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://gateway.example/Orders/2013-09-01",
        "https://gateway.example:8443/Feeds/2009-01-01",
        "https://other.example:8443/Orders/2013-09-01",
    ],
)
def test_host_port_and_path_are_signed(url: str) -> None:
    here = signed_query("POST", "https://gateway.example:8443/Orders/2013-09-01", {"a": "b"}, "k")

    assert signature(signed_query("POST", url, {"a": "b"}, "k")) != signature(here)


@given(st.dictionaries(st.text(min_size=1).filter(lambda one: one != "Signature"), st.text()))
def test_whatever_is_sent_arrives_and_is_what_was_signed(parameters: dict[str, str]) -> None:
    query = signed_query("POST", "https://gateway.example/x", parameters, "key")
    told, _, _ = query.rpartition("Signature=")

    assert dict(parse_qsl(query, keep_blank_values=True)) == parameters | {
        "Signature": signature(query)
    }
    expected = hmac.digest(
        b"key", f"POST\ngateway.example\n/x\n{told.removesuffix('&')}".encode(), "sha256"
    )
    assert signature(query) == b64encode(expected).decode()

"""Hosts: credentials and data travel to Amazon, and where the operator allows."""

import pytest

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.credentials import (
    Account,
    MwsCredentials,
    SellingPartnerCredentials,
)
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.marketplaces import Region
from amazon_endpoint.clock import SystemClock
from amazon_endpoint.errors import HostNotAllowed, InvalidInput
from tests.integration.spapi.memory_quotas import MemoryQuotas

MWS = MwsCredentials(access_key_id="a", secret_key="b", seller_id="A0000000000000")

AMAZON = AllowedHosts()
OPERATOR = AllowedHosts(["127.0.0.1:8001", "Amazon.Test", "[::1]:9000"])


@pytest.mark.parametrize(
    ("region", "url"),
    [
        (Region.NORTH_AMERICA, "https://sellingpartnerapi-na.amazon.com"),
        (Region.EUROPE, "https://sellingpartnerapi-eu.amazon.com"),
        (Region.FAR_EAST, "https://sellingpartnerapi-fe.amazon.com"),
    ],
)
def test_the_region_decides_the_host(region: Region, url: str) -> None:
    assert AMAZON.services_url(None, region) == url
    assert AMAZON.services_url("", region) == url


def test_tokens_come_from_login_with_amazon() -> None:
    assert AMAZON.token_url(None) == "https://api.amazon.com"


@pytest.mark.parametrize(
    "value",
    [
        "sandbox.sellingpartnerapi-na.amazon.com",
        "SANDBOX.SellingPartnerAPI-na.amazon.com",
        " https://sandbox.sellingpartnerapi-na.amazon.com/ ",
        "https://sandbox.sellingpartnerapi-na.amazon.com:443",
    ],
)
def test_amazons_sandbox_may_be_named(value: str) -> None:
    url = "https://sandbox.sellingpartnerapi-na.amazon.com"

    assert AMAZON.services_url(value, Region.NORTH_AMERICA) == url


@pytest.mark.parametrize(
    "value",
    [
        "http://sellingpartnerapi-na.amazon.com",
        "sellingpartnerapi-na.amazon.com:8443",
        "sellingpartnerapi-na.amazon.com.",
        "sellingpartnerapi-na.amazon.com/orders",
        "sellingpartnerapi-na.amazon.com?x",
        "sellingpartnerapi-na.amazon.com#x",
        "https://sellingpartnerapi-na.amazon.com@evil.example",
        "https://evil.example\\@sellingpartnerapi-na.amazon.com",
        "https://sellingpartnerapi-na.amazon.com.evil.example",
        "evil.sellingpartnerapi-na.amazon.com",
        "api.amazon.com",
        "ftp://sellingpartnerapi-na.amazon.com",
        "sellingpartnerapi-na.amazon.com\r\nhost: x",
        "ｓellingpartnerapi-na.amazon.com",
        "127.0.0.1",
        "127.0.0.1:8002",
        "http://127.0.0.1",
        "localhost:8001",
        "169.254.169.254",
        "[::1]",
        "amazon.test:0",
        "amazon.test:65536",
        "https://",
        "a" * 10_000,
    ],
)
def test_any_other_services_host_is_refused(value: str) -> None:
    with pytest.raises(HostNotAllowed) as told:
        OPERATOR.services_url(value, Region.NORTH_AMERICA)

    assert told.value.field == "amazon.services_host"


def test_credentials_do_not_go_to_the_services_host() -> None:
    with pytest.raises(HostNotAllowed) as told:
        AMAZON.token_url("sellingpartnerapi-na.amazon.com")

    assert told.value.field == "amazon.token_host"


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("127.0.0.1:8001", "https://127.0.0.1:8001"),
        ("http://amazon.test", "http://amazon.test"),
        ("http://amazon.test:1234", "http://amazon.test:1234"),
        ("https://AMAZON.test", "https://amazon.test"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_the_operator_may_allow_more_and_clear_text_too(value: str, url: str) -> None:
    assert OPERATOR.services_url(value, Region.EUROPE) == url
    assert OPERATOR.token_url(value) == url


def test_a_refusal_repeats_no_password() -> None:
    with pytest.raises(HostNotAllowed) as told:
        AMAZON.services_url("https://me:hunter2@example.com", Region.EUROPE)

    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "mws.amazonservices.com",
        "https://mws.amazonservices.com/",
        "MWS-EU.amazonservices.com",
        "mws.amazonservices.jp:8443",
        "http://mws.amazonservices.in",
    ],
)
def test_mws_has_ended_at_amazons_own_hosts(value: str | None) -> None:
    allowed = AllowedHosts(["mws.amazonservices.com"])

    with pytest.raises(InvalidInput, match="2024-04-01") as told:
        allowed.mws_url(value, "mws.amazonservices.com")

    assert told.value.field == "amazon.aws_access_key"
    for name in ("client_id", "client_secret", "refresh_token", "services_host"):
        assert f"amazon.{name}" in told.value.message


def test_a_gateway_that_speaks_mws_may_be_allowed() -> None:
    url = "http://127.0.0.1:8001"

    assert OPERATOR.mws_url(url, "mws.amazonservices.com") == url


@pytest.mark.parametrize("value", ["mws.example", "http://127.0.0.1:8002", "https://u:pw@x/y"])
def test_any_other_gateway_is_refused(value: str) -> None:
    with pytest.raises(HostNotAllowed) as told:
        OPERATOR.mws_url(value, "mws.amazonservices.com")

    assert told.value.field == "amazon.services_host"
    assert "pw" not in told.value.message


@pytest.mark.parametrize(
    "entry",
    ["http://a.test", "a.test/x", "user@a.test", "", "::1", "a b", "a.test:0", "a.test:65536"],
)
def test_the_operators_list_is_checked(entry: str) -> None:
    with pytest.raises(ValueError, match="neither host nor host:port"):
        AllowedHosts([entry])


@pytest.mark.parametrize(
    "url",
    [
        "https://bucket.s3.amazonaws.com/feed?X-Amz-Signature=a%2Fb&X-Amz-Expires=300",
        "https://tortuga-prod-na.s3-external-1.amazonaws.com/x",
        "http://127.0.0.1:8001/documents/1?x=y",
    ],
)
def test_documents_lie_in_amazons_storage_or_where_the_operator_allows(url: str) -> None:
    OPERATOR.check_document(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://bucket.s3.amazonaws.com/x",
        "https://bucket.s3.amazonaws.com:444/x",
        "https://amazonaws.com/x",
        "https://.amazonaws.com/x",
        "https://evilamazonaws.com/x",
        "https://bucket.s3.amazonaws.com.evil.example/x",
        "https://evil.example/.amazonaws.com",
        "https://evil.example?.amazonaws.com",
        "https://evil.example#.amazonaws.com",
        "https://evil.example\\.amazonaws.com/x",
        "https://bucket.s3.amazonaws.com@evil.example/x",
        "https://bucket.s3.amazonaws.com/x y",
        "//bucket.s3.amazonaws.com/x",
        "http://127.0.0.1:8002/x",
        "https://amazon.test:65536/x",
        "",
    ],
)
def test_a_document_anywhere_else_is_refused(url: str) -> None:
    with pytest.raises(HostNotAllowed):
        OPERATOR.check_document(url)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("amazon.marketplace_id", {"marketplace_ids": ("ATVPDKIKX0DER", "A1VC38T7YXB528")}),
        ("amazon.services_host", {"services_host": "https://evil.example"}),
        ("amazon.token_host", {"token_host": "https://evil.example"}),
        ("amazon.aws_access_key", {"credentials": MWS}),
        ("amazon.services_host", {"credentials": MWS, "services_host": "https://evil.example"}),
        ("amazon.marketplace_id", {"credentials": MWS, "marketplace_ids": ("A0NOWHERE",)}),
    ],
)
async def test_a_connection_is_checked_before_anything_is_called(
    field: str, changes: dict[str, object]
) -> None:
    connector = Connector(quotas=MemoryQuotas(), clock=SystemClock(), hosts=AMAZON)
    parts = {
        "credentials": SellingPartnerCredentials(
            client_id="a", client_secret="b", refresh_token="c"
        ),
        "seller_id": "A0000000000000",
        "marketplace_ids": ("ATVPDKIKX0DER",),
    }

    with pytest.raises(InvalidInput) as told:
        connector.connect(Account(**parts | changes))  # type: ignore[arg-type]

    assert told.value.field == field
    await connector.aclose()

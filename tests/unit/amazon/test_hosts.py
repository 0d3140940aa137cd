"""Hosts: credentials and data travel to Amazon, and where the operator allows."""

import re
from typing import Any

import pytest

from amazon_endpoint.amazon.connect import Connector, base_urls
from amazon_endpoint.amazon.credentials import Account, Credentials
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.amazon.mws.credentials import MwsCredentials
from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.clock import SystemClock
from amazon_endpoint.errors import HostNotAllowed, InvalidInput
from tests.integration.spapi.memory_quotas import MemoryQuotas

SELLING_PARTNER = SellingPartnerCredentials(client_id="a", client_secret="b", refresh_token="c")
MWS = MwsCredentials(access_key_id="a", secret_key="b", seller_id="A0000000000000")

UNITED_STATES, GERMANY, JAPAN = "ATVPDKIKX0DER", "A1PA6795UKMFR9", "A1VC38T7YXB528"

AMAZON = AllowedHosts()
OPERATOR = AllowedHosts(["127.0.0.1:8001", "Amazon.Test", "[::1]:9000"])


def account(credentials: Credentials = SELLING_PARTNER, **changes: Any) -> Account:
    whose: dict[str, Any] = {"seller_id": "A0000000000000", "marketplace_ids": (UNITED_STATES,)}
    return Account(credentials=credentials, **whose | changes)


def services_url(hosts: AllowedHosts, value: str | None) -> str:
    return base_urls(account(services_host=value), hosts)[0]


def token_url(hosts: AllowedHosts, value: str | None) -> str:
    return base_urls(account(token_host=value), hosts)[1]


def gateway_url(hosts: AllowedHosts, value: str | None) -> str:
    (url,) = base_urls(account(MWS, services_host=value), hosts)
    return url


@pytest.mark.parametrize(
    ("marketplace_id", "url"),
    [
        (UNITED_STATES, "https://sellingpartnerapi-na.amazon.com"),
        (GERMANY, "https://sellingpartnerapi-eu.amazon.com"),
        (JAPAN, "https://sellingpartnerapi-fe.amazon.com"),
    ],
)
@pytest.mark.parametrize("empty", [None, ""])
def test_the_region_decides_the_host(marketplace_id: str, url: str, empty: str | None) -> None:
    there = account(marketplace_ids=(marketplace_id,), services_host=empty, token_host=empty)

    assert base_urls(there, AMAZON) == (url, "https://api.amazon.com")


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

    assert services_url(AMAZON, value) == url


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
        services_url(OPERATOR, value)

    assert told.value.field == "amazon.services_host"


def test_credentials_do_not_go_to_the_services_host() -> None:
    with pytest.raises(HostNotAllowed) as told:
        token_url(AMAZON, "sellingpartnerapi-na.amazon.com")

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
    assert services_url(OPERATOR, value) == url
    assert token_url(OPERATOR, value) == url


@pytest.mark.parametrize("entry", ["amazon.test:8443", "[::1]:8443"])
def test_a_refusal_tells_the_entry_that_would_allow_the_host(entry: str) -> None:
    url = f"http://{entry}"
    with pytest.raises(HostNotAllowed, match=re.escape(f"add {entry} to")):
        services_url(AMAZON, url)

    assert services_url(AllowedHosts([entry]), url) == url


def test_a_refusal_repeats_no_password() -> None:
    with pytest.raises(HostNotAllowed) as told:
        services_url(AMAZON, "https://me:hunter2@example.com")

    assert "hunter2" not in str(told.value)


# Amazon's own list, and others of the same form.
RETIRED = [
    *("mws.amazonservices.com", "mws.amazonservices.ca", "mws.amazonservices.com.mx"),
    *("mws-eu.amazonservices.com", "mws.amazonservices.ae", "mws.amazonservices.in"),
    *("mws-fe.amazonservices.com", "mws.amazonservices.com.au", "mws.amazonservices.jp"),
    *("mws.amazonservices.com.cn", "mws.amazonservices.co.uk", "mws-na.amazonservices.com"),
]
ALSO_RETIRED = [
    "https://mws.amazonservices.com/",
    " MWS-EU.amazonservices.com ",
    "mws.amazonservices.jp:8443",
    "http://mws.amazonservices.in",
]


@pytest.mark.parametrize("value", [*RETIRED, *ALSO_RETIRED])
@pytest.mark.parametrize(
    ("credentials", "field"),
    [(SELLING_PARTNER, "amazon.services_host"), (MWS, "amazon.aws_access_key")],
)
def test_mws_has_ended_at_amazons_own_hosts(
    value: str, credentials: Credentials, field: str
) -> None:
    with pytest.raises(InvalidInput) as told:
        base_urls(account(credentials, services_host=value), AllowedHosts([RETIRED[0]]))

    assert told.value.field == field
    assert_mws_has_ended(told.value.message)


@pytest.mark.parametrize("value", [None, ""])
def test_mws_has_ended_where_no_gateway_is_named(value: str | None) -> None:
    with pytest.raises(InvalidInput) as told:
        gateway_url(AMAZON, value)

    assert told.value.field == "amazon.aws_access_key"
    assert_mws_has_ended(told.value.message)


def assert_mws_has_ended(message: str) -> None:
    assert "Amazon ended MWS on 2024-04-01" in message
    assert "Clear amazon.services_host" in message
    for name in ("client_id", "client_secret", "refresh_token"):
        assert f"amazon.{name}" in message


@pytest.mark.parametrize(
    "value",
    [
        "sellingpartnerapi-eu.amazon.com",
        "http://sandbox.sellingpartnerapi-na.amazon.com:8080",
    ],
)
def test_the_selling_partner_api_takes_no_keys_of_mws(value: str) -> None:
    with pytest.raises(InvalidInput, match="takes no other credentials") as told:
        gateway_url(AllowedHosts(["sandbox.sellingpartnerapi-na.amazon.com"]), value)

    assert told.value.field == "amazon.services_host"
    assert "amazon.refresh_token" in told.value.message


@pytest.mark.parametrize("value", ["mws.example", "amazonservices.com", "mws.amazonservice.com"])
def test_what_only_resembles_a_retired_host_may_be_allowed(value: str) -> None:
    assert gateway_url(AllowedHosts([value]), value) == f"https://{value}"
    with pytest.raises(HostNotAllowed):
        gateway_url(AMAZON, value)


def test_a_gateway_that_speaks_mws_may_be_allowed() -> None:
    url = "http://127.0.0.1:8001"

    assert gateway_url(OPERATOR, url) == url


@pytest.mark.parametrize("value", ["mws.example", "http://127.0.0.1:8002", "https://u:pw@x/y"])
def test_any_other_gateway_is_refused(value: str) -> None:
    with pytest.raises(HostNotAllowed) as told:
        gateway_url(OPERATOR, value)

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
    field: str, changes: dict[str, Any]
) -> None:
    connector = Connector(quotas=MemoryQuotas(), clock=SystemClock(), hosts=AMAZON)

    with pytest.raises(InvalidInput) as told:
        connector.connect(account(**changes))

    assert told.value.field == field
    await connector.aclose()

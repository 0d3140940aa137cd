"""No secret and nothing of a buyer's gets into a log line or an error, at any level."""

import logging
from typing import Any

import msgspec
import pytest

from amazon_endpoint.amazon.spapi.credentials import SellingPartnerCredentials
from amazon_endpoint.errors import EndpointError
from tests.integration.spapi.scripted_amazon import Reply, ScriptedAmazon, grant, refusal
from tests.integration.spapi.seller import Seller, window

CANARIES = SellingPartnerCredentials(
    client_id="application", client_secret="secret-canary", refresh_token="Atzr|canary"
)

ORDER: dict[str, Any] = {
    "orderId": "111-0000000-0000001",
    "createdTime": "2026-10-20T08:00:00Z",
    "lastUpdatedTime": "2026-10-21T08:00:00Z",
    "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER"},
    "buyer": {"buyerName": "Canary Name", "buyerEmail": "canary@example.com"},
    "recipient": {"deliveryAddress": {"addressLine1": "1 Canary Street", "phone": "canary-phone"}},
    "orderItems": [{"orderItemId": "1", "quantityOrdered": 1, "product": {}}],
}


def shown(error: BaseException | None) -> str:
    """Everything that a handler could print of an error and of what led to it."""
    if error is None:
        return ""
    return f"{error} {error!r} {shown(error.__context__)} {shown(error.__cause__)}"


def page(*orders: object) -> Reply:
    return Reply(200, msgspec.json.encode({"orders": orders}))


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(page(ORDER), id="order"),
        pytest.param(page(ORDER | {"orderItems": "Canary"}), id="bad order"),
        pytest.param(page(ORDER | {"lastUpdatedTime": "canary"}), id="bad time"),
        pytest.param(
            page(ORDER | {"proceeds": {"grandTotal": {"amount": "canary", "currencyCode": "USD"}}}),
            id="bad amount",
        ),
        pytest.param(
            page(ORDER | {"proceeds": {"grandTotal": {"amount": "1", "currencyCode": "canary"}}}),
            id="bad currency",
        ),
        pytest.param(
            Reply(200, b'{"orders": [{"buyer": {"buyerName": "Canary Name"'), id="half a page"
        ),
        pytest.param(Reply(200, b"Canary Name, 1 Canary Street"), id="no json"),
        pytest.param(Reply(200, page(ORDER).body, cut=True), id="cut"),
        pytest.param(refusal(400, "InvalidInput", "Bad header Atza|canary"), id="400"),
        pytest.param(refusal(403, "Unauthorized", "Expired: Atza|canary"), id="403"),
        pytest.param(Reply(500, b"<html>Atza|canary</html>"), id="500"),
    ],
)
async def test_orders_leave_no_trace(
    amazon: ScriptedAmazon, seller: Seller, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    caplog.set_level(logging.DEBUG)
    amazon.token_host_will(*[grant("Atza|canary")] * 2)
    amazon.will(*[reply] * 4)
    told = ""

    try:
        page = await seller.account(CANARIES).search_orders(window(), "page-token-canary")
        told = "".join(one.reason for one in page.unreadable)
    except EndpointError as error:
        told = shown(error)

    assert "searchOrders answered" in caplog.text or reply.cut
    assert "canary" not in (told + caplog.text).lower()


@pytest.mark.parametrize("status", [200, 400, 401, 500])
async def test_credentials_leave_no_trace(
    amazon: ScriptedAmazon, seller: Seller, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = b'{"error": "invalid_grant", "error_description": "Atzr|canary secret-canary"}'
    amazon.token_host_will(*[Reply(status, echo)] * 4)

    with pytest.raises(EndpointError) as told:
        await seller.account(CANARIES).search_orders(window(), None)

    assert "canary" not in (shown(told.value) + caplog.text + repr(CANARIES)).lower()


async def test_a_documents_address_leaves_no_trace(
    amazon: ScriptedAmazon, seller: Seller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = {"feedDocumentId": "1", "url": f"{amazon.url}/put?X-Amz-Signature=canary"}
    amazon.will(Reply(201, msgspec.json.encode(told)), *[Reply(500, b"canary")] * 4)

    with pytest.raises(EndpointError) as failure:
        await seller.account().prepare_feed(b"canary")

    assert "canary" not in (shown(failure.value) + caplog.text).lower()

"""No key and nothing of a buyer's gets into a log line or an error, at any level."""

import logging

import pytest

from amazon_endpoint.amazon.mws.credentials import MwsCredentials
from amazon_endpoint.errors import EndpointError
from tests.integration.mws.scripted_mws import (
    ScriptedMws,
    again,
    answer,
    items,
    order,
    orders,
    refusal,
)
from tests.integration.mws.seller import Seller
from tests.integration.spapi.scripted_amazon import LOST, Reply
from tests.integration.spapi.seller import window
from tests.integration.spapi.test_canary import shown
from tests.turned_clock import TurnedClock
from tests.unit.mws.mws_orders import Tree, item_xml, order_xml

CANARIES = MwsCredentials(
    access_key_id="AKIDcanary",
    secret_key="secret-canary",
    seller_id="A0000000000000",
    auth_token="amzn.mws.canary",
)

BUYER: Tree = {
    "AmazonOrderId": order(1),
    "BuyerName": "Canary Name",
    "BuyerEmail": "canary@example.com",
    "ShippingAddress": {"Name": "Canary", "AddressLine1": "1 Canary Street", "Phone": "canary"},
}


def page(**changes: "str | Tree | None") -> Reply:
    return answer("ListOrders", f"<Orders>{order_xml(**{**BUYER, **changes})}</Orders>")


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(page(), id="order"),
        pytest.param(page(LastUpdateDate="canary"), id="bad time"),
        pytest.param(page(OrderTotal={"Amount": "canary", "CurrencyCode": "USD"}), id="bad amount"),
        pytest.param(page(OrderTotal={"Amount": "1", "CurrencyCode": "canary"}), id="bad currency"),
        pytest.param(again(page(), body=page().body[:-200]), id="half a page"),
        pytest.param(again(page(), cut=True), id="cut off"),
        pytest.param(Reply(200, b"Canary Name, 1 Canary Street"), id="no XML"),
        pytest.param(Reply(200, b"<a>&canary;</a>"), id="an entity"),
        pytest.param(Reply(200, b"<!DOCTYPE a><a>canary</a>"), id="a DOCTYPE"),
        pytest.param(LOST, id="lost"),
        pytest.param(refusal(403, "InvalidAccessKeyId", "AKIDcanary is unknown"), id="key"),
        pytest.param(refusal(403, "SignatureDoesNotMatch", "secret-canary"), id="secret"),
        pytest.param(refusal(401, "AccessDenied", "amzn.mws.canary"), id="token"),
        pytest.param(refusal(400, "InvalidRequest", "x" * 295 + "AKIDcanary"), id="at the end"),
        pytest.param(Reply(500, b"<html>secret-canary</html>"), id="500"),
        pytest.param(again(page(), status=500), id="an order with an error's status"),
        pytest.param(Reply(400, b"<html>Canary Name</html>"), id="400"),
    ],
)
async def test_orders_leave_no_trace(
    amazon: ScriptedMws, seller: Seller, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    caplog.set_level(logging.DEBUG)
    amazon.by_order(reply, {order(1): [items(1, item_xml(Title="Canary"))]})
    amazon.will(*[reply] * 3)
    told = ""

    try:
        found = await seller.account(CANARIES).search_orders(window(), None)
        told = "".join(one.reason for one in found.unreadable)
    except EndpointError as error:
        told = shown(error)

    assert "canary" not in (told + caplog.text + repr(CANARIES)).lower()


@pytest.mark.parametrize(
    "reply",
    [LOST, Reply(500, b"AKIDcanary"), refusal(400, "InvalidRequest", "AKIDcanary")],
    ids=["lost", "failing", "refused"],
)
async def test_a_feeds_address_leaves_no_trace(
    amazon: ScriptedMws, seller: Seller, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    caplog.set_level(logging.DEBUG)
    amazon.will(reply)

    with pytest.raises(EndpointError) as failure:
        await seller.account(CANARIES).submit_feed("<feed>canary</feed>", ("ATVPDKIKX0DER",))

    assert "AKIDcanary" in amazon.signed[0]["AWSAccessKeyId"]
    assert "canary" not in (shown(failure.value) + caplog.text).lower()


async def test_a_host_that_is_not_there_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with ScriptedMws() as gone:
        url = gone.url
    nowhere = Seller(url, TurnedClock())

    with pytest.raises(EndpointError) as failure:
        await nowhere.account(CANARIES).submit_feed("<feed>canary</feed>", ("ATVPDKIKX0DER",))
    await nowhere.connector.aclose()

    assert "canary" not in (shown(failure.value) + caplog.text).lower()


async def test_a_single_orders_trouble_leaves_no_trace(
    amazon: ScriptedMws, seller: Seller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    amazon.by_order(orders(1), {order(1): [items(1, item_xml("canary"))]})

    found = await seller.account().search_orders(window(), None)

    (bad,) = found.unreadable
    assert "canary" not in (bad.reason + caplog.text).lower()

"""A service that speaks MWS as a test wrote it down, and remembers what it was asked."""

from urllib.parse import parse_qsl

import msgspec

from tests.integration.spapi.scripted_amazon import Asked, Reply, ScriptedAmazon
from tests.unit.mws.mws_orders import NAMESPACE, item_xml, money, order_xml

DATE = {"date": "Sun, 01 Nov 2026 12:00:00 GMT"}


class ScriptedMws(ScriptedAmazon):
    """Without a script it lists no orders. An unsigned look at its clock takes nothing of it."""

    def __init__(self) -> None:
        super().__init__()
        self._items: dict[str, list[Reply]] = {}

    def _reply(self, asked: Asked) -> Reply:
        if asked.method == "GET" and not asked.params:
            return Reply(404, b"", DATE)
        named = self._items.get(dict(parse_qsl(asked.body.decode())).get("AmazonOrderId", ""))
        if named:
            return named.pop(0)
        return self._script.popleft() if self._script else orders()

    def by_order(self, page: Reply, listed: "dict[str, Reply | list[Reply]]") -> None:
        """List `page`, then each order's items, in whatever sequence they are asked for."""
        self.will(page)
        for number, replies in listed.items():
            self._items[number] = list(replies) if isinstance(replies, list) else [replies]

    @property
    def signed(self) -> list[dict[str, str]]:
        """The parameters of each call that was signed, wherever they stood."""
        asked = [one.params or dict(parse_qsl(one.body.decode())) for one in self.asked]
        return [one for one in asked if one]

    @property
    def actions(self) -> list[str]:
        return [one["Action"] for one in self.signed]


def answer(action: str, *content: str, **headers: str) -> Reply:
    told = (
        f'<?xml version="1.0"?><{action}Response xmlns="{NAMESPACE}">'
        f"<{action}Result>{''.join(content)}</{action}Result>"
        f"<ResponseMetadata><RequestId>1-2-3</RequestId></ResponseMetadata></{action}Response>"
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(200, told.encode(), {"content-type": "text/xml", **named})


def order(number: int) -> str:
    return f"111-0000000-{number:07}"


def orders(*numbers: int, next_token: str = "", by_token: bool = False, **fields: str) -> Reply:
    """A page of orders."""
    listed = "".join(
        order_xml(AmazonOrderId=order(one), OrderTotal=money("10.00"), **fields) for one in numbers
    )
    return answer(
        "ListOrdersByNextToken" if by_token else "ListOrders",
        f"<NextToken>{next_token}</NextToken>" if next_token else "",
        "<LastUpdatedBefore>2026-11-01T11%3A57%3A55Z</LastUpdatedBefore>",
        f"<Orders>{listed}</Orders>",
    )


def items(number: int, *listed: str, next_token: str = "", by_token: bool = False) -> Reply:
    """A page of an order's items; one item of ten dollars if nothing else is said."""
    return answer(
        "ListOrderItemsByNextToken" if by_token else "ListOrderItems",
        f"<NextToken>{next_token}</NextToken>" if next_token else "",
        f"<AmazonOrderId>{order(number)}</AmazonOrderId>",
        f"<OrderItems>{''.join(listed or [item_xml()])}</OrderItems>",
    )


def refusal(status: int, code: str, message: str = "No.", **headers: str) -> Reply:
    told = (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{message}</Message><Detail/></Error><RequestID>1-2-3</RequestID></ErrorResponse>"
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, told.encode(), {"x-mws-request-id": "1-2-3", **named})


THROTTLED = refusal(503, "RequestThrottled", "Request is throttled")
HTML = Reply(503, b"<html><body>Service Unavailable</body></html>")


def again(reply: Reply, **changes: object) -> Reply:
    return msgspec.structs.replace(reply, **changes)

"""An Amazon and a store that speak of the buyer wherever they can."""

import json
from collections import deque
from typing import Any

from amazon_endpoint.sandbox.reports import ERROR, Outcome, processing_report
from tests.integration.spapi.scripted_amazon import Asked, Reply, ScriptedAmazon, grant, refusal
from tests.unit.amazon.wire_orders import item, money, order, part

#: All that is said of the buyer. Each has the word that is searched for.
BUYER = {
    "name": "Canary Nameson",
    "email": "canary-mail@marketplace.amazon.com",
    "company": "Canary & Daughters",
    "street": "1 Canary Street",
    "phone": "555-canary",
    "gift": "Sing like a canary",
    "purchase order": "PO-canary-7",
}
GOSSIP = "; ".join(BUYER.values())

READABLE, UNREADABLE, UNKNOWN = (f"111-0000000-000000{number}" for number in (1, 2, 3))

_BUYER = {
    "buyerName": BUYER["name"],
    "buyerEmail": BUYER["email"],
    "buyerCompanyName": BUYER["company"],
    "buyerPurchaseOrderNumber": BUYER["purchase order"],
}
_RECIPIENT = {
    "deliveryAddress": {
        "name": BUYER["name"],
        "companyName": BUYER["company"],
        "addressLine1": BUYER["street"],
        "city": "Canary Town",
        "stateOrRegion": "PA",
        "postalCode": "37284",
        "countryCode": "US",
        "phone": BUYER["phone"],
    }
}


class GossipingAmazon(ScriptedAmazon):
    """Has a good order and one that makes no sense; refuses all shipments, and says of whom."""

    def __init__(self) -> None:
        super().__init__()
        self.status, self.updated = "UNSHIPPED", "2026-10-21T08:00:00Z"

    def _reply(self, asked: Asked) -> Reply:
        told = self._answers().get(f"{asked.method} {asked.path}")
        if told is not None:
            return told
        return refusal(404 if asked.method == "GET" else 400, message=GOSSIP, details=GOSSIP)

    def _answers(self) -> dict[str, Reply]:
        orders, feeds = "/orders/2026-01-01/orders", "/feeds/2021-06-30"
        done = {"processingStatus": "DONE", "resultFeedDocumentId": "report"}
        told = Outcome(message_id="0", severity=ERROR, code="18021", description=GOSSIP)
        return {
            "POST /auth/o2/token": grant("Atza|canary-access"),
            f"GET {orders}": _json({"orders": [self._order(), self._nonsense()]}),
            f"GET {orders}/{READABLE}": _json({"order": self._order()}),
            f"GET {orders}/{UNREADABLE}": _json({"order": self._nonsense()}),
            f"POST {feeds}/documents": _json(self._document("upload")),
            "PUT /upload": Reply(),
            f"POST {feeds}/feeds": _json({"feedId": "7001"}),
            f"GET {feeds}/feeds": _json({"feeds": []}),
            f"GET {feeds}/feeds/7001": _json({"feedId": "7001"} | done),
            f"GET {feeds}/documents/report": _json(self._document("report")),
            "GET /report": Reply(200, processing_report("7001", 0, [told])),
        }

    def _document(self, name: str) -> dict[str, str]:
        return {"feedDocumentId": name, "url": f"{self.url}/{name}"}

    def _order(self) -> dict[str, Any]:
        one = item(
            part("ITEM", "58.00"),
            total="58.00",
            unit_price=money("29.00"),
            quantity=2,
            item_id="10000000000001",
            fulfillment={
                "quantityFulfilled": 0,
                "quantityUnfulfilled": 2,
                "packing": {"giftOption": {"giftMessage": BUYER["gift"]}},
            },
        )
        told = {"orderId": READABLE, "lastUpdatedTime": self.updated}
        people = {"buyer": _BUYER, "recipient": _RECIPIENT}
        return order(one, total=money("58.00"), status=self.status) | told | people

    def _nonsense(self) -> dict[str, Any]:
        return self._order() | {"orderId": UNREADABLE, "orderItems": GOSSIP}


class GossipingStore(ScriptedAmazon):
    """Takes messages, but for the `statuses` that it is to answer first; quotes each of them."""

    def __init__(self, *statuses: int) -> None:
        super().__init__()
        self._statuses = deque(statuses)

    def _reply(self, asked: Asked) -> Reply:
        status = self._statuses.popleft() if self._statuses else 200
        return Reply(status, asked.body, {"content-type": "text/plain"})

    @property
    def told(self) -> list[str]:
        """The kinds of the messages that came, repeats too."""
        return [json.loads(one.body)["message"] for one in self.asked]


def _json(content: object) -> Reply:
    return Reply(200, json.dumps(content).encode())

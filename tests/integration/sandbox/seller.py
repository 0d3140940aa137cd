"""A seller's application in its simplest form: what the tests call the local Amazon with."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx2

from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread

ORDERS = "/orders/2026-01-01/orders"
FEEDS = "/feeds/2021-06-30/feeds"
DOCUMENTS = "/feeds/2021-06-30/documents"
CREDENTIALS = {
    "grant_type": "refresh_token",
    "refresh_token": "Atzr|a seller",
    "client_id": "an application",
    "client_secret": "a secret",
}
QUIET = SandboxOptions(orders=0, queue_seconds=0, progress_seconds=0)


class Seller:
    """Calls with a user agent and a token."""

    def __init__(self, client: httpx2.Client, refresh_token: str = "Atzr|a seller") -> None:
        self.client = client
        self.refresh_token = refresh_token
        self.renew()

    def renew(self) -> None:
        form = CREDENTIALS | {"refresh_token": self.refresh_token}
        token = self.client.post("/auth/o2/token", data=form).raise_for_status().json()
        self.headers = {"x-amz-access-token": token["access_token"]}

    def get(self, path: str, **parameters: str | int) -> httpx2.Response:
        return self.client.get(path, params=parameters, headers=self.headers)

    def post(self, path: str, content: object) -> httpx2.Response:
        return self.client.post(path, json=content, headers=self.headers)

    def delete(self, path: str) -> httpx2.Response:
        return self.client.delete(path, headers=self.headers)

    def pages(self, **parameters: str | int) -> list[dict[str, Any]]:
        found = []
        more = parameters
        while True:
            page = self.get(ORDERS, **more).raise_for_status().json()
            found.append(page)
            if "pagination" not in page:
                return found
            more = parameters | {"paginationToken": page["pagination"]["nextToken"]}


@contextmanager
def selling(options: SandboxOptions = QUIET) -> Iterator[tuple[RunningSandbox, Seller]]:
    with (
        run_in_thread(options) as sandbox,
        httpx2.Client(base_url=sandbox.url, headers={"user-agent": "Tests/1"}) as client,
    ):
        yield sandbox, Seller(client)


def order(order_id: str, updated: str, **blocks: Any) -> dict[str, Any]:
    """An open order of one article, five pieces."""
    return {
        "orderId": order_id,
        "createdTime": "2024-05-01T08:00:00.000Z",
        "lastUpdatedTime": updated,
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER"},
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
        "orderItems": [
            {
                "orderItemId": f"{order_id[-7:]}0000001",
                "quantityOrdered": 5,
                "product": {"sellerSku": "MUG-1"},
                "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": 5},
            }
        ],
    } | blocks


def text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ago(sandbox: RunningSandbox, **span: float) -> str:
    return text(sandbox.now() - timedelta(**span))

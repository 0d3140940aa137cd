"""Hubs of the later format as tests play them: one keeps `last_poll`, the other parameters."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from amazon_endpoint.clock import Clock
from amazon_endpoint.settings import Settings
from amazon_endpoint.web.app import create_app
from tests.integration.endpoint.hub import TOKEN

# What Cangaroo sends: the one header in two spellings.
TWIN_HEADERS = {"X-HUB-TOKEN": TOKEN, "X_HUB_TOKEN": TOKEN}

_KEY = re.compile(r"[a-z\-_]*")


def check_schema(reply: Any) -> None:
    """Cangaroo's schema of an answer, typed anew: what it would fail the job for."""
    assert isinstance(reply, dict)
    objects = {key: reply[key] for key in reply.keys() - {"request_id", "summary", "parameters"}}
    assert objects, "nothing but request_id, summary and parameters"
    for key, value in objects.items():
        assert _KEY.fullmatch(key), key
        assert isinstance(value, list), key
        for one in value:
            assert isinstance(one, dict), key
            assert one.get("id"), key


@asynccontextmanager
async def serving(settings: Settings, clock: Clock) -> AsyncIterator[httpx2.AsyncClient]:
    """An endpoint with its storage open, and what speaks to it."""
    app = create_app(settings, clock=clock)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://endpoint.test", timeout=180
        ) as client,
    ):
        yield client


def numbers(reply: dict[str, Any]) -> list[str]:
    """The numbers of the orders that a reply brings."""
    return [order["id"] for order in reply["orders"]]


class Cangaroo:
    """Sends its own, unchanging parameters and `last_poll`, and drops what comes back of them.

    `last_poll` is when the last job began that was answered well, in seconds.
    """

    def __init__(
        self, client: httpx2.AsyncClient, parameters: Mapping[str, Any], clock: Clock
    ) -> None:
        self.client = client
        self.clock = clock
        self.last_poll = 0
        self.parameters = {
            name.removeprefix("amazon."): value for name, value in parameters.items()
        }

    def body(self, content: dict[str, Any], **parameters: Any) -> dict[str, Any]:
        """A call with the hub's parameters; one of None is left out."""
        given = {k: v for k, v in (self.parameters | parameters).items() if v is not None}
        return {"request_id": "job-1", "parameters": given, **content}

    async def post(
        self, path: str, body: bytes | dict[str, Any], headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        """Post as it is, with the token unless other headers are given."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = TWIN_HEADERS if headers is None else headers
        return await self.client.post(path, content=content, headers=told)

    async def ask(self, path: str, content: dict[str, Any], **parameters: Any) -> dict[str, Any]:
        """Post a call that is answered well, and return what it says."""
        response = await self.post(path, self.body(content, **parameters))
        assert response.status_code == 200, response.text
        reply: dict[str, Any] = response.json()
        check_schema(reply)
        assert reply["request_id"] == "job-1"
        return reply

    async def try_poll(self, *, lost: bool = False, **parameters: Any) -> httpx2.Response:
        """A poll's job. A `lost` answer doesn't arrive, and `last_poll` stays as it is."""
        began = int(self.clock.now().timestamp())
        response = await self.post(
            "/get_orders", self.body({"last_poll": self.last_poll}, **parameters)
        )
        if response.status_code == 200 and not lost:
            check_schema(response.json())
            self.last_poll = began
        return response

    async def poll(self, **parameters: Any) -> dict[str, Any]:
        """A poll that is answered well and arrives."""
        response = await self.try_poll(**parameters)
        assert response.status_code == 200, response.text
        reply: dict[str, Any] = response.json()
        return reply


class FlowLink(Cangaroo):
    """Keeps the parameters that come back, names some its own way, and sends no `last_poll`."""

    def __init__(
        self, client: httpx2.AsyncClient, parameters: Mapping[str, Any], clock: Clock
    ) -> None:
        super().__init__(client, parameters, clock)
        self.parameters["merchant_id"] = self.parameters.pop("seller_id")
        self.parameters["amazon_orders_last_polling_datetime"] = ""
        self.parameters["create_shipments"] = "1"

    async def poll(self, **parameters: Any) -> dict[str, Any]:
        reply = await self.ask("/get_orders", {}, **parameters)
        self.parameters |= reply.get("parameters", {})
        return reply

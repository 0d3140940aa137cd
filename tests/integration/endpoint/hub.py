"""A hub as tests play it: it posts messages and keeps the parameters that come back."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from amazon_endpoint.clock import Clock
from amazon_endpoint.settings import Settings
from amazon_endpoint.web.app import create_app

TOKEN = "a-token-that-only-the-hub-knows"


class Hub:
    """Posts to one endpoint in the name of one seller."""

    def __init__(self, client: httpx2.AsyncClient, parameters: dict[str, Any]) -> None:
        self.client = client
        self.parameters = dict(parameters)

    def message(self, name: str, payload: dict[str, Any], **parameters: Any) -> dict[str, Any]:
        """A message with the hub's parameters; one of None is left out."""
        given = self.parameters | {f"amazon.{key}": value for key, value in parameters.items()}
        listed = [{"name": k, "value": v} for k, v in given.items() if v is not None]
        return {
            "message_id": "1234567",
            "message": name,
            "payload": payload | {"parameters": listed},
        }

    async def post(
        self, path: str, content: bytes | dict[str, Any], headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        """Post as it is, with the token unless other headers are given."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        told = {"X-Augury-Token": TOKEN} if headers is None else headers
        return await self.client.post(path, content=body, headers=told)

    async def ask(self, name: str, payload: dict[str, Any], **parameters: Any) -> dict[str, Any]:
        """Post a message to `/`, take the answer's parameters over, and return it."""
        response = await self.post("/", self.message(name, payload, **parameters))
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        for one in answer.get("parameters", ()):
            self.parameters[one["name"]] = one["value"]
        return answer

    async def poll(self, **parameters: Any) -> dict[str, Any]:
        return await self.ask("amazon:order:poll", {}, **parameters)

    async def confirm(self, shipment: dict[str, Any], **parameters: Any) -> dict[str, Any]:
        return await self.ask("shipment:confirm", {"shipment": shipment}, **parameters)

    async def feed(self, feed_id: str) -> dict[str, Any]:
        return await self.ask("amazon:feed:status", {"feed_id": feed_id})


@asynccontextmanager
async def serving(
    settings: Settings, parameters: dict[str, Any], clock: Clock
) -> AsyncIterator[Hub]:
    """An endpoint with its storage open, and a hub in front of it that sends `parameters`."""

    app = create_app(settings, clock=clock)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://endpoint.test", timeout=180
        ) as client,
    ):
        yield Hub(client, parameters)


def numbers(answer: dict[str, Any]) -> list[str]:
    """The order numbers that an answer imports."""
    return [
        one["payload"]["order"]["number"]
        for one in answer.get("messages", ())
        if one["message"] == "order:import"
    ]


def told(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Level and description of each notification."""
    return [(one["level"], one["description"]) for one in answer.get("notifications", ())]

"""What the endpoint serves besides the four services, and to whom."""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest

from amazon_endpoint.hub.v5 import reply
from amazon_endpoint.hub.v5.message import Service
from amazon_endpoint.settings import Settings
from amazon_endpoint.web.app import create_app
from tests.integration.endpoint.generations import SELLING_PARTNER
from tests.integration.endpoint.hub import TOKEN, Hub
from tests.turned_clock import ShiftedClock

pytestmark = pytest.mark.parametrize("generation", [SELLING_PARTNER], ids=["SP-API"])

BASIC = b64encode(f"hub:{TOKEN}".encode()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Augury-Token": TOKEN},
        {"X_AUGURY_TOKEN": TOKEN},
        {"X-Hub-Token": TOKEN},
        {"X-HUB-TOKEN": "another", "X_HUB_TOKEN": TOKEN},
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": f"bearer  {TOKEN}"},
        {"Authorization": f"Basic {BASIC}"},
    ],
    ids=str,
)
async def test_the_token_is_taken_from_any_header_that_hubs_use(
    hub: Hub, headers: dict[str, str]
) -> None:
    assert (await hub.client.get("/auth", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Augury-Token": ""},
        {"X-Augury-Token": TOKEN[:-1]},
        {"X-Augury-Token": TOKEN + "x"},
        {"X-Augury-Token": TOKEN.upper()},
        {"X-Augury-Token": "é"},
        {"Authorization": TOKEN},
        {"Authorization": "Basic !"},
        {"Authorization": "Bearer"},
        {"Cookie": f"token={TOKEN}"},
    ],
    ids=str,
)
async def test_anything_else_is_refused_without_a_word(hub: Hub, headers: dict[str, str]) -> None:
    encoded = {name: value.encode() for name, value in headers.items()}
    response = await hub.client.get("/auth", headers=encoded)  # type: ignore[arg-type]
    assert (response.status_code, response.content) == (401, b"")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "POST"])
@pytest.mark.parametrize("path", ["/", "/endpoint.json", "/health"])
async def test_open_paths_are_open_for_reading_only(hub: Hub, method: str, path: str) -> None:
    assert (await hub.client.request(method, path)).status_code == 401


async def test_the_token_in_the_url_opens_nothing(hub: Hub) -> None:
    assert (await hub.client.get("/auth", params={"token": TOKEN})).status_code == 401


async def test_the_root_leads_to_the_manifest(hub: Hub) -> None:
    response = await hub.client.get("/")
    assert (response.status_code, response.headers["location"]) == (302, "/endpoint.json")
    manifest = (await hub.client.get("/endpoint.json")).json()
    assert [one["path"] for one in manifest["services"]] == [one.path for one in Service]


async def test_metrics_count_messages_by_outcome_and_name_no_one(hub: Hub) -> None:
    await hub.poll(last_updated_after="2013-01-01T00:00:00Z")
    await hub.ask("amazon:import:by_number", {"amazon_order_id": "999-0000000-0000000"})
    told = (await hub.client.get("/metrics", headers={"X-Hub-Token": TOKEN})).text
    assert 'messages_total{outcome="ok",service="amazon:order:poll"} 1.0' in told
    assert 'messages_total{outcome="error",service="amazon:import:by_number"} 1.0' in told
    assert "amazon_endpoint_orders_total 2.0" in told
    assert "999-0000000" not in told


async def test_orders_that_are_only_told_of_are_not_counted(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def does_not_fit(*_: Any, **__: Any) -> None:
        raise ValueError

    monkeypatch.setattr(reply, "encode_order", does_not_fit)

    answer = await hub.poll(last_updated_after="2013-01-01T00:00:00Z")

    assert "messages" not in answer
    assert answer["notifications"]
    told = (await hub.client.get("/metrics", headers={"X-Hub-Token": TOKEN})).text
    assert "amazon_endpoint_orders_total 0.0" in told


async def test_the_description_covers_every_service_with_an_example(hub: Hub) -> None:
    description = (await hub.client.get("/openapi.json", headers={"X-Hub-Token": TOKEN})).json()
    for service in Service:
        operation = description["paths"][service.path]["post"]
        example = operation["requestBody"]["content"]["application/json"]["example"]
        assert example["message"] == service.value
        assert set(operation["responses"]) >= {"200", "401", "406", "408", "413"}


async def test_the_page_to_try_it_runs_no_script_but_its_own(hub: Hub) -> None:
    page = await hub.client.get("/docs", headers={"Authorization": f"Basic {BASIC}"})
    nonces = set(re.findall(r'nonce="([^"]+)"', page.text))
    assert len(nonces) == 1
    policy = page.headers["content-security-policy"]
    assert f"script-src 'nonce-{nonces.pop()}'" in policy
    assert "default-src 'none'" in policy
    assert "src=" not in page.text


async def test_a_fault_of_ours_is_answered_500_and_its_text_stays_in_the_house(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("Zora Quillfeather, 7 Lantern Row")

    monkeypatch.setattr("amazon_endpoint.hub.v5.requests.read_poll", fail)
    response = await hub.post("/get_orders", hub.message("amazon:order:poll", {}))
    assert response.status_code == 500
    assert "Zora" not in response.text
    assert "Zora" not in "".join(capfd.readouterr())


async def test_a_body_that_does_not_arrive_is_not_waited_for(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield b'{"message_id": '
        await asyncio.Event().wait()

    monkeypatch.setattr("amazon_endpoint.web.bodies.SECONDS", 0)
    headers = {"X-Hub-Token": TOKEN}
    response = await hub.client.post("/get_orders", content=stalled(), headers=headers)
    assert response.status_code == 408
    assert "did not arrive in time" in response.json()["error"]
    assert response.headers["connection"] == "close"


async def test_whoever_hangs_up_within_a_body_is_no_fault_of_ours(
    hub: Hub, settings: Settings, clock: ShiftedClock, capfd: pytest.CaptureFixture[str]
) -> None:
    received = [
        {"type": "http.request", "body": b'{"message_id": ', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return received.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/get_orders",
        "query_string": b"",
        "headers": [(b"x-hub-token", TOKEN.encode())],
    }
    await create_app(settings, clock=clock)(scope, receive, send)
    assert sent[0]["status"] == 400
    assert "".join(capfd.readouterr()) == ""

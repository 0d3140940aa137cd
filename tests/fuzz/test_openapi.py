"""The endpoint does what its own OpenAPI document says, whatever is posted to it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
import uvicorn
from hypothesis import settings
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from amazon_endpoint import outbound
from amazon_endpoint.hub.errors import NotAMessage
from amazon_endpoint.hub.json_object import read_object
from amazon_endpoint.hub.v6.call import is_call
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import run_in_thread
from amazon_endpoint.settings import Settings
from amazon_endpoint.web.answers import FAILED
from amazon_endpoint.web.app import create_app
from amazon_endpoint.web.openapi import openapi
from tests.integration.endpoint.configured import configure
from tests.integration.endpoint.hub import TOKEN
from tests.integration.sync.accounts import ACCOUNT, KEY
from tests.turned_clock import ShiftedClock

# In the examples it stands for the local Amazon's address, which is known at last.
_LOCAL_AMAZON = "local-amazon"
_SECONDS = 30

# Not that what can't be used is refused by the status: to messages the hub's contract has 200.
_PROMISED = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    allow_header_conformance,
]


class _HurriedClock(ShiftedClock):
    """Nobody waits by it."""

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)


def _at_home(document: dict[str, Any]) -> dict[str, Any]:
    """The document with examples that call the local Amazon, and name the account there is."""
    hosts = {"amazon.services_host": _LOCAL_AMAZON, "amazon.token_host": _LOCAL_AMAZON}
    for operations in document["paths"].values():
        for operation in operations.values():
            content = operation.get("requestBody", {}).get("content", {})
            example = content.get("application/json", {}).get("example", {})
            if "payload" in example:
                listed = [{"name": name, "value": value} for name, value in hosts.items()]
                example["payload"]["parameters"] += listed
            elif "parameters" in example:
                example["parameters"] |= hosts
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "account_id":
                    parameter["example"] = ACCOUNT.id
    return document


schema = schemathesis.openapi.from_dict(_at_home(openapi()))


@pytest.fixture(scope="module")
def amazon() -> Iterator[str]:
    options = SandboxOptions(orders=20, queue_seconds=0, progress_seconds=0, quotas=False)
    with run_in_thread(options) as running:
        yield running.url


@pytest.fixture(scope="module")
def endpoint(amazon: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application on a real server. What is not on this machine it can't reach."""
    folder: Path = tmp_path_factory.mktemp("endpoint")
    given = Settings(
        token=TOKEN,
        key=KEY,
        allowed_hosts=(amazon.removeprefix("http://"),),
        database=str(folder / "endpoint.db"),
    )
    asyncio.run(configure(given))
    app = create_app(given, clock=_HurriedClock())
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbound, "_public_addresses", _none)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)


async def _none(_host: str, _port: int) -> list[str]:
    return []


@schema.parametrize()
@settings(max_examples=settings().max_examples // 10)
def test_every_answer_is_as_the_document_says(
    case: schemathesis.Case[Any], endpoint: str, amazon: str
) -> None:
    case.body = _replaced(case.body, amazon)

    answer = case.call_and_validate(
        base_url=endpoint,
        headers={"X-Hub-Token": TOKEN},
        checks=_PROMISED,
        timeout=_SECONDS,
    )

    if answer.status_code >= 500:
        assert _is_call(answer.request.body), "only a call is answered so, and that on purpose"
        assert answer.json()["summary"] not in {"", FAILED}


def test_nothing_but_what_the_document_opens_is_answered_without_the_token(endpoint: str) -> None:
    document = openapi()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            url = endpoint + path.format(account_id=ACCOUNT.id, shipment_id="1")
            answer = httpx2.request(method, url, headers={"X-Hub-Token": TOKEN[:-1]})
            if operation.get("security") == []:
                assert answer.status_code in {200, 302}, (method, path)
            else:
                assert (answer.status_code, answer.content) == (401, b""), (method, path)


def _replaced(body: Any, amazon: str) -> Any:
    """The body with the local Amazon's address, wherever it is told."""
    if isinstance(body, dict):
        return {key: _replaced(one, amazon) for key, one in body.items()}
    if isinstance(body, list):
        return [_replaced(one, amazon) for one in body]
    return amazon if body == _LOCAL_AMAZON else body


def _is_call(body: object) -> bool:
    try:
        return isinstance(body, bytes) and is_call(read_object(body))
    except NotAMessage:
        return False

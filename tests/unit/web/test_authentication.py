import pytest
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from amazon_endpoint.web.authentication import TokenRequired


async def admitted(header: bytes, token: str) -> bool:
    """Whether a request with this X-Hub-Token gets through to the application."""
    reached = []

    async def application(scope: Scope, _receive: Receive, _send: Send) -> None:
        reached.append(Headers(scope=scope))

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        pass

    headers = [(b"x-hub-token", header)]
    scope = {"type": "http", "method": "GET", "path": "/auth", "headers": headers}
    await TokenRequired(application, token=token)(scope, receive, send)
    return bool(reached)


@pytest.mark.parametrize("token", ["a-token", "a token, with a comma"])
@pytest.mark.parametrize("around", ["{}", " {} ", "\t{}"])
async def test_blanks_around_the_token_are_not_of_it(token: str, around: str) -> None:
    assert await admitted(around.format(token).encode(), token)
    assert not await admitted(around.format(token[1:]).encode(), token)

"""What goes back to the caller: Amazon's answers, its refusals, and broken answers on demand."""

from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from amazon_endpoint.sandbox.connections import Connections


class Answer(msgspec.Struct, frozen=True):
    """The outcome of an operation; a body of None is sent as no body at all."""

    status: int
    body: dict[str, Any] | None = None


class Refusal(Exception):
    """Amazon's `{"errors": [...]}`, the shape shared by Orders and Feeds."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(f"{status} {code}: {message} {details}".rstrip())
        error = {"code": code, "message": message, "details": details}
        self.answer = Answer(status, {"errors": [error]})


def invalid_input(message: str) -> Refusal:
    """Refuse a request whose parameters or content Amazon does not take."""
    return Refusal(400, "InvalidInput", message)


def denied(details: str) -> Refusal:
    """Refuse access in the words that Amazon uses for every cause, the cause in `details`."""
    return Refusal(403, "Unauthorized", "Access to requested resource is denied.", details)


def quota_exceeded() -> Refusal:
    """Refuse a call beyond the operation's rate. Amazon sends no `Retry-After` with it."""
    message = "You exceeded your quota for the requested resource."
    return Refusal(429, "QuotaExceeded", message)


def internal_failure() -> Refusal:
    """Say that something broke on Amazon's side."""
    message = "We encountered an internal error. Please try again."
    return Refusal(500, "InternalFailure", message)


def json_response(answer: Answer) -> Response:
    """Write an answer as Amazon does: compact JSON, or no body."""
    if answer.body is None:
        return Response(status_code=answer.status)
    content = msgspec.json.encode(answer.body)
    return Response(content, answer.status, media_type="application/json")


def html_response(status: int, title: str) -> Response:
    """Answer as the machines in front of the API do, which know no JSON."""
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Response(page, status, media_type="text/html")


class DroppedResponse(Response):
    """No answer: the connection is closed."""

    def __init__(self, connections: Connections) -> None:
        super().__init__()
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection and wait until it is gone."""
        del send
        self._connections.abort(scope)
        await _until_gone(receive)


class CutResponse(Response):
    """Announces the whole body, sends half of it, and closes the connection."""

    def __init__(self, whole: Response, connections: Connections) -> None:
        super().__init__()
        self._whole = whole
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and half of the body."""
        body = bytes(self._whole.body)
        headers = [(k, v) for k, v in self._whole.raw_headers if k != b"content-length"]
        headers.append((b"content-length", str(len(body) + 1).encode()))
        status = self._whole.status_code
        await send({"type": "http.response.start", "status": status, "headers": headers})
        half = body[: len(body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        self._connections.close(scope)
        await _until_gone(receive)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

"""Authentication: one token, in any header that a hub of any age puts it in."""

import hmac
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

OPEN_PATHS = frozenset({"/", "/endpoint.json", "/health"})

# Hubs write the same header with hyphens or underscores (hub.md §1.1, §3).
_TOKEN_HEADERS = ("x-augury-token", "x_augury_token", "x-hub-token", "x_hub_token")


class TokenRequired:
    """Answers 401 without a body to whoever has not the token, whatever they ask for.

    Of several tokens one has to be right, whether they come in headers of their own or joined.

    Only GET and HEAD of `OPEN_PATHS` pass without it. Without a configured token all pass: the
    command line lets such a server listen on loopback only.
    """

    def __init__(self, app: ASGIApp, *, token: str | None) -> None:
        self._app = app
        self._token = None if token is None else token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if self._admits(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            refusal = Response(status_code=401, headers={"WWW-Authenticate": "Basic"})
            await refusal(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _admits(self, scope: Scope) -> bool:
        if scope["type"] == "lifespan" or self._token is None or _is_open(scope):
            return True
        return _matches(Headers(scope=scope), self._token)


def _is_open(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] in {"GET", "HEAD"}
        and scope["path"] in OPEN_PATHS
    )


def _matches(headers: Headers, token: bytes) -> bool:
    """Compared in constant time, every candidate, so that timing tells nothing."""
    results = [hmac.compare_digest(given, token) for given in _given(headers)]
    return any(results)


def _given(headers: Headers) -> Iterator[bytes]:
    for name in _TOKEN_HEADERS:
        for value in headers.getlist(name):
            yield value.strip().encode("latin-1")
            # Cangaroo sends the header in both spellings, and proxies may join the two.
            for part in value.split(","):
                yield part.strip().encode("latin-1")
    for value in headers.getlist("authorization"):
        scheme, _, rest = value.partition(" ")
        if scheme.lower() == "bearer":
            yield rest.strip().encode("latin-1")
        elif scheme.lower() == "basic":
            yield from _name_and_password(rest.strip())


def _name_and_password(encoded: str) -> tuple[bytes, ...]:
    """Hubs differ in which of the two they put the token in."""
    try:
        name, _, password = b64decode(encoded, validate=True).partition(b":")
    except (NotBase64, ValueError):
        return ()
    return name, password

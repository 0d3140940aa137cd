"""Bodies: a request's content, never more of it than the limit, and never waited for longer."""

import asyncio

from starlette.requests import Request

from amazon_endpoint.errors import EndpointError

# What a body may take to arrive; a hub itself waits 180 for the whole answer.
SECONDS = 60.0


class BodyTooLarge(EndpointError):
    """The message is larger than this endpoint takes."""


class BodyTooSlow(EndpointError):
    """The message did not arrive in time. Send it again."""


async def read_body(request: Request, limit: int) -> bytes:
    """The request's body.

    Raises:
        BodyTooLarge: it has more than `limit` bytes, told or sent.
        BodyTooSlow: it is not there within `SECONDS`.
        ClientDisconnect: whoever sends it is gone.
    """
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > limit:
        raise BodyTooLarge(_too_large(limit))
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise BodyTooLarge(_too_large(limit))
                parts.append(part)
    except TimeoutError:
        raise BodyTooSlow from None
    return b"".join(parts)


def _too_large(limit: int) -> str:
    return (
        f"The message has more than {limit} bytes. Send a smaller one, or set "
        "AMAZON_ENDPOINT_BODY_LIMIT."
    )

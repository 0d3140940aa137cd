"""Bodies: a request's content, never more of it than the limit."""

from starlette.requests import Request

from amazon_endpoint.errors import EndpointError


class BodyTooLarge(EndpointError):
    """The message is larger than this endpoint takes."""


async def read_body(request: Request, limit: int) -> bytes:
    """The request's body.

    Raises:
        BodyTooLarge: it has more than `limit` bytes, told or sent.
    """
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > limit:
        raise BodyTooLarge(_too_large(limit))
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise BodyTooLarge(_too_large(limit))
        parts.append(part)
    return b"".join(parts)


def _too_large(limit: int) -> str:
    return (
        f"The message has more than {limit} bytes. Send a smaller one, or set "
        "AMAZON_ENDPOINT_BODY_LIMIT."
    )

"""Answers in JSON, and those that tell what was no message or what failed."""

import traceback

import msgspec
import structlog
from starlette.responses import Response

from amazon_endpoint.hub.errors import NotAMessage
from amazon_endpoint.web.bodies import BodyTooLarge, BodyTooSlow

_log = structlog.get_logger(__name__)

JSON = "application/json"

#: What whoever asked is told of a fault of ours.
FAILED = "The endpoint failed. Its log says where."


def json_answer(content: object, *, status: int = 200) -> Response:
    """`content` as JSON."""
    return Response(msgspec.json.encode(content), status_code=status, media_type=JSON)


def no_message(error: BodyTooSlow | BodyTooLarge | NotAMessage) -> Response:
    """What is answered to a body that can't be read."""
    status = {BodyTooSlow: 408, BodyTooLarge: 413, NotAMessage: 406}[type(error)]
    response = json_answer({"error": error.message}, status=status)
    if status == 408:
        # What may still come of the body is no next request.
        response.headers["Connection"] = "close"
    return response


def log_failure(failure: Exception) -> None:
    """A fault of ours: the hub tries again, the log says where it happened.

    The failure's own text stays out of both: it may quote a buyer.
    """
    frame = traceback.extract_tb(failure.__traceback__)[-1]
    _log.error("failed", error=type(failure).__name__, where=f"{frame.filename}:{frame.lineno}")

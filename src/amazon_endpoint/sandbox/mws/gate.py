"""The gate that every call to Marketplace Web Service passes: signature, faults, quota, headers."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import Response

from amazon_endpoint.sandbox.clock import write_time
from amazon_endpoint.sandbox.faults import Fault
from amazon_endpoint.sandbox.gate import Endpoint, afterwards, arrival, instead
from amazon_endpoint.sandbox.mws.damage import damaged, damaged_body
from amazon_endpoint.sandbox.mws.pages import dead_token
from amazon_endpoint.sandbox.mws.parameters import Asked, read_request
from amazon_endpoint.sandbox.mws.quotas import quota_exceeded, throttled
from amazon_endpoint.sandbox.mws.signature import check_signature
from amazon_endpoint.sandbox.mws.xml import MwsRefusal, Tree, document, md5
from amazon_endpoint.sandbox.state import Sandbox
from amazon_endpoint.sandbox.tokens import Caller


class Call(Struct, frozen=True, kw_only=True):
    """One call that may go ahead."""

    caller: Caller
    parameters: Mapping[str, str]
    body: bytes
    #: The `Content-MD5` header, if one was sent.
    md5: str | None
    now: datetime
    fault: str | None


class Reply(Struct, frozen=True):
    """What an operation answers: the content of its result, or a whole document as it is."""

    content: Tree | bytes
    headers: dict[str, str] = field(default_factory=dict)


class Section(Struct, frozen=True):
    """An API section: its version, the namespace of its answers, and its operations."""

    version: str
    namespace: str
    work: dict[str, Callable[[Sandbox, Call], Reply]]


def section_endpoint(sandbox: Sandbox, section: Section) -> Endpoint:
    """Make the endpoint of a section: behind the gate, with the headers of its answers."""

    async def call(request: Request) -> Response:
        request_id = str(uuid4())
        try:
            response = await _answer(sandbox, section, request, request_id)
        except MwsRefusal as refusal:
            content = document("ErrorResponse", section.namespace, refusal.content(request_id))
            response = _xml(content, refusal.status, refusal.headers)
        response.headers["x-mws-request-id"] = request_id
        response.headers["x-mws-timestamp"] = write_time(sandbox.clock.now())
        return response

    return call


async def _answer(
    sandbox: Sandbox, section: Section, request: Request, request_id: str
) -> Response:
    asked = await read_request(request)
    action = _action(section, asked)
    fault = arrival(sandbox, action, asked.parameters)
    now = sandbox.clock.now()
    _refuse(fault, action, now)
    early = await instead(sandbox, fault)
    if early is not None:
        return early
    path = request.scope["raw_path"].decode("ascii")
    host = request.headers.get("host", "")
    caller = check_signature(request.method, host, path, asked.parameters, now)
    quota = sandbox.mws.quotas.take(caller, action, now) if sandbox.options.quotas else {}
    call = Call(
        caller=caller,
        parameters=asked.parameters,
        body=asked.body,
        md5=request.headers.get("content-md5"),
        now=now,
        fault=fault.fault if fault else None,
    )
    reply = section.work[action](sandbox, call)
    headers = quota | reply.headers
    if isinstance(reply.content, bytes):
        body = damaged_body(reply.content, call.fault)
        headers["Content-MD5"] = md5(b"another" if call.fault == "wrong_md5" else body)
    else:
        result = damaged(reply.content, call.fault, asked.parameters)
        told = {f"{action}Result": result, "ResponseMetadata": {"RequestId": request_id}}
        whole = document(f"{action}Response", section.namespace, told)
        body = damaged_body(whole, call.fault)
    return await afterwards(sandbox, fault, _xml(body, 200, headers))


def _action(section: Section, asked: Asked) -> str:
    action = asked.parameters.get("Action", "")
    if action not in section.work or asked.parameters.get("Version") != section.version:
        raise MwsRefusal(404, "InvalidAddress", "There is no such operation in this version.")
    return action


def _refuse(fault: Fault | None, action: str, now: datetime) -> None:
    match fault.fault if fault else None:
        case "throttle":
            raise throttled()
        case "quota_exceeded":
            raise quota_exceeded(action, now + timedelta(minutes=20))
        case "stale_quota":
            raise quota_exceeded(action, now - timedelta(minutes=20))
        case "internal500":
            raise MwsRefusal(500, "InternalError", "There was an internal service failure.")
        case "deny":
            raise MwsRefusal(401, "AccessDenied", "Access denied")
        case "dead_token":
            raise dead_token()
        case "unknown_error":
            raise MwsRefusal(400, "CarrierPigeonLost", "A code that no list of errors holds.")


def _xml(body: bytes, status: int, headers: Mapping[str, str]) -> Response:
    return Response(body, status, dict(headers), media_type="text/xml")

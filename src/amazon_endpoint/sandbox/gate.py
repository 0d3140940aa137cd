"""The gate that every call to the API passes: user agent, faults, token, quota, headers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from amazon_endpoint.sandbox.answers import (
    Answer,
    CutResponse,
    DroppedResponse,
    Refusal,
    denied,
    html_response,
    internal_failure,
    invalid_input,
    json_response,
    quota_exceeded,
)
from amazon_endpoint.sandbox.damage import damaged
from amazon_endpoint.sandbox.faults import Fault
from amazon_endpoint.sandbox.quotas import PLANS
from amazon_endpoint.sandbox.search import dead_token
from amazon_endpoint.sandbox.state import Sandbox
from amazon_endpoint.sandbox.tokens import Caller, expired_token

Operation = Callable[[Sandbox, Request, Caller], Awaitable[Answer]]
Endpoint = Callable[[Request], Awaitable[Response]]

#: The rate told with quotas off, so that clients which learn from the header don't hold back.
_UNLIMITED = 1000.0

#: Amazon promises the rate header on these answers only, never on a 429.
_WITH_RATE = frozenset({200, 201, 202, 204, 400, 404})

_REFUSALS: dict[str, Callable[[], Refusal]] = {
    "throttle": quota_exceeded,
    "internal500": internal_failure,
    "expired_token": expired_token,
    "dead_token": dead_token,
    "deny": lambda: denied("The application has no role for this resource."),
    "deny_personal_data": lambda: denied("The application has no role for personal data."),
}


def operation(sandbox: Sandbox, name: str, work: Operation) -> Endpoint:
    """Make an endpoint of an operation: behind the gate, with the headers of its answer."""

    async def call(request: Request) -> Response:
        fault = arrival(sandbox, name, request.query_params)
        agent = request.headers.get("user-agent", "")
        if not agent or len(agent) > 500:
            return html_response(400, "400 Bad Request")
        early = await instead(sandbox, fault)
        if early is not None:
            return early
        try:
            caller = sandbox.tokens.caller(request.headers.get("x-amz-access-token"))
            in_time = sandbox.quotas.take(caller, name, sandbox.clock.now())
            if sandbox.options.quotas and not in_time:
                raise quota_exceeded()
            _no_repeats(request)
            request.state.fault = fault.fault if fault else None
            answer = await work(sandbox, request, caller)
        except Refusal as refusal:
            answer = refusal.answer
        if fault is not None:
            answer = damaged(answer, fault, request.query_params)
        response = json_response(answer)
        if answer.status in _WITH_RATE:
            rate = PLANS[name].rate if sandbox.options.quotas else _UNLIMITED
            response.headers["x-amzn-RateLimit-Limit"] = str(rate)
        return await afterwards(sandbox, fault, response)

    return call


def arrival(sandbox: Sandbox, name: str, parameters: Mapping[str, str]) -> Fault | None:
    """Count a call, bring the sandbox up to date, and find the fault that the call meets."""
    sandbox.calls[name] += 1
    sandbox.settle()
    return sandbox.faults.take(name, parameters)


async def instead(sandbox: Sandbox, fault: Fault | None) -> Response | None:
    """Return what a fault sends instead of doing anything."""
    match fault.fault if fault else None:
        case "slow" if fault:
            await asyncio.sleep(fault.seconds)
        case "html503":
            return html_response(503, "503 Service Temporarily Unavailable")
        case "empty200":
            return Response(status_code=200)
        case "missing_orders_key":
            return json_response(Answer(200, {}))
        case "drop":
            return DroppedResponse(sandbox.connections)
        case name if name in _REFUSALS:
            return json_response(_REFUSALS[name]().answer)
    return None


async def afterwards(sandbox: Sandbox, fault: Fault | None, response: Response) -> Response:
    """Return what a fault makes of a finished answer."""
    match fault.fault if fault else None:
        case "late_answer" if fault:
            await asyncio.sleep(fault.seconds)
        case "lost_answer":
            return DroppedResponse(sandbox.connections)
        case "cut_body":
            return CutResponse(response, sandbox.connections)
        case "bad_json":
            half = bytes(response.body)[: len(response.body) // 2]
            headers = {k: v for k, v in response.headers.items() if k != "content-length"}
            return Response(half, response.status_code, headers)
    return response


def _no_repeats(request: Request) -> None:
    names = [name for name, _ in request.query_params.multi_items()]
    for name in names:
        if names.count(name) > 1:
            raise invalid_input(f"{name} is given more than once; lists are comma-separated.")

"""The local Amazon as a web application."""

import secrets
from email.utils import format_datetime
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from amazon_endpoint.sandbox.answers import Answer, Refusal, json_response
from amazon_endpoint.sandbox.clock import SandboxClock
from amazon_endpoint.sandbox.confirmations import read_confirmation, refusal
from amazon_endpoint.sandbox.control import control_routes
from amazon_endpoint.sandbox.feed_routes import feed_routes
from amazon_endpoint.sandbox.gate import Endpoint, afterwards, arrival, instead, operation
from amazon_endpoint.sandbox.mws.routes import mws_routes
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.parcels import NotShippable
from amazon_endpoint.sandbox.search import get_order, known_order, read_query, search_orders
from amazon_endpoint.sandbox.state import Sandbox
from amazon_endpoint.sandbox.tokens import Caller


def create_app(options: SandboxOptions) -> Starlette:
    """Build the local Amazon; its state lives and dies with the application."""
    sandbox = Sandbox(options)
    orders = "/orders/2026-01-01/orders"
    confirmation = "/orders/v0/orders/{order_id}/shipmentConfirmation"
    routes = [
        Route("/auth/o2/token", _token(sandbox), methods=["POST"]),
        Route(orders, operation(sandbox, "searchOrders", _search)),
        Route(orders + "/{order_id}", operation(sandbox, "getOrder", _get)),
        Route(confirmation, operation(sandbox, "confirmShipment", _confirm), methods=["POST"]),
        *feed_routes(sandbox),
        *mws_routes(sandbox),
        *control_routes(sandbox),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(_Stamp, clock=sandbox.clock)],
        exception_handlers={HTTPException: _no_such_resource},
    )
    app.state.sandbox = sandbox
    return app


def sandbox_of(app: Starlette) -> Sandbox:
    """Return the state behind an application made by `create_app`."""
    sandbox = app.state.sandbox
    assert isinstance(sandbox, Sandbox)  # noqa: S101 - for the type checker
    return sandbox


def _token(sandbox: Sandbox) -> Endpoint:
    async def call(request: Request) -> Response:
        fault = arrival(sandbox, "token", request.query_params)
        early = await instead(sandbox, fault)
        if early is not None:
            return early
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        return await afterwards(sandbox, fault, json_response(sandbox.tokens.grant(form)))

    return call


async def _search(sandbox: Sandbox, request: Request, caller: Caller) -> Answer:
    del caller  # every account sees the same orders
    now = sandbox.clock.now()
    query = read_query(request.query_params, now, sandbox.options.page_cap)
    return search_orders(sandbox.book, query, now)


async def _get(sandbox: Sandbox, request: Request, caller: Caller) -> Answer:
    del caller
    return get_order(sandbox.book, request.path_params["order_id"], request.query_params)


async def _confirm(sandbox: Sandbox, request: Request, caller: Caller) -> Answer:
    del caller
    parcel = read_confirmation(await request.body())
    order_id = known_order(sandbox.book, request.path_params["order_id"]).order_id
    try:
        sandbox.shipping.by_call(order_id, parcel, sandbox.clock.now())
    except NotShippable as problem:
        raise refusal(problem) from None
    return Answer(204)


async def _no_such_resource(request: Request, exc: Exception) -> Response:
    del request
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    code = "NotFound" if status == 404 else "InvalidInput"
    return json_response(Refusal(status, code, "There is no such operation.").answer)


class _Stamp:
    """Puts the sandbox's time and a request id on every answer."""

    def __init__(self, app: ASGIApp, clock: SandboxClock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Date"] = format_datetime(self._clock.now(), usegmt=True)
                headers["x-amzn-RequestId"] = secrets.token_hex(16)
            await send(message)

        await self._app(scope, receive, stamped)

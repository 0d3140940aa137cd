"""The application: routes, and what they are put together from."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.clock import Clock
from amazon_endpoint.hub.errors import NotAMessage
from amazon_endpoint.hub.json_object import read_object
from amazon_endpoint.hub.manifest import manifest
from amazon_endpoint.hub.v5.message import Service, read_message
from amazon_endpoint.hub.v6 import reply as v6_reply
from amazon_endpoint.hub.v6.call import SHIPMENT_PATHS, is_call, read_call, request_id
from amazon_endpoint.settings import Settings
from amazon_endpoint.storage import Storage
from amazon_endpoint.web.answers import FAILED, JSON, json_answer, log_failure, no_message
from amazon_endpoint.web.authentication import TokenRequired
from amazon_endpoint.web.bodies import BodyTooLarge, BodyTooSlow, read_body
from amazon_endpoint.web.counting import CountedQuotas
from amazon_endpoint.web.hub_v5 import HubV5
from amazon_endpoint.web.hub_v6 import HubV6
from amazon_endpoint.web.metrics import MEDIA_TYPE, Metrics
from amazon_endpoint.web.openapi import openapi
from amazon_endpoint.web.shipments import Reception, Wake, nobody_woken, shipment_routes

_V6_SERVICES = ", ".join([*(service.path for service in Service), *SHIPMENT_PATHS])


Beside = Callable[[Storage, Connector], AbstractAsyncContextManager[Wake]]
"""What runs beside the endpoint, over the same storage and connections to Amazon. It is told of
accounts with shipments to be sent."""


def create_app(
    settings: Settings,
    *,
    clock: Clock,
    beside: Beside | None = None,
    metrics: Metrics | None = None,
) -> Starlette:
    """The endpoint as an ASGI application. Its lifespan opens and closes the storage.

    With nothing `beside` it, shipments of configured accounts are kept until a worker finds them.
    `metrics` are those that it shows, where others count in them too.
    """
    metrics = metrics or Metrics()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with await Storage.open(settings.database) as storage:
            hosts = AllowedHosts(settings.allowed_hosts)
            metrics.show_status(storage.status(settings.key), clock)
            quotas = CountedQuotas(storage.quotas, metrics)
            connector = Connector(quotas=quotas, clock=clock, hosts=hosts)
            try:
                async with beside(storage, connector) if beside else _alone() as wake:
                    unlock = partial(storage.unlock, settings.key)
                    app.state.reception = reception = Reception(unlock, wake=wake, clock=clock)
                    app.state.hub_v5 = HubV5(
                        settings=settings,
                        connector=connector,
                        confirmations=storage.confirmations,
                        reception=reception,
                        metrics=metrics,
                        clock=clock,
                    )
                    app.state.hub_v6 = HubV6(
                        settings=settings,
                        connector=connector,
                        confirmations=storage.confirmations,
                        windows=storage.windows,
                        reception=reception,
                        metrics=metrics,
                        clock=clock,
                    )
                    yield
            finally:
                await connector.aclose()

    def answering(service: Service | None) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                body = read_object(await read_body(request, settings.body_limit))
                if is_call(body):
                    return await _answer_v6(request, body, service)
                message = read_message(body)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody is there to read it
            except (BodyTooSlow, BodyTooLarge, NotAMessage) as error:
                return no_message(error)
            hub: HubV5 = request.app.state.hub_v5
            try:
                return Response(await hub.answer(message, service), media_type=JSON)
            except Exception as failure:  # noqa: BLE001 - the last place that can still answer
                log_failure(failure)
                return json_answer({"error": FAILED}, status=500)

        return answer

    any_message = answering(None)

    async def at_root(request: Request) -> Response:
        # One route: of two, a refusal would name the methods of the first alone.
        return await (any_message if request.method == "POST" else _to_manifest)(request)

    async def exposition(_request: Request) -> Response:
        return Response(await metrics.exposition(), media_type=MEDIA_TYPE)

    app = Starlette(
        routes=[
            Route("/", at_root, methods=["GET", "POST"]),
            *(Route(one.path, answering(one), methods=["POST"]) for one in Service),
            *(
                Route(path, answering(Service.SHIPMENT_CONFIRM), methods=["POST"])
                for path in SHIPMENT_PATHS
            ),
            *shipment_routes(body_limit=settings.body_limit, clock=clock),
            Route("/endpoint.json", _manifest),
            Route("/auth", _authenticated),
            Route("/health", _healthy),
            Route("/metrics", exposition),
            Route("/openapi.json", _openapi),
            Route("/docs", _docs),
        ],
        lifespan=lifespan,
    )
    app.add_middleware(TokenRequired, token=settings.token)
    return app


@asynccontextmanager
async def _alone() -> AsyncIterator[Wake]:
    yield nobody_woken


async def _answer_v6(request: Request, body: dict[str, Any], service: Service | None) -> Response:
    hub: HubV6 = request.app.state.hub_v6
    given = request_id(body)
    try:
        if service is None:
            raise NotAMessage(f"A call with request_id is posted to its service: {_V6_SERVICES}.")
        return await hub.answer(read_call(body, request.headers.get("x-hub-store")), service)
    except NotAMessage as error:
        content, status = v6_reply.failure_reply(given, error.message), 406
    except Exception as failure:  # noqa: BLE001 - the last place that can still answer
        log_failure(failure)
        content, status = v6_reply.failure_reply(given, FAILED), 500
    return Response(content, status_code=status, media_type=JSON)


async def _to_manifest(_request: Request) -> Response:
    return RedirectResponse("/endpoint.json", status_code=302)


async def _manifest(_request: Request) -> Response:
    return json_answer(manifest())


async def _authenticated(_request: Request) -> Response:
    return Response(status_code=200)


async def _healthy(_request: Request) -> Response:
    return json_answer({"status": "ok"})


async def _openapi(_request: Request) -> Response:
    return json_answer(openapi())


async def _docs(_request: Request) -> Response:
    nonce = secrets.token_urlsafe(16)
    page = files("amazon_endpoint.web").joinpath("try.html").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return Response(
        page.replace("{nonce}", nonce),
        media_type="text/html",
        headers={"Content-Security-Policy": policy},
    )

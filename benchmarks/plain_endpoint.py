"""An endpoint that keeps no promise: ``python -m benchmarks.plain_endpoint AMAZON``.

To each message it fetches a token and a page from Amazon, and passes the page on as it is.
"""

import asyncio
import sys

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from amazon_endpoint.cli.listening import address, listen


def _app(amazon: str) -> Starlette:
    client = httpx2.AsyncClient(timeout=60, trust_env=False)

    async def poll(request: Request) -> Response:
        message = await request.json()
        given = {one["name"]: one["value"] for one in message["payload"]["parameters"]}
        names = ("client_id", "client_secret", "refresh_token")
        granted = await client.post(
            f"{amazon}/auth/o2/token",
            data={"grant_type": "refresh_token", **{one: given[f"amazon.{one}"] for one in names}},
        )
        page = await client.get(
            f"{amazon}/orders/2026-01-01/orders",
            params={"lastUpdatedAfter": given["amazon.last_updated_after"]},
            headers={"x-amz-access-token": granted.json()["access_token"]},
        )
        return Response(page.content, media_type="application/json")

    return Starlette(routes=[Route("/", poll, methods=["POST"])])


def main() -> None:
    with listen("127.0.0.1", 0) as listener:
        print(f"It listens on {address(listener)} .", flush=True)
        config = uvicorn.Config(_app(sys.argv[1]), log_config=None, access_log=False)
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()

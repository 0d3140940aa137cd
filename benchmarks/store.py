"""A store that answers at once: ``python -m benchmarks.store``.

GET / tells how much it took.
"""

import asyncio
import json

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from amazon_endpoint.cli.listening import address, listen

_taken: set[str] = set()


async def _take(request: Request) -> Response:
    await request.body()
    _taken.add(request.headers["webhook-id"])
    return Response(status_code=204)


async def _tell(_request: Request) -> Response:
    return Response(json.dumps({"messages": len(_taken)}))


def main() -> None:
    app = Starlette(
        routes=[Route("/", _take, methods=["POST"]), Route("/", _tell, methods=["GET"])]
    )
    with listen("127.0.0.1", 0) as listener:
        print(f"The store listens on {address(listener)} .", flush=True)
        config = uvicorn.Config(app, log_config=None, access_log=False)
        asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()

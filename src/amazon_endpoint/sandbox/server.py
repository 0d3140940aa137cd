"""The server around the local Amazon."""

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette

from amazon_endpoint.sandbox.app import create_app, sandbox_of
from amazon_endpoint.sandbox.connections import watching
from amazon_endpoint.sandbox.options import SandboxOptions


def serve(options: SandboxOptions, on_ready: Callable[[str], None] | None = None) -> None:
    """Run the local Amazon until it is interrupted.

    `on_ready` is told the address once calls are taken. OSError means that the port is taken,
    ValueError that the options or the scenario cannot be served.
    """
    with listen(options) as listener:
        server = server_for(create_app(options))
        if on_ready is not None:
            on_ready(address(listener))
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def address(listener: socket.socket) -> str:
    """Return where a listener can be called."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listen(options: SandboxOptions) -> socket.socket:
    """Take the port before anything else is done, so that a taken one is told at once."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    return socket.create_server((options.host, options.port), family=family)


def server_for(app: Starlette) -> uvicorn.Server:
    """Make a quiet server that leaves the Date header to the sandbox's clock."""
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=watching(sandbox_of(app).connections),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)

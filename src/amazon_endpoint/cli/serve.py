"""`serve`: the endpoint that a hub posts its messages to."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import click
import uvicorn
from starlette.applications import Starlette

from amazon_endpoint import logs, settings
from amazon_endpoint.cli.garbage import spare_what_stays
from amazon_endpoint.cli.listening import address, allow_connections, is_loopback, listen
from amazon_endpoint.clock import SystemClock
from amazon_endpoint.settings import Settings
from amazon_endpoint.web.app import Beside, create_app
from amazon_endpoint.web.metrics import Metrics

# Answers under way get this long to be finished before a stop; container hosts kill after 30.
_SECONDS_TO_FINISH = 25


host = click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address to listen on."
)
port = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port to listen on; 0 takes any free one.",
)


@click.command()
@host
@port
def command(host: str, port: int) -> None:
    """Serve the endpoint that a hub posts its messages to, until it is stopped.

    /docs on its address tells how to use it, /health whether it answers.
    """
    serve(settings.load(), host, port)


def serve(
    given: Settings,
    host: str,
    port: int,
    beside: Beside | None = None,
    metrics: Metrics | None = None,
) -> None:
    """Serve the endpoint until it is stopped, with what runs `beside` it and counts in `metrics`.

    Raises:
        click.UsageError: others could call it, and there is no token.
        StorageUnusable: the database can't be opened, or another process is at work on it.
        KeyUnusable: there is no key that can be used, and what runs beside it needs one.
    """
    if given.token is None and not is_loopback(host):
        raise click.UsageError(
            f"{host} can be called from other machines, and no token is set. Set "
            "AMAZON_ENDPOINT_TOKEN (`openssl rand -hex 32` makes a good one), or listen on "
            "127.0.0.1."
        )
    logs.configure(given.log_level, given.log_format)
    allow_connections()
    app = create_app(given, clock=SystemClock(), beside=beside, metrics=metrics)
    with listen(host, port) as listener:
        config = uvicorn.Config(
            app,
            # What fails there is told by its error, and not by a traceback.
            lifespan="off",
            ws="none",
            log_config=None,
            # Its lines hold whole URLs.
            access_log=False,
            # Whoever calls can write these headers.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        )
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_run(given, app, config, listener))


async def _run(
    given: Settings, app: Starlette, config: uvicorn.Config, listener: socket.socket
) -> None:
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.handle_exit, number, None)
    async with app.router.lifespan_context(app):
        spare_what_stays()
        # Only now: without its database it would answer nobody.
        click.echo(f"Amazon Endpoint listens on {address(listener)} (Ctrl-C stops it).")
        if given.token is None:
            click.echo("No token is set: everyone on this machine may call.", err=True)
        for remark in given.remarks:
            click.echo(remark, err=True)
        await server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """A server whose signals are handled by whoever runs it.

    Its own way is to raise them once more when it has stopped, which would cut short what is put
    away after it.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave all signals as they are."""
        yield

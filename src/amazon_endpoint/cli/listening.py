"""Listening: taking a port, or saying clearly why it can't be had."""

import resource
import socket
from contextlib import suppress
from ipaddress import ip_address

import click


def listen(host: str, port: int) -> socket.socket:
    """Take the port; 0 takes any free one.

    Raises:
        click.ClickException: it is taken, or this machine has no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise click.ClickException(cannot_listen(host, port, error)) from None


def allow_connections() -> None:
    """Take as many connections as the system lets this process have.

    By default it is 1,024 of them, of which a hub's message takes one and Amazon another.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Not every system takes its own word for it.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def cannot_listen(host: str, port: int, error: OSError) -> str:
    """Why a port can't be had, and what to do."""
    return (
        f"Can't listen on {host} port {port}: {error.strerror}. Choose another one with --port, "
        "or --port 0 for any free one."
    )


def address(listener: socket.socket) -> str:
    """Where a listener can be called."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can call."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""Output: results to standard output, remarks to standard error."""

from collections.abc import Iterable

import click
import msgspec
from rich.console import Console, RenderableType

from amazon_endpoint.cli.reply import Reply

# Where nobody's terminal sets the width, lines are better long than cut.
_WIDTH = 160


def show(what: RenderableType) -> None:
    """Show something to people, as wide as their terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    console.print(what)


def write_json(value: object) -> None:
    """Write one value for machines, on a line of its own."""
    click.echo(msgspec.json.encode(value))


def write_messages(messages: Iterable[msgspec.Raw]) -> None:
    """Write messages as JSON lines, just as the endpoint gave them."""
    lines = b"".join(bytes(message) + b"\n" for message in messages)
    click.echo(lines, nl=False)


def remark(reply: Reply) -> None:
    """Say what the endpoint has to say beside its result; `Reply.check` tells errors."""
    for one in reply.notifications:
        if one.level != "error":
            click.echo(f"{one.subject}: {one.description}", err=True)

"""The command line: every command is a module of its own, loaded when it is called."""

import signal
from errno import EPIPE
from importlib import import_module

import click

from amazon_endpoint import __version__
from amazon_endpoint.cli.exit_codes import FAILED, exit_code, told
from amazon_endpoint.errors import EndpointError

_COMMANDS = {
    "up": "Serve the endpoint, and bring the orders of all accounts to their stores.",
    "worker": "Bring the orders of all accounts to their stores, without serving.",
    "serve": "Serve the endpoint that a hub posts its messages to.",
    "orders": "Bring orders in from Amazon.",
    "shipments": "Tell Amazon what has shipped, and see what became of it.",
    "feeds": "Ask what became of a feed.",
    "accounts": "Configure the accounts whose orders go to a store.",
    "deliveries": "Look at what stores lack, and have it delivered again.",
    "quarantine": "Look at orders that can't be read, and have them read again.",
    "backup": "Copy SQLite's database while it is in use.",
    "status": "Tell how it goes with all accounts, and what to do next.",
    "settings": "List every setting and its value.",
    "doctor": "Find out what is wrong, and how to mend it.",
    "sandbox": "Run a local Amazon to try everything with.",
    "demo": "Show the whole loop on the local Amazon.",
}


class _Commands(click.Group):
    """Loads a command's module when it is called, so that the rest starts at once."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"{__name__}.{name}").command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except EndpointError as error:
            click.echo(f"Error: {told(error)}", err=True)
            ctx.exit(exit_code(error))
        except OSError as error:
            # A reader that went away is click's business.
            if error.errno == EPIPE:
                raise
            click.echo(f"Error: {error}", err=True)
            ctx.exit(FAILED)


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="amazon-endpoint")
def _amazon_endpoint() -> None:
    """A merchant's Amazon orders in, proof of shipment out.

    Settings come from the environment (AMAZON_ENDPOINT_…) or the TOML file that
    AMAZON_ENDPOINT_CONFIG names. Exit codes: 0 done, 1 failed and told why, 2 wrong usage or
    setting, 75 not now, try again later.
    """


def main() -> None:
    """Run the command that the arguments name."""
    # Whoever ends us with a signal wants what is under way to be put away, as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _amazon_endpoint(prog_name="amazon-endpoint")

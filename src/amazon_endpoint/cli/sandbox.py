"""`sandbox`: a local Amazon to try everything with."""

from pathlib import Path

import click

from amazon_endpoint.cli import options
from amazon_endpoint.cli.listening import cannot_listen
from amazon_endpoint.hub.fields import MOMENT_EXAMPLE
from amazon_endpoint.sandbox.mws.signature import secret_for
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.server import serve

_DEFAULT = SandboxOptions()

# Of one region, as an account has them.
MARKETPLACES = "ATVPDKIKX0DER,A2EUQ1WTGCTBG2"


# Any will do.
_ACCESS_KEY = "LOCALACCESSKEY"


def environment(url: str, marketplaces: str = MARKETPLACES) -> dict[str, str]:
    """The settings for working against the local Amazon at `url`. It takes any credentials."""
    return _seller(url, marketplaces) | {
        "AMAZON_ENDPOINT_TOKEN_HOST": url,
        "AMAZON_ENDPOINT_CLIENT_ID": "local-application",
        "AMAZON_ENDPOINT_CLIENT_SECRET": "local-secret",
        "AMAZON_ENDPOINT_REFRESH_TOKEN": "local-seller",
    }


def mws_environment(url: str, marketplaces: str = MARKETPLACES) -> dict[str, str]:
    """The same over MWS. It takes any access key, with the secret that belongs to it."""
    return _seller(url, marketplaces) | {
        "AMAZON_ENDPOINT_AWS_ACCESS_KEY": _ACCESS_KEY,
        "AMAZON_ENDPOINT_SECRET_KEY": secret_for(_ACCESS_KEY),
    }


def _seller(url: str, marketplaces: str) -> dict[str, str]:
    return {
        "AMAZON_ENDPOINT_ALLOWED_HOSTS": url.removeprefix("http://"),
        "AMAZON_ENDPOINT_SERVICES_HOST": url,
        "AMAZON_ENDPOINT_SELLER_ID": "LOCALSELLER",
        "AMAZON_ENDPOINT_MARKETPLACE_ID": marketplaces,
    }


@click.command()
@click.option("--host", default=_DEFAULT.host, show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_DEFAULT.port,
    show_default=True,
    help="The port to listen on; 0 takes any free one.",
)
@click.option(
    "--orders",
    type=click.IntRange(0),
    default=_DEFAULT.orders,
    show_default=True,
    help="How many orders it makes up.",
)
@click.option(
    "--seed",
    type=int,
    default=_DEFAULT.seed,
    show_default=True,
    help="The same seed makes the same orders.",
)
@click.option(
    "--marketplaces",
    metavar="IDS",
    default=MARKETPLACES,
    show_default=True,
    help="Where they were placed; the first one gets most of them.",
)
@click.option(
    "--scenario",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A JSON file with the orders and feeds to serve instead.",
)
@click.option(
    "--quotas/--no-quotas",
    default=_DEFAULT.quotas,
    show_default=True,
    help="Whether it refuses calls beyond Amazon's published rates.",
)
@click.option(
    "--page-cap",
    type=click.IntRange(1, 100),
    default=_DEFAULT.page_cap,
    show_default=True,
    help="No page of orders is longer.",
)
@click.option(
    "--item-page-cap",
    type=click.IntRange(1, 100),
    default=_DEFAULT.item_page_cap,
    show_default=True,
    help="No page of an order's items is longer; only MWS has such pages.",
)
@click.option(
    "--queue-seconds",
    type=click.FloatRange(0),
    default=_DEFAULT.queue_seconds,
    show_default=True,
    help="How long a feed waits.",
)
@click.option(
    "--progress-seconds",
    type=click.FloatRange(0),
    default=_DEFAULT.progress_seconds,
    show_default=True,
    help="How long a feed is then worked on.",
)
@click.option("--gzip-reports", is_flag=True, help="Compress processing reports.")
@click.option(
    "--report-charset",
    default=_DEFAULT.report_charset,
    show_default=True,
    help="The character set of processing reports.",
)
@click.option(
    "--now",
    metavar="TIME",
    callback=options.moment,
    help=f"Start its clock here, like {MOMENT_EXAMPLE}, instead of at the system's time.",
)
def command(host: str, port: int, marketplaces: str, **choices: object) -> None:
    """Run a local Amazon to try everything with, until it is stopped.

    It has a token host, orders, feeds, quotas and faults, and takes any credentials. It speaks MWS
    too: any access key will do, and its secret key is that key with `local-` before it. It prints
    what to set for either. Nothing outlives it.
    """
    ids = tuple(one.strip() for one in marketplaces.split(",") if one.strip())
    try:
        chosen = SandboxOptions(host=host, port=port, marketplaces=ids, **choices)  # type: ignore[arg-type]
        serve(chosen, on_ready=lambda url: _tell(url, ",".join(ids)))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise click.ClickException(cannot_listen(host, port, error)) from None
    except ValueError as problem:
        raise click.UsageError(f"The local Amazon can't start: {problem}.") from None


def _tell(url: str, marketplaces: str) -> None:
    click.echo(f"The local Amazon listens on {url} (Ctrl-C stops it).")
    for how, given in (
        ("Over the Selling Partner API", environment(url, marketplaces)),
        ("Over MWS, in another shell", mws_environment(url, marketplaces)),
    ):
        click.echo(f"\n{how}, for serve, orders, shipments, feeds and doctor:\n")
        for variable, value in given.items():
            click.echo(f"  export {variable}={value}")
        click.echo("\nand in a hub's messages, to an endpoint with the first line above:\n")
        for variable, value in list(given.items())[1:]:
            name = variable.removeprefix("AMAZON_ENDPOINT_").lower()
            click.echo(f"  amazon.{name} = {value}")

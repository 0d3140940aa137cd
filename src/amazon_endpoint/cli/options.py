"""Options that several commands share."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import click

from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.hub import fields

Command = TypeVar("Command", bound=Callable[..., object])

MINUTE = timedelta(minutes=1)
_MINUTES_OF_A_DAY = 24 * 60


def moment(_ctx: click.Context, option: click.Parameter, value: str | None) -> datetime | None:
    """Reads an option that is a moment, as its callback."""
    try:
        return fields.moment(value, option.human_readable_name)
    except InvalidInput as invalid:
        raise click.BadParameter(invalid.message) from None


def pairs(_ctx: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Reads an option that is NAME=VALUE and may come several times, as its callback."""
    found = {}
    for value in values:
        name, equals, word = (part.strip() for part in value.partition("="))
        if not name or not equals:
            raise click.BadParameter("Give a name, = and what stands for it.")
        found[name] = word
    return found


def every(default: timedelta | None = None) -> Callable[[Command], Command]:
    """How often an account is polled."""
    return _minutes("--every", 1, default, "Minutes between two polls.")


def lag(default: timedelta | None = None) -> Callable[[Command], Command]:
    """How far polls overlap."""
    return _minutes("--lag", 0, default, "Minutes that a poll reaches back into the one before it.")


def _minutes(
    name: str, least: int, default: timedelta | None, help_: str
) -> Callable[[Command], Command]:
    return click.option(
        name,
        type=click.IntRange(least, _MINUTES_OF_A_DAY),
        default=None if default is None else default // MINUTE,
        show_default=default is not None,
        help=help_,
    )


account_id = click.argument("account_id", metavar="ID")
account = click.option("--account", "account_id", metavar="ID", help="Of this account alone.")
shipping_methods = click.option(
    "--shipping-method",
    "shipping_methods",
    multiple=True,
    metavar="LEVEL=METHOD",
    callback=pairs,
    help="What the store calls one of Amazon's service levels, like 'Standard=UPS Ground'; as "
    "often as there are some.",
)
carriers = click.option(
    "--carrier",
    "carriers",
    multiple=True,
    metavar="METHOD=CODE",
    callback=pairs,
    help="Amazon's code for the carrier behind one of the store's shipping methods, like 'Our "
    "Courier=DHL'; as often as there are some.",
)
via = click.option(
    "--via",
    metavar="URL",
    help="Ask the endpoint that is served there, as a hub does, with AMAZON_ENDPOINT_TOKEN.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON for machines.")
deep = click.option(
    "--deep",
    is_flag=True,
    help="Also read a page of orders, to see whether Amazon gives buyers and addresses. This "
    "takes one of the 20 calls that come back one in three minutes.",
)

"""Options that several commands share."""

from datetime import datetime

import click

from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.hub import fields


def moment(_ctx: click.Context, option: click.Parameter, value: str | None) -> datetime | None:
    """Reads an option that is a moment, as its callback."""
    try:
        return fields.moment(value, option.human_readable_name)
    except InvalidInput as invalid:
        raise click.BadParameter(invalid.message) from None


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

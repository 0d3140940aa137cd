"""Options that several commands share."""

import click

via = click.option(
    "--via",
    metavar="URL",
    help="Ask the endpoint that is served there, as a hub does, with AMAZON_ENDPOINT_TOKEN.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON for machines.")

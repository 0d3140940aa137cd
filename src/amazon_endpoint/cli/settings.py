"""`settings`: every setting and its value."""

import click
from rich.markup import escape
from rich.table import Table

from amazon_endpoint import settings
from amazon_endpoint.cli import options
from amazon_endpoint.cli.output import show, write_json


@click.command()
@options.as_json
def command(as_json: bool) -> None:
    """List every setting: its variable, its meaning, its value. Secrets are only set or not set."""
    listed = settings.listed(settings.load())
    if as_json:
        write_json(listed)
        return
    table = Table(
        title="Give each in the environment, in a file as NAME_FILE, or in the TOML file that "
        f"{settings.CONFIG} names.",
        title_justify="left",
        show_lines=True,
    )
    for column in ("Setting", "Meaning", "Default", "Value"):
        table.add_column(column, overflow="fold")
    for one in listed:
        meaning = f"{one.meaning} Wanted: {one.wanted}."
        table.add_row(one.variable, *map(escape, (meaning, one.default, one.value)))
    show(table)

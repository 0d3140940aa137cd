"""`backup`: a copy of SQLite's file."""

from pathlib import Path

import click

from amazon_endpoint import settings
from amazon_endpoint.location import locate
from amazon_endpoint.settings import PREFIX
from amazon_endpoint.storage.backup import back_up
from amazon_endpoint.storage.encryption import key_file


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """Copy SQLite's database into a new FILE, while it is in use.

    Of PostgreSQL `pg_dump` makes the copy: docs/backup.md tells how.
    """
    given = settings.load()
    database = locate(given.database).path
    if database is None:
        raise click.UsageError(
            "This copies SQLite's file. PostgreSQL has tools of its own: docs/backup.md tells how "
            "to use them."
        )
    try:
        back_up(database, file.absolute())
    except FileExistsError as error:
        raise click.UsageError(
            f"{error.filename} is there already, and nothing is overwritten. Give another name, "
            "or delete it first."
        ) from None
    click.echo(f"{file} holds the database ({file.stat().st_size:,} bytes).")
    key = f"{PREFIX}KEY" if given.key else key_file(database)
    click.echo(f"The key is not in it. Keep a copy of {key} elsewhere.", err=True)

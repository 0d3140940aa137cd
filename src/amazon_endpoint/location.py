"""Where the database is: the operator's setting, read."""

from pathlib import Path

import msgspec
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from amazon_endpoint.errors import EndpointError
from amazon_endpoint.settings import PREFIX, without_password

_SECONDS_TO_CONNECT = 10

_WANTED = "a file's path, sqlite:///path/to/file, or postgresql://user:password@host/database"


class StorageUnusable(EndpointError):
    """The database can't be used."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field=f"{PREFIX}DATABASE")


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """Where the database is. `path` is SQLite's file; `shown` is fit for people's eyes."""

    url: URL
    shown: str
    path: Path | None = None


def locate(database: str) -> Location:
    """Read the setting: a file's path, ``sqlite:///…`` or ``postgresql://…``.

    Raises:
        StorageUnusable: it is none of these.
    """
    scheme, separator, rest = database.partition("://")
    if separator and scheme in {"postgresql", "postgres"}:
        return _postgresql(database)
    name = database if not separator else rest.removeprefix("/")
    if (separator and (scheme != "sqlite" or not rest.startswith("/"))) or name in {"", ":memory:"}:
        raise StorageUnusable(f"{without_password(database)!r} names no database. Give {_WANTED}.")
    try:
        path = Path(name).expanduser().absolute()
    except RuntimeError:
        raise StorageUnusable(f"{name} needs a home directory, and there is none.") from None
    url = URL.create("sqlite", database=str(path))
    return Location(url=url, path=path, shown=str(path))


def _postgresql(database: str) -> Location:
    try:
        url = make_url(database)
    except (ArgumentError, ValueError):
        # The reason would quote what it took for the port: perhaps a piece of the password.
        raise StorageUnusable(
            f"This URL can't be read. Give {_WANTED}, "
            "and write special characters in the password as %XX."
        ) from None
    return Location(
        url=url.set(drivername="postgresql+psycopg").update_query_dict(
            {"connect_timeout": str(_SECONDS_TO_CONNECT), **url.query}
        ),
        shown=without_password(database),
    )

"""The state of a poll: what a hub would keep of it, kept in a file."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from amazon_endpoint.cli.reply import Parameter

CURSOR, RESUME = "amazon.last_updated_after", "amazon.resume"
_KEPT = (CURSOR, RESUME, "amazon.seen")


class PollState:
    """The parameters that the next poll has to be given, in `path` or only in memory."""

    def __init__(self, path: Path | None) -> None:
        """Read what an earlier poll left.

        Raises:
            click.UsageError: the file is something else, or its folder can't be written.
        """
        self._path = path
        self._values: dict[str, str] = {}
        if path is None:
            return
        if not os.access(path.parent, os.W_OK):
            raise click.UsageError(f"{path.parent} is no folder that can be written to.")
        try:
            values = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return
        except OSError as error:
            raise click.UsageError(f"{path} can't be read: {error.strerror}.") from None
        except ValueError:
            raise click.UsageError(
                f"{path} is no state of `orders poll`. Name another file."
            ) from None
        self._values = {name: value for name, value in values.items() if name in _KEPT}

    @property
    def parameters(self) -> dict[str, str]:
        """What to send with the next poll."""
        return dict(self._values)

    @property
    def cursor(self) -> str | None:
        """The moment from which the next window starts."""
        return self._values.get(CURSOR)

    @property
    def unfinished(self) -> bool:
        """Whether a window has further pages."""
        return bool(self._values.get(RESUME))

    def begin(self, cursor: str) -> None:
        """Start here, unless an earlier poll left its place."""
        self._values.setdefault(CURSOR, cursor)

    def keep(self, parameters: Iterable[Parameter]) -> None:
        """Keep what a reply gave, in the file first of all: all of it or nothing."""
        given = {one.name: one.value for one in parameters if one.name in _KEPT}
        self._values = {name: value for name, value in {**self._values, **given}.items() if value}
        if self._path is not None:
            _write(self._path, msgspec.json.format(msgspec.json.encode(self._values)))


def _write(path: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content + b"\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

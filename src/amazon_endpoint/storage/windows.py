"""Windows kept in the database, for hubs that keep no parameters."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, select, update

from amazon_endpoint.services.windows import KeptWindow, Progress, WindowKey
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.tables import windows
from amazon_endpoint.storage.upserting import insert_unless_there

# The two digests of a key stand in one column, so that those of one account are found by prefix.
_HALF = 32


class StoredWindows:
    """Implements `services.windows.Windows`. Unfinished windows are sealed by the account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, key: WindowKey) -> KeptWindow | None:
        """What was last kept."""

        def work(connection: Connection) -> Row[Any] | None:
            return connection.execute(select(windows).where(_is(key))).one_or_none()

        row = await self._database.run(work)
        return None if row is None else _window(row)

    async def others(self, key: WindowKey) -> Sequence[KeptWindow]:
        """What was last kept for the same hub and account, but another question."""
        of_account = and_(
            windows.c.seller_id == key.seller_id,
            windows.c.question.startswith(key.account, autoescape=True),
        )

        def work(connection: Connection) -> Sequence[Row[Any]]:
            return connection.execute(select(windows).where(of_account, ~_is(key))).all()

        return [_window(row) for row in await self._database.run(work)]

    async def keep(self, window: KeptWindow) -> bool:
        """Keep it if the revision before it is what is kept now, else return False."""
        columns = _columns(window)

        def work(connection: Connection) -> bool:
            if window.revision == 1:
                return insert_unless_there(connection, windows, columns)
            result = connection.execute(
                update(windows)
                .where(_is(window.key), windows.c.revision == window.revision - 1)
                .values(columns)
            )
            return result.rowcount == 1

        return await self._database.run(work)


def _columns(window: KeptWindow) -> dict[str, Any]:
    return {
        "seller_id": window.key.seller_id,
        "question": _column(window.key),
        "revision": window.revision,
        "last_poll": window.last_poll,
        "before": msgspec.json.encode(window.before).decode(),
        "after": msgspec.json.encode(window.after).decode(),
    }


def _window(row: Row[Any]) -> KeptWindow:
    account, question = row.question[:_HALF], row.question[_HALF:]
    return KeptWindow(
        key=WindowKey(row.seller_id, account, question),
        revision=row.revision,
        last_poll=row.last_poll,
        before=msgspec.json.decode(row.before, type=Progress),
        after=msgspec.json.decode(row.after, type=Progress),
    )


def _column(key: WindowKey) -> str:
    return key.account + key.question


def _is(key: WindowKey) -> ColumnElement[bool]:
    return and_(windows.c.seller_id == key.seller_id, windows.c.question == _column(key))

"""Readings kept in the database, their page tokens sealed."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, exists, or_, select, update

from amazon_endpoint.services.window import Window
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.encryption import Damaged, Keyring
from amazon_endpoint.storage.locking import lock_account
from amazon_endpoint.storage.order_tables import readings
from amazon_endpoint.storage.sync_tables import accounts
from amazon_endpoint.storage.upserting import insert_unless_there
from amazon_endpoint.sync.reading import Reading, ReadingKind

_window = msgspec.json.Decoder(Window)


class StoredReadings:
    """Implements `sync.polling.Readings`."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def of(self, account_id: str) -> dict[ReadingKind, Reading]:
        """The account's readings, of those kinds that have begun."""
        query = select(readings).where(readings.c.account_id == account_id)

        def work(connection: Connection) -> dict[ReadingKind, Reading]:
            found = [_reading(row, self._keyring) for row in connection.execute(query)]
            return {one.kind: one for one in found}

        return await self._database.run(work)

    async def keep(self, reading: Reading) -> bool:
        """Keep a reading if nobody else wrote its revision before, else return False."""

        def work(connection: Connection) -> bool:
            lock_account(connection, reading.account_id)
            return write_reading(connection, reading, self._keyring)

        return await self._database.run(work)

    async def due(self, now: datetime) -> tuple[str, ...]:
        """The accounts, none of them paused, that have a page to read or were never read."""
        of_account = readings.c.account_id == accounts.c.id
        never = ~exists().where(of_account, readings.c.kind == ReadingKind.POLL)
        now_due = exists().where(of_account, readings.c.next_attempt_at <= now)
        query = select(accounts.c.id).where(accounts.c.paused_at.is_(None), or_(never, now_due))

        def work(connection: Connection) -> tuple[str, ...]:
            return tuple(connection.scalars(query).all())

        return await self._database.run(work)


def write_reading(connection: Connection, reading: Reading, keyring: Keyring) -> bool:
    """Write the revision after the one that `reading` has, if that is the latest."""
    columns = _columns(reading, keyring)
    if reading.revision == 0:
        return insert_unless_there(connection, readings, columns)
    written = connection.execute(
        update(readings)
        .where(
            readings.c.account_id == reading.account_id,
            readings.c.kind == reading.kind,
            readings.c.revision == reading.revision,
        )
        .values(columns)
    )
    return written.rowcount == 1


def _columns(reading: Reading, keyring: Keyring) -> dict[str, Any]:
    columns = msgspec.structs.asdict(reading)
    window, width = reading.window, columns.pop("width")
    token = window.page_token if window else None
    return columns | {
        "revision": reading.revision + 1,
        "window": window
        and msgspec.json.encode(msgspec.structs.replace(window, page_token=None)).decode(),
        "page_token": token
        and keyring.seal(
            token.encode(), table=readings.name, row=f"{reading.account_id}/{reading.kind}"
        ),
        "width_seconds": None if width is None else width.total_seconds(),
    }


def _reading(row: Row[Any], keyring: Keyring) -> Reading:
    columns = row._asdict()
    kind, window = ReadingKind(columns.pop("kind")), None
    token, width = columns.pop("page_token"), columns.pop("width_seconds")
    if written := columns.pop("window"):
        window = _window.decode(written)
    if window and token:
        try:
            plain = keyring.open(token, table=readings.name, row=f"{row.account_id}/{kind}")
            window = msgspec.structs.replace(window, page_token=plain.decode())
        except Damaged:
            # As if Amazon had refused it: the window starts again.
            window = None
    return Reading(
        kind=kind,
        window=window,
        width=None if width is None else timedelta(seconds=width),
        **columns,
    )

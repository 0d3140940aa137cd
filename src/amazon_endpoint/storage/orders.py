"""Orders kept in the database, each sealed, and all that is written together with them."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, exists, select

from amazon_endpoint.orders import Order
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.encryption import Damaged, KeyMissing, Keyring
from amazon_endpoint.storage.locking import lock_account
from amazon_endpoint.storage.order_tables import orders, readings, wanted_orders
from amazon_endpoint.storage.outbox import write_messages
from amazon_endpoint.storage.quarantine import write_quarantine
from amazon_endpoint.storage.readings import write_reading
from amazon_endpoint.storage.upserting import upsert
from amazon_endpoint.sync.changes import KnownOrder, Marks, OrderState
from amazon_endpoint.sync.intake import Decide, Intake
from amazon_endpoint.sync.reading import ReadingKind

_order = msgspec.json.Decoder(Order)

# Built once: that takes longer than it takes SQLite to execute it.
_POLLED = select(*(orders.c[name] for name in ("account_id", "number", "body"))).where(
    orders.c.account_id == bindparam("account_id"),
    orders.c.number.in_(bindparam("numbers", expanding=True)),
    exists().where(
        readings.c.account_id == orders.c.account_id,
        readings.c.kind == ReadingKind.POLL,
        readings.c.upper_bound >= bindparam("since"),
    ),
)


class StoredOrders:
    """Implements `sync.intake.Books`."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def polled(
        self, account_id: str, numbers: Collection[str], since: datetime
    ) -> dict[str, Order]:
        """Those of these orders that are kept and can be opened; none where the polls have not
        come to `since`."""
        wanted = {"account_id": account_id, "numbers": list(numbers), "since": since}

        def work(connection: Connection) -> Sequence[Row[Any]]:
            return connection.execute(_POLLED, wanted).all()

        found = {}
        for row in await self._database.run(work):
            # What can't be opened is read at Amazon.
            with suppress(KeyMissing):
                found[row.number] = self._order(row)
        return {number: order for number, order in found.items() if order is not None}

    async def take_in(self, account_id: str, numbers: Sequence[str], decide: Decide) -> bool:
        """Write what `decide` makes of those orders of these numbers that are known."""
        marker = _KeyedMarker(self._keyring, account_id)

        def work(connection: Connection) -> bool:
            lock_account(connection, account_id)
            known = self._known(connection, account_id, numbers)
            intake = decide(known, marker)
            reading = intake.reading
            if reading and not write_reading(connection, reading, self._keyring):
                return False
            self._write(connection, account_id, intake)
            return True

        return await self._database.run(work)

    def _known(
        self, connection: Connection, account_id: str, numbers: Sequence[str]
    ) -> dict[str, KnownOrder]:
        if not numbers:
            return {}
        query = select(orders).where(
            orders.c.account_id == account_id, orders.c.number.in_(set(numbers))
        )
        return {row.number: self._opened(row) for row in connection.execute(query)}

    def _write(self, connection: Connection, account_id: str, intake: Intake) -> None:
        now = intake.now
        upsert(connection, orders, [self._columns(account_id, one) for one in intake.orders])
        write_messages(connection, account_id, intake.messages, now, self._keyring)
        if intake.settled:
            connection.execute(
                delete(wanted_orders).where(
                    wanted_orders.c.account_id == account_id,
                    wanted_orders.c.number.in_(intake.settled),
                    wanted_orders.c.wanted_at <= intake.read_at,
                )
            )
        wanted = [
            {
                "account_id": account_id,
                "number": number,
                "wanted_at": now,
                "next_attempt_at": intake.reread_at,
                "attempts": 0,
            }
            for number in intake.wanted
        ]
        upsert(connection, wanted_orders, wanted, leave=wanted_orders.c.keys())
        readable = (*intake.settled, *intake.wanted)
        write_quarantine(connection, account_id, intake.quarantined, readable, now)

    def _columns(self, account_id: str, known: KnownOrder) -> dict[str, Any]:
        columns = msgspec.structs.asdict(known)
        order, marks = columns.pop("order"), columns.pop("marks")
        row = f"{account_id}/{known.number}"
        return columns | {
            "account_id": account_id,
            "status": known.status.replace("\0", ""),
            "content_mark": marks.content,
            "personal_mark": marks.personal,
            "body": order
            and self._keyring.seal(msgspec.json.encode(order), table=orders.name, row=row),
        }

    def _opened(self, row: Row[Any]) -> KnownOrder:
        columns = row._asdict()
        del columns["account_id"], columns["body"]
        marks = Marks(columns.pop("content_mark"), columns.pop("personal_mark"))
        state = OrderState(columns.pop("state"))
        return KnownOrder(order=self._order(row), marks=marks, state=state, **columns)

    def _order(self, row: Row[Any]) -> Order | None:
        if row.body is None:
            return None
        place = {"table": orders.name, "row": f"{row.account_id}/{row.number}"}
        try:
            return _order.decode(self._keyring.open(row.body, **place))
        except (Damaged, msgspec.MsgspecError):
            # Amazon has it still. What is read is kept in its place.
            return None


class _KeyedMarker:
    """Implements `sync.changes.Marker`: marks tell nothing to who has no key."""

    def __init__(self, keyring: Keyring, account_id: str) -> None:
        self._keyring = keyring
        self._account_id = account_id.encode()

    def mark(self, number: str, content: bytes, *, purpose: str) -> str:
        return self._keyring.digest(self._account_id, number.encode(), content, purpose=purpose)

    def matches(self, mark: str, number: str, content: bytes, *, purpose: str) -> bool:
        parts = self._account_id, number.encode(), content
        try:
            return self._keyring.matches(mark, *parts, purpose=purpose)
        except KeyMissing:
            return False

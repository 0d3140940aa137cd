"""Orders kept in the database, each sealed, and all that is written together with them."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, select

from amazon_endpoint.orders import Order
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.encryption import Damaged, KeyMissing, Keyring
from amazon_endpoint.storage.locking import lock_account
from amazon_endpoint.storage.order_tables import orders, wanted_orders
from amazon_endpoint.storage.outbox import write_messages
from amazon_endpoint.storage.quarantine import write_quarantine
from amazon_endpoint.storage.readings import write_reading
from amazon_endpoint.storage.upserting import upsert
from amazon_endpoint.sync.changes import KnownOrder, Marks, OrderState
from amazon_endpoint.sync.intake import Decide, Intake

_order = msgspec.json.Decoder(Order)


class StoredOrders:
    """Implements `sync.intake.Books`."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def find(self, account_id: str, number: str) -> KnownOrder | None:
        """The order as it is kept.

        Raises:
            KeyMissing: it was sealed with a key that isn't given.
        """

        def work(connection: Connection) -> KnownOrder | None:
            return self._known(connection, account_id, [number]).get(number)

        return await self._database.run(work)

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
        account_id, body = columns.pop("account_id"), columns.pop("body")
        marks = Marks(columns.pop("content_mark"), columns.pop("personal_mark"))
        order = None
        if body is not None:
            place = {"table": orders.name, "row": f"{account_id}/{row.number}"}
            try:
                order = _order.decode(self._keyring.open(body, **place))
            except (Damaged, msgspec.MsgspecError):
                # Amazon has it still. What is read is kept in its place.
                order = None
        state = OrderState(columns.pop("state"))
        return KnownOrder(order=order, marks=marks, state=state, **columns)


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

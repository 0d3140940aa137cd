"""What sync keeps, sealed where it is secret or a buyer's."""

from sqlalchemy.ext.asyncio import AsyncConnection

from amazon_endpoint.storage.accounts import StoredAccounts
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.encryption import Keyring
from amazon_endpoint.storage.locking import lock_account
from amazon_endpoint.storage.orders import StoredOrders
from amazon_endpoint.storage.outbox import StoredOutbox, undelivered, write_messages
from amazon_endpoint.storage.quarantine import StoredQuarantine
from amazon_endpoint.storage.readings import StoredReadings
from amazon_endpoint.storage.resealing import Resealed, reseal
from amazon_endpoint.storage.shipments import StoredShipments, Tell
from amazon_endpoint.storage.wanted_orders import StoredWantedOrders
from amazon_endpoint.stores.port import MessageKind
from amazon_endpoint.sync.accounts import AccountUnknown
from amazon_endpoint.sync.intake import Draft
from amazon_endpoint.sync.shipping import KeptShipment


class SyncStorage:
    """One repository per noun, over an opened database. `Storage.unlock` makes it."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self.accounts = StoredAccounts(database, keyring, undelivered)
        self.readings = StoredReadings(database, keyring)
        self.orders = StoredOrders(database, keyring)
        self.outbox = StoredOutbox(database, keyring)
        self.wanted_orders = StoredWantedOrders(database)
        self.quarantine = StoredQuarantine(database)
        self.shipments = StoredShipments(database, keyring, _teller(keyring))

    async def reseal(self) -> Resealed:
        """Seal with the first key what another one sealed, so that the others can be dropped."""
        return await reseal(self._database, self._keyring)


def _teller(keyring: Keyring) -> Tell:
    async def tell(
        connection: AsyncConnection, shipment: KeptShipment, kind: MessageKind, body: bytes
    ) -> None:
        try:
            await lock_account(connection, shipment.account_id)
        except AccountUnknown:
            # It was removed, and its store with it.
            return
        draft = Draft(order_number=shipment.order_number, kind=kind, body=body)
        now = shipment.ended_at or shipment.received_at
        await write_messages(connection, shipment.account_id, [draft], now, keyring)

    return tell

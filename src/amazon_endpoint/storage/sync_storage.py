"""What sync keeps, sealed where it is secret or a buyer's."""

from sqlalchemy.ext.asyncio import AsyncConnection

from amazon_endpoint.storage.accounts import StoredAccounts
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.encryption import Keyring
from amazon_endpoint.storage.resealing import Resealed, reseal
from amazon_endpoint.storage.shipments import StoredShipments
from amazon_endpoint.stores.port import MessageKind
from amazon_endpoint.sync.shipping import KeptShipment


class SyncStorage:
    """One repository per noun, over an opened database. `Storage.unlock` makes it."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self.accounts = StoredAccounts(database, keyring, _undelivered)
        self.shipments = StoredShipments(database, keyring, _tell)

    async def reseal(self) -> Resealed:
        """Seal with the first key what another one sealed, so that the others can be dropped."""
        return await reseal(self._database, self._keyring)


async def _undelivered(_connection: AsyncConnection, _account_id: str) -> int:
    # Nothing is kept for delivery yet. The outbox counts here.
    return 0


async def _tell(
    _connection: AsyncConnection, _shipment: KeptShipment, _kind: MessageKind, _body: bytes
) -> None:
    # Nothing is kept for delivery yet. The outbox takes it here.
    return

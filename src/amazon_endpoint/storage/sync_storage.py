"""What sync keeps, sealed where it is secret or a buyer's."""

from amazon_endpoint.storage.accounts import StoredAccounts
from amazon_endpoint.storage.database import Database
from amazon_endpoint.storage.encryption import Keyring
from amazon_endpoint.storage.erasure import StoredBuyersData
from amazon_endpoint.storage.orders import StoredOrders
from amazon_endpoint.storage.outbox import StoredOutbox, undelivered
from amazon_endpoint.storage.quarantine import StoredQuarantine
from amazon_endpoint.storage.readings import StoredReadings
from amazon_endpoint.storage.resealing import Resealed, reseal
from amazon_endpoint.storage.schedule import StoredSchedule
from amazon_endpoint.storage.shipments import StoredShipments
from amazon_endpoint.storage.wanted_orders import StoredWantedOrders


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
        self.shipments = StoredShipments(database, keyring)
        self.buyers_data = StoredBuyersData(database)
        self.schedule = StoredSchedule(database)

    async def reseal(self) -> Resealed:
        """Seal with the first key what another one sealed, so that the others can be dropped."""
        return await reseal(self._database, self._keyring)

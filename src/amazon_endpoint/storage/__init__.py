"""Storage: what must outlive a process, in SQLite for one host or PostgreSQL for several."""

from amazon_endpoint.location import StorageUnusable
from amazon_endpoint.storage.database import StorageUnavailable
from amazon_endpoint.storage.storage import Storage

__all__ = ["Storage", "StorageUnavailable", "StorageUnusable"]

"""The tables of sync: what happens when."""

from sqlalchemy import BigInteger, Column, String, Table

from amazon_endpoint.storage.tables import metadata

workers = Table(
    "workers",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("beats", BigInteger, nullable=False),
)

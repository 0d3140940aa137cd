"""Amazon Endpoint: a merchant's Amazon orders in, proof of shipment out."""

from importlib.metadata import version

__version__ = version("amazon-endpoint")

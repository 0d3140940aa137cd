"""Amazon Endpoint: a merchant's Amazon orders in, proof of shipment out."""

__version__ = "0.1.0"

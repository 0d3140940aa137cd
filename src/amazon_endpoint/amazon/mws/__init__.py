"""Marketplace Web Service: the generation before the Selling Partner API."""

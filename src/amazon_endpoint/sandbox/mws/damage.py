"""Answers of Marketplace Web Service damaged on purpose."""

from collections.abc import Mapping

from amazon_endpoint.sandbox.faults import Fault
from amazon_endpoint.sandbox.mws.xml import Tree


def damaged(content: Tree, fault: Fault | None, parameters: Mapping[str, str]) -> Tree:
    """Return the result as the fault leaves it."""
    return content


def damaged_body(body: bytes, fault: Fault | None) -> bytes:
    """Return the document as the fault leaves it."""
    return body

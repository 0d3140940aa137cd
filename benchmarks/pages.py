"""Pages of orders, as the local Amazon answers searchOrders."""

import json
from datetime import UTC, datetime
from itertools import islice

from amazon_endpoint.sandbox.generator import made_up_orders
from amazon_endpoint.sandbox.options import SandboxOptions

PAGE_SIZE = 100

_NOW = datetime(2026, 11, 1, tzinfo=UTC)


def page(seed: int, orders: int = PAGE_SIZE) -> bytes:
    """A page of `orders` priced orders in every shape; each seed makes another one."""
    options = SandboxOptions(orders=2 * orders + 10, seed=seed)
    priced = (one for one in made_up_orders(options, _NOW) if "proceeds" in one)
    answer = {
        "orders": list(islice(priced, orders)),
        "pagination": {"nextToken": "MDEyMzQ1Njc4OWFiY2RlZg=="},
        "lastUpdatedBefore": "2026-11-01T00:00:00Z",
    }
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()

"""Orders by python-amazon-sp-api's search_orders: ``python caller.py URL TOKEN``.

Prints how many orders there are on all pages of version 2026-01-01.
"""

import sys
from importlib import import_module
from typing import Any

_DATA = ("BUYER", "RECIPIENT", "PROCEEDS", "PACKAGES", "FULFILLMENT")


def main() -> None:
    """Read whatever the Amazon at the URL has, with an access token of its own."""
    orders: Any = import_module("sp_api.api").Orders
    _, url, token = sys.argv
    credentials = {"lwa_app_id": "-", "lwa_client_secret": "-", "refresh_token": "-"}
    client = orders(version="2026-01-01", credentials=credentials, restricted_data_token=token)
    client.endpoint = url
    query = {
        "lastUpdatedAfter": "2026-01-01T00:00:00Z",
        "maxResultsPerPage": 100,
        "includedData": _DATA,
        "marketplaceIds": [client.marketplace_id],
    }
    page = client.search_orders(**query)
    read = len(page.payload["orders"])
    while page.next_token:
        page = client.search_orders(**query, paginationToken=page.next_token)
        read += len(page.payload["orders"])
    print(read)


if __name__ == "__main__":
    main()

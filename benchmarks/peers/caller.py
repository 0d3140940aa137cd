"""Orders as python-amazon-sp-api documents to read them: ``python caller.py URL``.

Every page of getOrders, and for each order its items, its buyer and its address. Prints the number
of orders.
"""

import sys
from importlib import import_module
from typing import Any


def main() -> None:
    """Read whatever the server at the URL has."""
    orders: Any = import_module("sp_api.api.orders.orders_v0").OrdersV0
    credentials = {"lwa_app_id": "-", "lwa_client_secret": "-", "refresh_token": "-"}
    client = orders(credentials=credentials, restricted_data_token="-")  # none asked for
    client.endpoint = sys.argv[1]
    read = 0
    page = client.get_orders(LastUpdatedAfter="2026-01-01T00:00:00Z", MaxResultsPerPage=100)
    while True:
        for order in page.payload["Orders"]:
            number = order["AmazonOrderId"]
            client.get_order_items(number)
            client.get_order_buyer_info(number)
            client.get_order_address(number)
            read += 1
        if not page.next_token:
            break
        page = client.get_orders(NextToken=page.next_token)
    print(read)


if __name__ == "__main__":
    main()

"""Import: one order by its number."""

from amazon_endpoint.amazon.port import Amazon
from amazon_endpoint.errors import OrderNotFound
from amazon_endpoint.orders import Order


async def import_order(amazon: Amazon, number: str) -> Order:
    """The order `number`, whatever its status and whoever fulfils it.

    Raises:
        OrderNotFound: Amazon has no such order in this account.
        Unreadable: Amazon's answer for it makes no sense.
    """
    try:
        return await amazon.get_order(number)
    except OrderNotFound as unknown:
        raise OrderNotFound(
            f"Amazon knows no order {number} in this account. Check the number and the "
            "marketplace.",
            field="payload.amazon_order_id",
            request_id=unknown.request_id,
        ) from unknown

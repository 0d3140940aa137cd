"""Orders as Amazon shows them while they come, change and are cancelled."""

from collections import Counter
from copy import deepcopy
from datetime import datetime
from typing import Any

from amazon_endpoint.sandbox.generator import made_up_orders
from amazon_endpoint.sandbox.options import SandboxOptions

MARKETPLACE = "ATVPDKIKX0DER"

Order = dict[str, Any]


def plain_orders(number: int, seed: int, now: datetime) -> list[Order]:
    """Orders that any merchant ships."""
    options = SandboxOptions(orders=4 * number, seed=seed, marketplaces=(MARKETPLACE,))
    plain = [one for one in made_up_orders(options, now) if _is_plain(one)]
    assert len(plain) >= number
    return plain[:number]


def _is_plain(order: Order) -> bool:
    return (
        order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
        and order["fulfillment"]["fulfilledBy"] == "MERCHANT"
        and is_priced(order)
        and "recipient" in order
        and "addressLine2" not in order["recipient"]["deliveryAddress"]
        and "FBM_SHIP_PLUS" not in order.get("programs", [])
        and not any("cancellation" in item for item in order["orderItems"])
        and all("sellerSku" in item["product"] for item in order["orderItems"])
        and all(item["quantityOrdered"] for item in order["orderItems"])
    )


def is_priced(order: Order) -> bool:
    return "proceeds" in order


def pending(order: Order) -> Order:
    """The order as Amazon shows it before it is paid."""
    unpaid = deepcopy(order)
    for block in ("proceeds", "recipient", "buyer"):
        unpaid.pop(block, None)
    for item in unpaid["orderItems"]:
        item.pop("proceeds", None)
        item["product"].pop("price", None)
    unpaid["fulfillment"]["fulfillmentStatus"] = "PENDING"
    return unpaid


def revise(order: Order, revision: int) -> None:
    """Change the order so that the store can see which change it has."""
    order["recipient"]["deliveryAddress"]["addressLine2"] = f"Rev {revision}"


def revision_of(told: Order) -> int:
    """Which change of an order a store was told of."""
    return int((told["shipping_address"].get("address2") or "Rev 0").removeprefix("Rev "))


def differs(told: Order, order: Order) -> bool:
    """Whether what a store was told of an order is not as Amazon has it."""
    status: str = order["fulfillment"]["fulfillmentStatus"].replace("_", "").casefold()
    second_line: str = order["recipient"]["deliveryAddress"].get("addressLine2", "")
    shown = told["status"].casefold().replace("canceled", "cancelled")
    return (shown, told["shipping_address"].get("address2") or "") != (status, second_line)


def ordered_units(order: Order, by: str) -> Counter[str]:
    """How much of each item was ordered, ``by`` its id (orderItemId) or by its SKU (sellerSku)."""
    units: Counter[str] = Counter()
    for item in order["orderItems"]:
        units[{**item, **item["product"]}[by]] += item["quantityOrdered"]
    return units

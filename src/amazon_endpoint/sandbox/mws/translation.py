"""Orders in the words of Marketplace Web Service: the same orders, the older field names.

Where the older service had nothing to say, neither has this: packages, delivery tips, Ship+.
An order that is pending shows no price, no address and no buyer.
"""

from collections.abc import Iterable

from amazon_endpoint.sandbox.mws.amounts import item_amounts, order_total
from amazon_endpoint.sandbox.mws.xml import Tree
from amazon_endpoint.sandbox.orders import Json

#: The older word for each status, and which statuses hide what an order costs.
STATUSES = {
    "PENDING_AVAILABILITY": "PendingAvailability",
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
}
CHANNELS = {"MERCHANT": "MFN", "AMAZON": "AFN"}
_PENDING = frozenset({"PENDING_AVAILABILITY", "PENDING"})
_ADDRESS = {
    "Name": "name",
    "AddressLine1": "addressLine1",
    "AddressLine2": "addressLine2",
    "AddressLine3": "addressLine3",
    "City": "city",
    "County": "districtOrCounty",
    "StateOrRegion": "stateOrRegion",
    "Municipality": "municipality",
    "PostalCode": "postalCode",
    "CountryCode": "countryCode",
    "Phone": "phone",
    "CompanyName": "companyName",
}


def order_tree(order: Json) -> Tree:
    """Write an order without its items."""
    fulfillment = order.get("fulfillment", {})
    status = fulfillment.get("fulfillmentStatus")
    programs = order.get("programs", [])
    buyer: Json = order.get("buyer", {})
    pending = status in _PENDING
    shipped, unshipped = _numbers(order["orderItems"])
    replaced = _replaced(order)
    category = _camel(fulfillment.get("fulfillmentServiceLevel"))
    return {
        "AmazonOrderId": order["orderId"],
        "SellerOrderId": _seller_order_id(order),
        "PurchaseDate": order["createdTime"],
        "LastUpdateDate": order["lastUpdatedTime"],
        "OrderStatus": STATUSES.get(status, status),
        "FulfillmentChannel": CHANNELS.get(fulfillment.get("fulfilledBy")),
        "SalesChannel": order["salesChannel"].get("marketplaceName"),
        "ShipServiceLevel": category and f"{category} Street Addr",
        "ShippingAddress": None if pending else _address(order),
        "OrderTotal": None if pending else order_total(order),
        "NumberOfItemsShipped": str(shipped),
        "NumberOfItemsUnshipped": str(unshipped),
        **_payment(order),
        "IsReplacementOrder": _truth(replaced is not None),
        "ReplacedOrderId": replaced,
        "MarketplaceId": order["salesChannel"].get("marketplaceId"),
        "BuyerEmail": None if pending else buyer.get("buyerEmail"),
        "BuyerName": None if pending else buyer.get("buyerName"),
        "ShipmentServiceLevelCategory": category,
        "OrderType": "Preorder" if "PREORDER" in programs else "StandardOrder",
        **_window(fulfillment.get("shipByWindow"), "Ship"),
        **_window(fulfillment.get("deliverByWindow"), "Delivery"),
        "IsBusinessOrder": _truth("AMAZON_BUSINESS" in programs),
        "PurchaseOrderNumber": buyer.get("buyerPurchaseOrderNumber"),
        "IsPrime": _truth("PRIME" in programs),
        "IsPremiumOrder": _truth("PREMIUM" in programs),
    }


def item_tree(item: Json, order: Json) -> Tree:
    """Write one item of an order."""
    product: Json = item["product"]
    fulfillment: Json = item.get("fulfillment", {})
    pending = order.get("fulfillment", {}).get("fulfillmentStatus") in _PENDING
    gift: Json = fulfillment.get("packing", {}).get("giftOption", {})
    condition: Json = product.get("condition", {})
    return {
        "ASIN": product.get("asin"),
        "OrderItemId": item["orderItemId"],
        "SellerSKU": product.get("sellerSku"),
        "Title": product.get("title"),
        "QuantityOrdered": str(item["quantityOrdered"]),
        "QuantityShipped": str(fulfillment.get("quantityFulfilled", 0)),
        "PointsGranted": _points(item),
        **({} if pending else item_amounts(item)),
        "PromotionIds": None if pending else _promotions(item),
        "IsGift": _truth(bool(gift)),
        "GiftMessageText": gift.get("giftMessage"),
        "GiftWrapLevel": gift.get("giftWrapLevel"),
        "ConditionId": _camel(condition.get("conditionType")),
        "ConditionNote": condition.get("conditionNote"),
        "BuyerRequestedCancel": _cancellation(item),
        "TaxCollection": _tax_collection(item),
    }


def _numbers(items: Iterable[Json]) -> tuple[int, int]:
    shipped = unshipped = 0
    for item in items:
        block = item.get("fulfillment", {})
        sent = block.get("quantityFulfilled", 0)
        shipped += sent
        unshipped += block.get("quantityUnfulfilled", item["quantityOrdered"] - sent)
    return shipped, unshipped


def _seller_order_id(order: Json) -> str:
    aliases = [alias["aliasId"] for alias in order.get("orderAliases", [])]
    return str(aliases[0] if aliases else order["orderId"])


def _replaced(order: Json) -> str | None:
    for associated in order.get("associatedOrders", []):
        if associated.get("associationType") == "REPLACEMENT_ORIGINAL_ID":
            return str(associated["orderId"])
    return None


def _address(order: Json) -> Tree | None:
    address: Json | None = order.get("recipient", {}).get("deliveryAddress")
    if address is None:
        return None
    kind = _camel(address.get("addressType"))
    return {name: address.get(field) for name, field in _ADDRESS.items()} | {"AddressType": kind}


def _payment(order: Json) -> Tree:
    executions = order.get("payment", {}).get("paymentExecutions", [])
    methods = [execution.get("paymentMethod") for execution in executions]
    # Only cash on delivery was ever told apart, and only its parts came with amounts.
    if "COD" not in methods:
        details = {"PaymentMethodDetail": methods} if methods else None
        return {"PaymentMethod": "Other", "PaymentMethodDetails": details}
    parts = [
        {
            "Payment": {
                "CurrencyCode": execution["paymentAmount"]["currencyCode"],
                "Amount": execution["paymentAmount"]["amount"],
            },
            "PaymentMethod": execution["paymentMethod"],
        }
        for execution in executions
    ]
    return {
        "PaymentExecutionDetail": {"PaymentExecutionDetailItem": parts},
        "PaymentMethod": "COD",
        "PaymentMethodDetails": {"PaymentMethodDetail": ["COD"]},
    }


def _window(window: Json | None, name: str) -> Tree:
    if window is None:
        return {}
    return {
        f"Earliest{name}Date": window.get("earliestDateTime"),
        f"Latest{name}Date": window.get("latestDateTime"),
    }


def _points(item: Json) -> Tree | None:
    points: Json = item.get("expense", {}).get("pointsCost", {}).get("pointsGranted", {})
    if "pointsNumber" not in points:
        return None
    return {"PointsNumber": str(points["pointsNumber"])}


def _promotions(item: Json) -> Tree | None:
    breakdowns = item.get("promotion", {}).get("breakdowns", [])
    ids = [part["promotionId"] for part in breakdowns if "promotionId" in part]
    return {"PromotionId": ids} if ids else None


def _cancellation(item: Json) -> Tree | None:
    request = item.get("cancellation", {}).get("cancellationRequest")
    if request is None or request.get("requester", "BUYER") != "BUYER":
        return None
    return {"IsBuyerRequestedCancel": "true", "BuyerCancelReason": request.get("cancelReason")}


def _tax_collection(item: Json) -> Tree | None:
    for collection in item.get("tax", {}).get("taxCollections", []):
        party = collection.get("responsibleParty")
        return {"Model": _camel(collection.get("model")), "ResponsibleParty": party}
    return None


def _camel(word: str | None) -> str | None:
    return word and "".join(part.capitalize() for part in word.split("_"))


def _truth(value: bool) -> str:
    return "true" if value else "false"

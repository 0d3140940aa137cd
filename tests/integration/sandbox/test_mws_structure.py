"""The answers against the data types of the reference, retyped as a document type definition."""

from io import StringIO

import pytest
from lxml import etree

from amazon_endpoint.sandbox.options import SandboxOptions
from tests.integration.sandbox.mws_seller import MwsSeller, plain, selling
from tests.integration.sandbox.seller import ago

_TEXT = """
AmazonOrderId SellerOrderId PurchaseDate LastUpdateDate OrderStatus FulfillmentChannel SalesChannel
ShipServiceLevel NumberOfItemsShipped NumberOfItemsUnshipped PaymentMethod IsReplacementOrder
ReplacedOrderId MarketplaceId BuyerEmail BuyerName ShipmentServiceLevelCategory OrderType
EarliestShipDate LatestShipDate EarliestDeliveryDate LatestDeliveryDate IsBusinessOrder
PurchaseOrderNumber IsPrime IsPremiumOrder NextToken LastUpdatedBefore RequestId CurrencyCode Amount
Name AddressLine1 AddressLine2 AddressLine3 City StateOrRegion PostalCode CountryCode Phone
AddressType CompanyName ASIN OrderItemId SellerSKU Title QuantityOrdered QuantityShipped
PointsNumber PromotionId IsGift GiftMessageText GiftWrapLevel ConditionId IsBuyerRequestedCancel
BuyerCancelReason
"""
_MONEY = """
OrderTotal ItemPrice ShippingPrice GiftWrapPrice ItemTax ShippingTax GiftWrapTax ShippingDiscount
PromotionDiscount CODFee CODFeeDiscount
"""
_STRUCTURE = """
<!ELEMENT ListOrdersResponse (ListOrdersResult, ResponseMetadata)>
<!ELEMENT ListOrdersResult (NextToken?, LastUpdatedBefore, Orders)>
<!ELEMENT ListOrdersByNextTokenResponse (ListOrdersByNextTokenResult, ResponseMetadata)>
<!ELEMENT ListOrdersByNextTokenResult (NextToken?, LastUpdatedBefore, Orders)>
<!ELEMENT ListOrderItemsResponse (ListOrderItemsResult, ResponseMetadata)>
<!ELEMENT ListOrderItemsResult (NextToken?, AmazonOrderId, OrderItems)>
<!ELEMENT ResponseMetadata (RequestId)>
<!ELEMENT Orders (Order*)>
<!ELEMENT Order (AmazonOrderId, SellerOrderId?, PurchaseDate, LastUpdateDate, OrderStatus,
  FulfillmentChannel?, SalesChannel?, ShipServiceLevel?, ShippingAddress?, OrderTotal?,
  NumberOfItemsShipped?, NumberOfItemsUnshipped?, PaymentMethod?, IsReplacementOrder?,
  ReplacedOrderId?, MarketplaceId?, BuyerEmail?, BuyerName?, ShipmentServiceLevelCategory?,
  OrderType?, EarliestShipDate?, LatestShipDate?, EarliestDeliveryDate?, LatestDeliveryDate?,
  IsBusinessOrder?, PurchaseOrderNumber?, IsPrime?, IsPremiumOrder?)>
<!ELEMENT ShippingAddress (Name, AddressLine1?, AddressLine2?, AddressLine3?, City?,
  StateOrRegion?, PostalCode?, CountryCode?, Phone?, CompanyName?, AddressType?)>
<!ELEMENT OrderItems (OrderItem+)>
<!ELEMENT OrderItem (ASIN, OrderItemId, SellerSKU?, Title?, QuantityOrdered, QuantityShipped?,
  PointsGranted?, ItemPrice?, ShippingPrice?, GiftWrapPrice?, ItemTax?, ShippingTax?, GiftWrapTax?,
  ShippingDiscount?, PromotionDiscount?, CODFee?, CODFeeDiscount?, PromotionIds?, IsGift?,
  GiftMessageText?, GiftWrapLevel?, ConditionId?, BuyerRequestedCancel?)>
<!ELEMENT PointsGranted (PointsNumber)>
<!ELEMENT PromotionIds (PromotionId+)>
<!ELEMENT BuyerRequestedCancel (IsBuyerRequestedCancel, BuyerCancelReason?)>
"""


@pytest.fixture(scope="module")
def structure() -> etree.DTD:
    text = "".join(f"<!ELEMENT {name} (#PCDATA)>" for name in _TEXT.split())
    money = "".join(f"<!ELEMENT {name} (CurrencyCode, Amount)>" for name in _MONEY.split())
    return etree.DTD(StringIO(text + money + _STRUCTURE))


def follows(structure: etree.DTD, seller: MwsSeller, action: str, **wish: str) -> etree._Element:
    answer = plain(seller.post(action, **wish).content)
    assert structure.validate(answer), structure.error_log
    result = answer.find(f"{action}Result")
    assert result is not None
    return result


def test_every_made_up_order_follows_the_reference(structure: etree.DTD) -> None:
    options = SandboxOptions(orders=64, quotas=False, page_cap=40)
    with selling(options) as (sandbox, seller):
        ids = {f"MarketplaceId.Id.{n}": m for n, m in enumerate(options.marketplaces, 1)}
        start = ago(sandbox, days=40)
        page = follows(structure, seller, "ListOrders", LastUpdatedAfter=start, **ids)
        token = page.findtext("NextToken") or ""
        rest = follows(structure, seller, "ListOrdersByNextToken", NextToken=token)
        numbers = [n.text or "" for one in (page, rest) for n in one.iter("AmazonOrderId")]
        assert len(numbers) == 64
        for number in numbers:
            follows(structure, seller, "ListOrderItems", AmazonOrderId=number)

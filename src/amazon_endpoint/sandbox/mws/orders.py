"""The Orders section 2013-09-01: ListOrders, GetOrder and ListOrderItems, with their pages."""

from collections.abc import Callable

from msgspec import structs

from amazon_endpoint.sandbox.clock import write_time
from amazon_endpoint.sandbox.mws.gate import Call, Reply, Section
from amazon_endpoint.sandbox.mws.parameters import numbered, only, required
from amazon_endpoint.sandbox.mws.queries import ItemPage, next_token, read_order_query
from amazon_endpoint.sandbox.mws.translation import item_tree, order_tree
from amazon_endpoint.sandbox.mws.xml import Tree, invalid_value, missing
from amazon_endpoint.sandbox.orders import Entry
from amazon_endpoint.sandbox.search import ORDER_ID, Query, page_of
from amazon_endpoint.sandbox.state import Sandbox


def _list(sandbox: Sandbox, call: Call) -> Reply:
    query = read_order_query(call.parameters, call.now, sandbox.options.page_cap)
    return Reply(_orders(sandbox, call, query))


def _list_next(sandbox: Sandbox, call: Call) -> Reply:
    query = sandbox.mws.orders.open(call.caller, next_token(call.parameters), call.now)
    return Reply(_orders(sandbox, call, query))


def _orders(sandbox: Sandbox, call: Call, query: Query) -> Tree:
    found, more = page_of(sandbox.book, query)
    token = None
    if more:
        rest = structs.replace(query, place=found[-1].place)
        token = sandbox.mws.orders.keep(call.caller, rest, call.now)
    bound = "CreatedBefore" if query.by_creation else "LastUpdatedBefore"
    orders = [order_tree(entry.order()) for entry in found]
    return {"NextToken": token, bound: write_time(query.until), "Orders": {"Order": orders}}


def _get(sandbox: Sandbox, call: Call) -> Reply:
    only(call.parameters, "AmazonOrderId.Id")
    wanted = numbered(call.parameters, "AmazonOrderId.Id")
    if not wanted:
        raise missing("AmazonOrderId.Id.1")
    found = [entry for order_id in wanted if (entry := _find(sandbox, order_id))]
    return Reply({"Orders": {"Order": [order_tree(entry.order()) for entry in found]}})


def _list_items(sandbox: Sandbox, call: Call) -> Reply:
    only(call.parameters, "AmazonOrderId")
    return Reply(_items(sandbox, call, ItemPage(required(call.parameters, "AmazonOrderId"))))


def _list_items_next(sandbox: Sandbox, call: Call) -> Reply:
    page = sandbox.mws.items.open(call.caller, next_token(call.parameters), call.now)
    return Reply(_items(sandbox, call, page))


def _items(sandbox: Sandbox, call: Call, page: ItemPage) -> Tree:
    entry = _find(sandbox, page.order_id)
    if entry is None:
        raise invalid_value(f"There is no order {page.order_id}.")
    order = entry.order()
    end = page.offset + sandbox.options.item_page_cap
    token = None
    if end < len(order["orderItems"]):
        token = sandbox.mws.items.keep(call.caller, ItemPage(page.order_id, end), call.now)
    items = [item_tree(item, order) for item in order["orderItems"][page.offset : end]]
    return {
        "NextToken": token,
        "AmazonOrderId": page.order_id,
        "OrderItems": {"OrderItem": items},
    }


def _find(sandbox: Sandbox, order_id: str) -> Entry | None:
    entry = sandbox.book.find(order_id)
    if entry is None and not ORDER_ID.fullmatch(order_id):
        raise invalid_value(f"Invalid AmazonOrderId: {order_id}")
    return entry


def _status(sandbox: Sandbox, call: Call) -> Reply:
    del sandbox
    only(call.parameters)
    return Reply({"Status": "GREEN", "Timestamp": write_time(call.now)})


_WORK: dict[str, Callable[[Sandbox, Call], Reply]] = {
    "ListOrders": _list,
    "ListOrdersByNextToken": _list_next,
    "GetOrder": _get,
    "ListOrderItems": _list_items,
    "ListOrderItemsByNextToken": _list_items_next,
    "GetServiceStatus": _status,
}

ORDERS = Section("2013-09-01", "https://mws.amazonservices.com/Orders/2013-09-01", _WORK)

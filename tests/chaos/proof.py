"""What must hold in the end, whatever happened: every line that fails is told."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from amazon_endpoint.sandbox.testing import RunningSandbox
from tests.chaos.orders import differs, is_priced, ordered_units, revision_of
from tests.chaos.store import FailingStore, Taken

_ABOUT_ORDERS = ("order:import", "order:update", "order:cancel")
_ENDS = ("shipment:confirmed", "shipment:refused")


def missing(
    amazon: RunningSandbox, stores: Mapping[str, FailingStore], shipped: Iterable[str]
) -> list[str]:
    """What the stores have not been told yet."""
    orders = [one for one in amazon.orders() if is_priced(one)]
    found = []
    for name, store in stores.items():
        last = {one.about["number"]: one.about for one in _about_orders(store)}
        for order in orders:
            told = last.get(order["orderId"])
            if told is None or differs(told, order):
                status = told["status"] if told else "missing"
                found.append(f"{name}: order {order['orderId']} is {status}")
    first, *_ = stores.values()
    ends = {one.about["order_number"] for one in _ends(first)}
    return found + [f"the shipment of {one} has no end" for one in sorted(set(shipped) - ends)]


def check_orders(
    amazon: RunningSandbox, stores: Mapping[str, FailingStore], cancelled: set[str]
) -> None:
    """Each order was imported once, and its changes were told in their sequence."""
    orders = Counter(one["orderId"] for one in amazon.orders() if is_priced(one))
    for name, store in stores.items():
        assert store.unsigned == 0, name
        assert _numbers(store, "order:import") == orders, name
        assert _numbers(store, "order:cancel") == Counter(cancelled), name
        revisions: dict[str, list[int]] = defaultdict(list)
        for one in _about_orders(store):
            assert one.about["shipping_address"]["address1"], f"{name}: an address was blanked"
            revisions[one.about["number"]].append(revision_of(one.about))
        out_of_sequence = {n: told for n, told in revisions.items() if told != sorted(told)}
        assert not out_of_sequence, (name, out_of_sequence)


def check_shipments(amazon: RunningSandbox, store: FailingStore, shipped: Iterable[str]) -> None:
    """Amazon accepted each shipment once, and its end was told once."""
    ends = _ends(store)
    refused = [one.about for one in ends if one.kind == "shipment:refused"]
    assert not refused, refused
    assert Counter(one.about["order_number"] for one in ends) == Counter(shipped)
    confirmations: dict[str, list[dict[str, Any]]] = amazon.state()["confirmations"]
    assert confirmations.keys() == set(shipped)
    orders = {one["orderId"]: one for one in amazon.orders()}
    for number, accepted in confirmations.items():
        assert not any(one["edit"] for one in accepted), f"{number} was confirmed twice"
        units: Counter[str] = Counter()
        for one in accepted:
            units[one["orderItemId"]] += one["quantity"]
        assert units == ordered_units(orders[number], "orderItemId"), number


def _about_orders(store: FailingStore) -> list[Taken]:
    return [one for one in store.taken if one.kind in _ABOUT_ORDERS]


def _ends(store: FailingStore) -> list[Taken]:
    return [one for one in store.taken if one.kind in _ENDS]


def _numbers(store: FailingStore, kind: str) -> Counter[str]:
    return Counter(one.about["number"] for one in store.taken if one.kind == kind)

"""A shipment's lines become units of the order's items, or are refused before anything is sent."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_endpoint.errors import ShipmentRefused
from amazon_endpoint.orders import Order, OrderItem, OrderPackage
from amazon_endpoint.services.allocation import allocate, without_units_on_their_way
from amazon_endpoint.services.next_step import package_number
from amazon_endpoint.shipments import PackageItem, Shipment, ShipmentItem
from tests.turned_clock import NOON

NUMBER = "111-2222222-3333333"


def order(*items: OrderItem, **changes: object) -> Order:
    plain = Order(
        number=NUMBER,
        status="Unshipped",
        placed_at=NOON,
        updated_at=NOON,
        channel="Amazon.com",
        fulfilled_by="MERCHANT",
        items=items or (item("1", "MUG", 3),),
    )
    return msgspec.structs.replace(plain, **changes)


def item(item_id: str, sku: str | None, quantity: int, fulfilled: int = 0) -> OrderItem:
    return OrderItem(
        item_id=item_id,
        sku=sku,
        quantity=quantity,
        quantity_fulfilled=fulfilled,
        quantity_unfulfilled=quantity - fulfilled,
    )


def line(sku: str, quantity: int = 1, ref: str | None = None) -> ShipmentItem:
    return ShipmentItem(sku=sku, quantity=quantity, external_ref=ref)


def allocated(
    placed: Order,
    *lines: ShipmentItem,
    earlier: dict[str, int] | None = None,
    allowed: bool = False,
) -> dict[str, int]:
    shipment = Shipment(number="H1", order_number=NUMBER, tracking="T", items=lines)
    before = None if earlier is None else tuple(PackageItem(*one) for one in earlier.items())
    found = allocate(shipment, placed, before, allowed)
    return {one.order_item_id: one.quantity for one in found}


def refusal(placed: Order, *lines: ShipmentItem, **more: object) -> ShipmentRefused:
    with pytest.raises(ShipmentRefused) as refused:
        allocated(placed, *lines, **more)  # type: ignore[arg-type]
    return refused.value


def test_the_sku_finds_its_item() -> None:
    assert allocated(order(item("1", "MUG", 3), item("2", "CUP", 1)), line("CUP")) == {"2": 1}


def test_an_item_id_of_the_order_comes_before_the_sku() -> None:
    placed = order(item("1", "MUG", 3), item("2", "CUP", 1))
    assert allocated(placed, line("MUG", ref="2")) == {"2": 1}


@pytest.mark.parametrize("ref", ["", None, "99", "MUG"])
def test_an_external_ref_that_is_no_item_id_of_the_order_is_nothing(ref: str | None) -> None:
    assert allocated(order(), line("MUG", ref=ref)) == {"1": 1}


def test_one_sku_in_two_items_is_allocated_by_open_units() -> None:
    placed = order(item("1", "MUG", 3, fulfilled=2), item("2", "MUG", 5))
    assert allocated(placed, line("MUG", 4)) == {"1": 1, "2": 3}


def test_lines_with_the_same_sku_add_up() -> None:
    assert allocated(order(), line("MUG", 1), line("MUG", 2)) == {"1": 3}


def test_a_line_that_names_its_item_is_served_before_one_that_only_has_the_sku() -> None:
    placed = order(item("1", "MUG", 1), item("2", "MUG", 1))
    assert allocated(placed, line("MUG"), line("MUG", ref="1")) == {"1": 1, "2": 1}


def test_what_the_same_shipment_had_counts_as_open_and_is_kept() -> None:
    placed = order(item("1", "MUG", 1), item("2", "MUG", 2, fulfilled=2))
    assert allocated(placed, line("MUG", 2), earlier={"2": 2}) == {"2": 2}


def test_what_the_same_shipment_had_never_exceeds_what_was_ordered() -> None:
    placed = order(item("1", "MUG", 2))
    assert refusal(placed, line("MUG", 3), earlier={"1": 2}).field == (
        "payload.shipment.items[0].quantity"
    )


def test_an_unknown_sku_is_refused_with_what_to_send() -> None:
    refused = refusal(order(), line("MUG"), line("HAT"))
    assert refused.field == "payload.shipment.items[1].sku"
    assert "'HAT'" in refused.message
    assert "external_ref" in refused.message


def test_an_item_without_a_sku_is_not_found_by_an_empty_one() -> None:
    assert refusal(order(item("1", None, 1)), line("")).field == "payload.shipment.items[0].sku"


def test_more_units_than_are_open_are_refused() -> None:
    refused = refusal(order(item("1", "MUG", 3, fulfilled=2)), line("MUG", 2))
    assert refused.field == "payload.shipment.items[0].quantity"
    assert "only 1" in refused.message


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_quantity_that_is_not_positive_is_refused(quantity: int) -> None:
    assert refusal(order(), line("MUG", quantity)).field == "payload.shipment.items[0].quantity"


def test_a_shipment_of_nothing_is_refused_as_amazon_would_take_it_for_everything() -> None:
    assert refusal(order()).field == "payload.shipment.items"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"fulfilled_by": "AMAZON"}, "fulfilled by Amazon"),
        ({"programs": ("PRIME", "FBM_SHIP_PLUS")}, "Ship+"),
        ({"status": "Canceled"}, "cancelled"),
        ({"status": "Pending"}, "still Pending"),
        ({"status": "PendingAvailability"}, "still PendingAvailability"),
    ],
)
def test_an_order_that_may_not_be_shipped_is_refused(changes: dict[str, object], word: str) -> None:
    refused = refusal(order(**changes), line("MUG"))
    assert refused.field == "payload.shipment.order_number"
    assert word in refused.message


def cancelling(one: OrderItem) -> OrderItem:
    return msgspec.structs.replace(one, cancellation_requested_by="BUYER")


def test_an_item_that_the_buyer_asks_to_cancel_is_refused_unless_allowed() -> None:
    placed = order(cancelling(item("1", "MUG", 3)))
    assert "asks to cancel" in refusal(placed, line("MUG")).message
    assert allocated(placed, line("MUG"), allowed=True) == {"1": 1}


def test_the_rest_of_an_order_with_a_cancellation_request_may_be_shipped() -> None:
    placed = order(cancelling(item("1", "MUG", 3)), item("2", "CUP", 1))
    assert allocated(placed, line("CUP")) == {"2": 1}


OURS = package_number(NUMBER, "H1")


def still_open(
    placed: Order, *, on_their_way: dict[str, int] | None = None, confirmed: int = 0
) -> int:
    """Of the order's only item, of three units; `confirmed` are those of our package."""
    sent = {
        reference: (PackageItem("1", units),) for reference, units in (on_their_way or {}).items()
    }
    taken = {OURS: (PackageItem("1", confirmed),)} if confirmed else {}
    (found,) = without_units_on_their_way(placed, sent, taken).items
    return found.quantity_open


def shows(reference: str, units: int) -> OrderPackage:
    return OrderPackage(reference=reference, items={"1": units})


def test_what_amazon_confirmed_is_not_open_though_the_order_does_not_show_it_yet() -> None:
    assert still_open(order(), confirmed=2) == 1


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param({"packages": (shows(OURS, 1),)}, id="as our package"),
        pytest.param({"packages": (shows("1", 1),)}, id="as one confirmed by hand"),
        pytest.param({"packages": (shows("1", 0),)}, id="as a package that names no units"),
        pytest.param({}, id="over MWS, or without tracking: as no package"),
    ],
)
def test_what_amazon_confirmed_counts_once_when_the_order_shows_it(shown: dict[str, Any]) -> None:
    placed = order(item("1", "MUG", 3, fulfilled=1), **shown)
    assert still_open(placed, confirmed=1) == 2
    another = package_number(NUMBER, "H2")
    assert still_open(placed, confirmed=1, on_their_way={another: 1}) == 1


def test_units_are_fulfilled_by_whichever_number_amazon_tells() -> None:
    unfulfilled = OrderItem(item_id="1", sku="MUG", quantity=3, quantity_unfulfilled=2)
    fulfilled = OrderItem(item_id="1", sku="MUG", quantity=3, quantity_fulfilled=1)
    assert still_open(order(unfulfilled), confirmed=1) == 2
    assert still_open(order(fulfilled), confirmed=1) == 2


def test_cancelled_units_are_not_taken_for_those_that_are_on_their_way() -> None:
    partly_cancelled = OrderItem(item_id="1", sku="MUG", quantity=5, quantity_unfulfilled=3)
    assert still_open(order(partly_cancelled), on_their_way={OURS: 2}) == 1


def test_what_was_confirmed_by_hand_is_not_taken_for_what_is_on_its_way() -> None:
    placed = order(item("1", "MUG", 3, fulfilled=1), packages=(shows("1", 1),))
    assert still_open(placed, on_their_way={OURS: 1}) == 1


@dataclass
class Case:
    placed: Order
    lines: list[ShipmentItem]
    earlier: dict[str, int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    items = []
    for index in range(draw(st.integers(1, 4))):
        quantity = draw(st.integers(0, 4))
        fulfilled = draw(st.integers(0, quantity))
        items.append(item(f"id{index}", draw(st.sampled_from("AB")), quantity, fulfilled))
    refs = st.sampled_from([None, "", "id0", "id1", "id9"])
    lines = draw(
        st.lists(st.builds(line, st.sampled_from("AB"), st.integers(1, 3), refs), min_size=1)
    )
    earlier = {one.item_id: draw(st.integers(0, one.quantity_fulfilled or 0)) for one in items}
    return Case(order(*items), lines, earlier)


@given(cases())
def test_what_is_allocated_is_what_is_shipped_and_never_more_than_is_open(case: Case) -> None:
    open_units = {
        one.item_id: one.quantity_open + case.earlier[one.item_id] for one in case.placed.items
    }
    try:
        found = allocated(case.placed, *case.lines, earlier=case.earlier)
    except ShipmentRefused:
        return
    assert sum(found.values()) == sum(one.quantity for one in case.lines)
    assert all(0 < units <= open_units[item_id] for item_id, units in found.items())
    ids = {one.item_id: one for one in case.placed.items}
    named: Counter[str] = Counter()
    for one in case.lines:
        if one.external_ref in ids:
            named[one.external_ref] += one.quantity
    assert all(found.get(item_id, 0) >= units for item_id, units in named.items())


@given(cases())
def test_lines_by_sku_are_refused_only_when_too_few_units_are_open(case: Case) -> None:
    lines = [line(one.sku, one.quantity) for one in case.lines]
    wanted = Counter[str]()
    for one in lines:
        wanted[one.sku] += one.quantity
    open_units = Counter[str]()
    for placed in case.placed.items:
        open_units[str(placed.sku)] += placed.quantity_open + case.earlier[placed.item_id]
    if all(wanted[sku] <= open_units[sku] for sku in wanted):
        assert sum(allocated(case.placed, *lines, earlier=case.earlier).values()) == sum(
            wanted.values()
        )
    else:
        refusal(case.placed, *lines, earlier=case.earlier)

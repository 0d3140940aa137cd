"""Growth: what one order costs when there are 10 or 100 times as many, and the plot of it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from html import escape
from math import log10
from typing import Literal, NamedTuple

from benchmarks.durable import Line, running
from benchmarks.pages import page
from benchmarks.reading import reply
from benchmarks.rows import SAMPLES, Growth, Row, Size
from benchmarks.turns import by_turns, timed

_TIMES = {Size.FULL: (1, 10, 100), Size.SHORT: (1, 2)}
_LARGEST = 100
_FLAT = 1.25

# One of each activity of a worker takes half a minute together.
_SAMPLES_OF_WORKERS = 3

# What further orders take is a difference of two such figures, so that it varies more.
_NEARLY_FLAT = 1.5

Activity = Callable[[int], float]
"""Does something to so many times its first number of orders; milliseconds of an order."""


What = Literal["orders", "accounts"]


class _Growing(NamedTuple):
    of: str
    make: Callable[[Size], AbstractContextManager[Activity]]
    what: What = "orders"
    by_worker: bool = True


def growth(size: Size) -> Iterator[Row]:
    """Each activity at each size by turns."""
    sizes = _TIMES[size]
    for of, make, what, by_worker in _GROWING:
        rounds = _SAMPLES_OF_WORKERS if by_worker else SAMPLES
        with make(size) as activity:
            told = by_turns(
                rounds if size is Size.FULL else 1, *(_at(activity, times) for times in sizes)
            )
        taken = dict(zip(sizes, told, strict=True))
        yield from of_all(of, what, taken)
        if by_worker:
            yield from of_further(of, what, taken)


def _at(activity: Activity, times: int) -> Callable[[int], float]:
    return lambda _: activity(times)


def of_all(of: str, what: What, taken: Mapping[int, Sequence[float]]) -> Iterator[Row]:
    """What an order takes at each size, against the first."""
    first, *larger = taken
    for times in larger:
        yield Row(
            name=f"{of}, {times} × the {what}",
            ours=tuple(taken[times]),
            theirs=tuple(taken[first]),
            unit="ms an order",
            against="one order of the first size",
            at_most=_FLAT,
            growth=Growth(f"{of}, {what}", times),
        )


def of_further(of: str, what: What, taken: Mapping[int, Sequence[float]]) -> Iterator[Row]:
    """What each order takes that a size has more than the one before, against those before it.

    What a worker takes anyway is shared by more orders at each size, which would hide that each
    takes longer than at the size before. It is no part of what further orders take.
    """
    sizes = list(taken)
    for one, middle, last in zip(sizes, sizes[1:], sizes[2:], strict=False):
        yield Row(
            name=f"{of}, from {middle} × to {last} × the {what}",
            ours=_further(taken, middle, last),
            theirs=_further(taken, one, middle),
            unit="ms a further order",
            against=f"a further order from {one} × to {middle} ×",
            at_most=_NEARLY_FLAT,
        )


def _further(taken: Mapping[int, Sequence[float]], fewer: int, more: int) -> tuple[float, ...]:
    """What each order takes that the larger size has more, sample by sample."""
    return tuple(
        (more * of_more - fewer * of_fewer) / (more - fewer)
        for of_fewer, of_more in zip(taken[fewer], taken[more], strict=True)
    )


def _over_pages(size: Size) -> Activity:
    """100, 1,000 and 10,000 orders, on pages of 100."""
    pages = [page(seed) for seed in range(_TIMES[size][-1])]

    def read(times: int) -> float:
        body = pages[:times]
        # The smallest is read several times: one page alone is too short to be timed.
        again = max(10 // times, 1)
        told = timed(lambda: [reply(one) for _ in range(again) for one in body])
        return told / again / len(body) / 100

    return read


def _in_a_page(size: Size) -> Activity:
    """The same 100 orders on pages of 1, 10 and 100."""
    orders = json.loads(page(1))["orders"]
    pages = {
        times: [
            json.dumps({"orders": orders[first : first + times]}).encode()
            for first in range(0, len(orders), times)
        ]
        for times in _TIMES[size]
    }
    again = 10 if size is Size.FULL else 1

    def read(times: int) -> float:
        told = timed(lambda: [reply(one) for _ in range(again) for one in pages[times]])
        return told / again / len(orders)

    return read


@contextmanager
def _more_orders(size: Size, *, first: int, delivered: bool) -> Iterator[Activity]:
    """An account of `first` orders, and of 10 and 100 times as many."""
    orders = {times: first * times if size is Size.FULL else times for times in _TIMES[size]}
    with _lines(orders, delivered=delivered) as lines:
        yield lambda times: lines[times].cost(1)


@contextmanager
def _more_accounts(size: Size, *, delivered: bool) -> Iterator[Activity]:
    """1, 10 and 100 accounts of ten orders each."""
    orders = 10 if size is Size.FULL else 1
    with _lines(dict.fromkeys(_TIMES[size], orders), delivered=delivered) as lines:
        yield lambda times: lines[times].cost(times)


@contextmanager
def _lines(orders: Mapping[int, int], *, delivered: bool) -> Iterator[Mapping[int, Line]]:
    """For each size a line of its own, so that none has to do with what another has brought."""
    with ExitStack() as stack:
        yield {
            times: stack.enter_context(running("sqlite", number, gone=not delivered))
            for times, number in orders.items()
        }


_GROWING = (
    _Growing("reading page by page", lambda size: nullcontext(_over_pages(size)), by_worker=False),
    _Growing("reading a page", lambda size: nullcontext(_in_a_page(size)), by_worker=False),
    _Growing("polling", partial(_more_orders, first=50, delivered=False)),
    _Growing("polling", partial(_more_accounts, delivered=False), "accounts"),
    _Growing("poll to delivery", partial(_more_orders, first=20, delivered=True)),
    _Growing("poll to delivery", partial(_more_accounts, delivered=True), "accounts"),
)


_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 320, 60, 50, 20
_COLOURS = ("#1b6ca8", "#c8553d", "#3d8361", "#7d5ba6", "#b8860b", "#555555")


def plot(rows: Sequence[Row]) -> str:
    """What an order costs, as so many times what it costs at the first size, as SVG."""
    curves: dict[str, dict[int, float]] = {}
    for row in rows:
        if row.growth:
            curves.setdefault(row.growth.of, {1: 1.0})[row.growth.times] = row.ratio
    highest = max([2.0, *(ratio for curve in curves.values() for ratio in curve.values())])
    drawn = [*_axes(highest)]
    for number, (of, curve) in enumerate(curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [_point(times, ratio, highest) for times, ratio in sorted(curve.items())]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        drawn.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        drawn.append(_text(_LEFT + 15, _TOP + 15 + 18 * number, escape(of), fill=colour))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="13">\n'
        '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def _axes(highest: float) -> Iterator[str]:
    for times in _TIMES[Size.FULL]:
        x, y = _point(times, 0, highest)
        yield _text(x, y + 20, f"{times} ×", anchor="middle")
    for ratio in range(int(highest) + 1):
        x, y = _point(1, ratio, highest)
        right = _point(_LARGEST, ratio, highest)[0]
        yield f'<line x1="{x}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ccc"/>'
        yield _text(x - 10, y + 4, str(ratio), anchor="end")
    yield _text(_WIDTH / 2, _HEIGHT - 8, "orders or accounts", anchor="middle")


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = "#333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}">{text}</text>'


def _point(times: int, ratio: float, highest: float) -> tuple[float, float]:
    across = (_WIDTH - _LEFT - 30) * log10(times) / log10(_LARGEST)
    up = (_HEIGHT - _BOTTOM - _TOP) * ratio / highest
    return _LEFT + across, _HEIGHT - _BOTTOM - up

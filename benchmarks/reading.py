"""Reading: a page of orders becomes the messages of a poll's reply, against JSON alone."""

import json
from collections.abc import Iterator, Sequence
from statistics import mean

from amazon_endpoint.amazon.spapi.order_reader import read_page
from amazon_endpoint.hub.v5.reply import orders_reply, write_orders
from benchmarks.pages import page
from benchmarks.rows import Row, Size
from benchmarks.turns import by_turns, samples, timed

_PAGES_A_SAMPLE = 10


def reply(body: bytes) -> bytes:
    """A poll's reply to a page: everything that the endpoint does between the two connections."""
    read = read_page(body, personal_data_asked=True)
    written = write_orders(read.orders, shipping_methods={}, unreadable=read.unreadable)
    return orders_reply("1", written)


def reading(size: Size) -> Iterator[Row]:
    """Page by page by turns; a sample is some pages, read once before to have their messages."""
    a_sample = _PAGES_A_SAMPLE if size is Size.FULL else 1
    pages = [page(number) for number in range(samples(size) * a_sample)]
    messages = [json.loads(reply(body))["messages"] for body in pages]

    def theirs(number: int) -> None:
        json.loads(pages[number])
        json.dumps(messages[number])

    taken, floor = by_turns(
        len(pages),
        lambda number: timed(lambda: reply(pages[number])),
        lambda number: timed(lambda: theirs(number)),
    )
    yield Row(
        name="reading",
        ours=_means(taken, a_sample),
        theirs=_means(floor, a_sample),
        unit="ms a page",
        against="json.loads of the page and json.dumps of its messages",
        at_most=0.8,
    )


def _means(taken: Sequence[float], a_sample: int) -> tuple[float, ...]:
    return tuple(mean(taken[begin : begin + a_sample]) for begin in range(0, len(taken), a_sample))

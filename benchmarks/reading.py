"""Reading: a page of orders becomes the messages of a poll's reply, against JSON alone."""

import json
from collections.abc import Iterator

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
    """Each sample reads its own pages, which were read once beforehand, to have their messages."""
    a_sample = _PAGES_A_SAMPLE if size is Size.FULL else 1
    rounds = samples(size)
    pages = [[page(number * a_sample + one) for one in range(a_sample)] for number in range(rounds)]
    messages = [[json.loads(reply(body))["messages"] for body in sample] for sample in pages]

    def ours(number: int) -> float:
        return timed(lambda: [reply(body) for body in pages[number]]) / a_sample

    def theirs(number: int) -> float:
        def plain() -> None:
            for body, told in zip(pages[number], messages[number], strict=True):
                json.loads(body)
                json.dumps(told)

        return timed(plain) / a_sample

    taken, floor = by_turns(rounds, ours, theirs)
    yield Row(
        name="reading",
        ours=taken,
        theirs=floor,
        unit="ms a page",
        against="json.loads of the page and json.dumps of its messages",
        at_most=0.8,
    )

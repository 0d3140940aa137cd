"""Made-up orders: the same for the same seed, in every shape that Amazon is known to send."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from amazon_endpoint.sandbox.generator.drafts import start_draft, write_order
from amazon_endpoint.sandbox.generator.marketplaces import Marketplace, marketplace
from amazon_endpoint.sandbox.generator.shapes import AT_HOME, SHAPES, Shape, plain_pair
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.orders import Json

#: The last updates lie in this span before the start, evenly spread.
_FIRST, _LAST = timedelta(days=30), timedelta(minutes=5)

#: The oldest orders are open and have two items or more, so that a demonstration finds them.
_PLAIN = 5


def made_up_orders(options: SandboxOptions, now: datetime) -> Iterator[Json]:
    """Make up orders in Amazon's format, oldest update first."""
    marketplaces = [marketplace(marketplace_id) for marketplace_id in options.marketplaces]
    if options.orders and not marketplaces:
        raise ValueError("made-up orders need a marketplace")
    step = (_FIRST - _LAST) / max(1, options.orders - 1)
    for index in range(options.orders):
        rng = Random(options.seed * 1_000_003 + index)  # noqa: S311 - made up, and repeatable
        shape = plain_pair if index < _PLAIN else SHAPES[(index - _PLAIN) % len(SHAPES)]
        place = marketplaces[0] if index < _PLAIN else _place(rng, shape, marketplaces)
        order_id = _order_id(options.seed, index, rng)
        draft = start_draft(rng, index, order_id, place, now - _FIRST + step * index)
        if draft.style.tax_included and rng.random() < 0.25:
            draft.style.tax_included = False
        shape(draft)
        if draft.priced:
            for line in draft.lines:
                line.charges.levy(place.tax_percent, draft.style)
        yield write_order(draft)


def _place(rng: Random, shape: Shape, marketplaces: list[Marketplace]) -> Marketplace:
    for candidate in marketplaces:
        if candidate.id == AT_HOME.get(shape.__name__):
            return candidate
    if rng.random() < 0.6:
        return marketplaces[0]
    return rng.choice(marketplaces)


def _order_id(seed: int, index: int, rng: Random) -> str:
    last = (index * 7_919 + seed * 104_729 + 1_234_567) % 10**7
    return f"{rng.randrange(100, 1000)}-{rng.randrange(10**7):07d}-{last:07d}"

"""Everything that the local Amazon knows while it runs. Nothing outlives it."""

from collections import Counter

from amazon_endpoint.sandbox.clock import SandboxClock
from amazon_endpoint.sandbox.connections import Connections
from amazon_endpoint.sandbox.documents import DocumentStore
from amazon_endpoint.sandbox.faults import Faults
from amazon_endpoint.sandbox.feeds import Feeds
from amazon_endpoint.sandbox.generator import made_up_orders
from amazon_endpoint.sandbox.mws.state import MwsState
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.orders import OrderBook
from amazon_endpoint.sandbox.parcels import Ledger, Shipping
from amazon_endpoint.sandbox.quotas import Quotas
from amazon_endpoint.sandbox.scenario import load_scenario
from amazon_endpoint.sandbox.tokens import Tokens


class Sandbox:
    """The local Amazon's memory."""

    def __init__(self, options: SandboxOptions) -> None:
        self.options = options
        self.clock = SandboxClock(options.now, options.speed)
        self.connections = Connections()
        self.tokens = Tokens(self.clock)
        self.quotas = Quotas()
        self.mws = MwsState()
        self.faults = Faults()
        self.calls: Counter[str] = Counter()
        self.book = OrderBook()
        self.ledger = Ledger()
        self.shipping = Shipping(self.book, self.ledger)
        self.documents = DocumentStore()
        self.feeds = Feeds(options, self.documents, self.shipping)
        if options.scenario is None:
            self.book.fill(made_up_orders(options, self.clock.now()))
        else:
            load_scenario(options.scenario, self.clock, self.book, self.feeds)

    def settle(self) -> None:
        """Bring everything up to the clock."""
        self.feeds.settle(self.clock.now())

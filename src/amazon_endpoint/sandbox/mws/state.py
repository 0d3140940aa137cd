"""What the local Amazon knows of Marketplace Web Service alone."""

from amazon_endpoint.sandbox.mws.pages import Pages
from amazon_endpoint.sandbox.mws.queries import FeedList, ItemPage
from amazon_endpoint.sandbox.mws.quotas import MwsQuotas
from amazon_endpoint.sandbox.search import Query


class MwsState:
    """Its quotas, and the queries behind its NextTokens."""

    def __init__(self) -> None:
        self.quotas = MwsQuotas()
        self.orders: Pages[Query] = Pages()
        self.items: Pages[ItemPage] = Pages()
        self.feeds: Pages[FeedList] = Pages()

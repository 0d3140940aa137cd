"""Operations: what we call, and how often Amazon lets us."""

from collections.abc import Mapping

import msgspec

from amazon_endpoint.amazon.quota import Rate

# For what Amazon publishes no hourly quota: more than the other one lets through. What an answer
# tells of such an hour is kept all the same.
_NOT_PUBLISHED = 3600


class Section(msgspec.Struct, frozen=True):
    """An API section: its path holds its version."""

    path: str
    version: str


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of the API.

    `quota` names the bucket, which some operations share, and `plan` is its published plan.
    `hourly` is what may be called within an hour besides. A `repeatable` operation has the same
    effect however often it is called.
    """

    name: str
    section: Section
    quota: str
    plan: Rate
    hourly: int = _NOT_PUBLISHED
    repeatable: bool = True

    @property
    def buckets(self) -> dict[str, Rate]:
        """The plans of its two buckets by their names, the hourly one last."""
        return {
            self.quota: self.plan,
            f"{self.quota} hourly": Rate(self.hourly / 3600, self.hourly),
        }


_ORDERS = Section("/Orders/2013-09-01", "2013-09-01")
_FEEDS = Section("/Feeds/2009-01-01", "2009-01-01")

_LISTS = Rate(1 / 60, 6)
_ITEMS = Rate(1 / 2, 30)

LIST_ORDERS = Operation(name="ListOrders", section=_ORDERS, quota="ListOrders", plan=_LISTS)
LIST_ORDERS_BY_NEXT_TOKEN = Operation(
    name="ListOrdersByNextToken", section=_ORDERS, quota="ListOrders", plan=_LISTS
)
GET_ORDER = Operation(name="GetOrder", section=_ORDERS, quota="GetOrder", plan=Rate(1 / 60, 6))
LIST_ORDER_ITEMS = Operation(
    name="ListOrderItems", section=_ORDERS, quota="ListOrderItems", plan=_ITEMS
)
LIST_ORDER_ITEMS_BY_NEXT_TOKEN = Operation(
    name="ListOrderItemsByNextToken", section=_ORDERS, quota="ListOrderItems", plan=_ITEMS
)
SUBMIT_FEED = Operation(
    name="SubmitFeed",
    section=_FEEDS,
    quota="SubmitFeed",
    plan=Rate(1 / 120, 15),
    hourly=30,
    repeatable=False,
)
GET_FEED_SUBMISSION_LIST = Operation(
    name="GetFeedSubmissionList",
    section=_FEEDS,
    quota="GetFeedSubmissionList",
    plan=Rate(1 / 45, 10),
    hourly=80,
)
GET_FEED_SUBMISSION_LIST_BY_NEXT_TOKEN = Operation(
    name="GetFeedSubmissionListByNextToken",
    section=_FEEDS,
    quota="GetFeedSubmissionListByNextToken",
    plan=Rate(1 / 2, 30),
    hourly=1800,
)
GET_FEED_SUBMISSION_RESULT = Operation(
    name="GetFeedSubmissionResult",
    section=_FEEDS,
    quota="GetFeedSubmissionResult",
    plan=Rate(1 / 60, 15),
    hourly=60,
)

#: The published plan of each bucket, by its name.
PLANS: Mapping[str, Rate] = {
    name: plan
    for one in (
        LIST_ORDERS,
        GET_ORDER,
        LIST_ORDER_ITEMS,
        SUBMIT_FEED,
        GET_FEED_SUBMISSION_LIST,
        GET_FEED_SUBMISSION_LIST_BY_NEXT_TOKEN,
        GET_FEED_SUBMISSION_RESULT,
    )
    for name, plan in one.buckets.items()
}

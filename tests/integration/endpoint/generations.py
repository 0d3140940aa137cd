"""The two generations of Amazon's API, as far as a test of the services has to know them."""

from typing import Any

import msgspec

from amazon_endpoint.sandbox.mws.signature import secret_for
from amazon_endpoint.sandbox.testing import RunningSandbox

ACCESS_KEY = "AKIDTESTS"


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """A generation: its name, its words for operations, its faults and its published quotas.

    `burst` is how many pages can be read at once.
    """

    name: str
    first_page: str
    next_page: str
    submit_feed: str
    feed_state: str
    burst: int
    passing_faults: tuple[str, ...]
    lasting_faults: tuple[str, ...]
    lost_answers: tuple[str, ...]

    def parameters(self, amazon: str) -> dict[str, Any]:
        """The credentials and hosts that a hub sends."""
        account = {
            "amazon.seller_id": "A1TESTSELLER",
            "amazon.marketplace_id": "ATVPDKIKX0DER",
            "amazon.services_host": amazon,
        }
        if self is MWS:
            return account | {
                "amazon.aws_access_key": ACCESS_KEY,
                "amazon.secret_key": secret_for(ACCESS_KEY),
            }
        return account | {
            "amazon.client_id": "amzn1.application-oa2-client.tests",
            "amazon.client_secret": "a client's own",
            "amazon.refresh_token": "Atzr|tests",
            "amazon.token_host": amazon,
        }

    def fault_after_three_pages(
        self, amazon: RunningSandbox, fault: str, *, times: int | None, seconds: float = 1.0
    ) -> None:
        """Let reading the fourth page of a window meet a fault."""
        after = 3 if self.first_page == self.next_page else 2
        amazon.fault(self.next_page, fault, times=times, after=after, seconds=seconds)


SELLING_PARTNER = Generation(
    name="SP-API",
    first_page="searchOrders",
    next_page="searchOrders",
    submit_feed="createFeed",
    feed_state="getFeed",
    burst=20,
    passing_faults=(
        *("html503", "empty200", "cut_body", "expired_token"),
        *("bad_json", "drop", "internal500", "missing_orders_key"),
    ),
    lasting_faults=(
        *("throttle", "html503", "empty200", "cut_body", "bad_json"),
        *("drop", "missing_orders_key", "deny", "slow"),
    ),
    lost_answers=("lost_answer", "drop", "internal500", "cut_body"),
)

MWS = Generation(
    name="MWS",
    first_page="ListOrders",
    next_page="ListOrdersByNextToken",
    submit_feed="SubmitFeed",
    feed_state="GetFeedSubmissionList",
    burst=6,
    passing_faults=("html503", "empty200", "cut_body", "bad_xml", "drop", "internal500"),
    lasting_faults=(
        *("throttle", "html503", "empty200", "cut_body", "bad_xml", "drop", "deny", "slow"),
        *("xml_bomb", "external_entity", "quota_exceeded", "stale_quota"),
    ),
    lost_answers=("lost_answer", "drop", "internal500", "cut_body", "bad_xml", "empty_feed_id"),
)

GENERATIONS = (SELLING_PARTNER, MWS)

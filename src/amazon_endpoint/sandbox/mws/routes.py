"""Where Marketplace Web Service answers; feeds were also sent to `/`, and still may be."""

from starlette.routing import Route

from amazon_endpoint.sandbox.mws.feeds import FEEDS
from amazon_endpoint.sandbox.mws.gate import section_endpoint
from amazon_endpoint.sandbox.mws.orders import ORDERS
from amazon_endpoint.sandbox.state import Sandbox


def mws_routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes of both sections."""
    table = (("/Orders/2013-09-01", ORDERS), ("/Feeds/2009-01-01", FEEDS), ("/", FEEDS))
    return [
        Route(path, section_endpoint(sandbox, section), methods=["GET", "POST"])
        for path, section in table
    ]

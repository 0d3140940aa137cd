"""Where Marketplace Web Service answers."""

from starlette.routing import Route

from amazon_endpoint.sandbox.mws.gate import section_endpoint
from amazon_endpoint.sandbox.mws.orders import ORDERS
from amazon_endpoint.sandbox.state import Sandbox


def mws_routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes of both sections."""
    return [Route("/Orders/2013-09-01", section_endpoint(sandbox, ORDERS), methods=["GET", "POST"])]

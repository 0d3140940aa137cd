"""What is wrong with a body that is no message at all."""

from amazon_endpoint.errors import EndpointError


class NotAMessage(EndpointError):
    """This is not a message of the hub."""

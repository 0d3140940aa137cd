"""Signature Version 2: what proves that a request is the seller's.

The string to sign is the method, the host and the path as they are called, and the parameters
sorted by the bytes of their names, each on its own line; names and values are encoded by RFC 3986
("Signing a query request" in Amazon's MWS developer guide). The port belongs to the host where it
isn't the scheme's own, as in Amazon's client libraries.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, urlsplit


def signed_query(method: str, url: str, parameters: Mapping[str, str], secret_key: str) -> str:
    """The parameters with their signature, encoded for a query or a form.

    `url` has neither query nor default port.
    """
    place = urlsplit(url)
    query = "&".join(
        f"{_encoded(name)}={_encoded(parameters[name])}" for name in sorted(parameters)
    )
    told = "\n".join((method, place.netloc.lower(), place.path or "/", query))
    digest = hmac.new(secret_key.encode(), told.encode(), hashlib.sha256).digest()
    return f"{query}&Signature={_encoded(base64.b64encode(digest).decode())}"


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")

"""Signature Version 2, checked to the letter, and who signed.

Any access key will do. Its secret key is the text `local-` followed by the access key, so that
both sides know it (`secret_for`). An access key that contains "unknown" has no account, and a
seller id that contains "denied" is of another.

The rules are those of "Signing requests" in the developer guide: the text that is signed is the
method, the host in lower case as it was called, the path, and the parameters in byte order, names
and values encoded by RFC 3986, joined by newlines.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

from amazon_endpoint.sandbox.clock import read_time
from amazon_endpoint.sandbox.mws.parameters import required
from amazon_endpoint.sandbox.mws.xml import MwsRefusal, invalid_value
from amazon_endpoint.sandbox.tokens import Caller

#: A timestamp may differ from the sandbox's clock by this much.
_TOLERANCE = timedelta(minutes=15)


def secret_for(access_key: str) -> str:
    """Return the secret key that belongs to an access key."""
    return f"local-{access_key}"


def check_signature(
    method: str, host: str, path: str, parameters: Mapping[str, str], now: datetime
) -> Caller:
    """Return who signed; MwsRefusal when anything about it is wrong."""
    access_key = required(parameters, "AWSAccessKeyId")
    if "unknown" in access_key:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise MwsRefusal(403, "InvalidAccessKeyId", message)
    for name, value in (("SignatureVersion", "2"), ("SignatureMethod", "HmacSHA256")):
        if required(parameters, name) != value:
            raise invalid_value(f"Value ({parameters[name]}) for parameter {name} is invalid.")
    _check_time(required(parameters, "Timestamp"), now)
    given = required(parameters, "Signature")
    expected = sign(method, host, path, parameters, secret_for(access_key))
    if not hmac.compare_digest(given.encode(), expected.encode()):
        message = (
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method."
        )
        raise MwsRefusal(403, "SignatureDoesNotMatch", message)
    # Older operations call the seller a merchant; either name will do for each.
    name = "Merchant" if "Merchant" in parameters else "SellerId"
    seller = required(parameters, name)
    if "denied" in seller:
        raise MwsRefusal(401, "AccessDenied", "Access denied")
    return Caller(seller, access_key)


def sign(method: str, host: str, path: str, parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature of a request; a `Signature` among the parameters is left out."""
    encoded = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parameters.items()
        if name != "Signature"
    )
    query = "&".join(f"{name}={value}" for name, value in encoded)
    text = f"{method}\n{host.lower()}\n{path}\n{query}"
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _check_time(text: str, now: datetime) -> None:
    # A time that states no offset is meant as UTC here: published clients sign like that.
    offset = "" if re.search(r"(Z|[+-]\d{2}:\d{2})$", text) else "Z"
    try:
        signed = read_time(text + offset)
    except ValueError:
        raise invalid_value("Timestamp is not an ISO 8601 date and time.") from None
    if abs(signed - now) > _TOLERANCE:
        message = f"Request has expired. Timestamp date is {text}."
        raise MwsRefusal(400, "RequestExpired", message)

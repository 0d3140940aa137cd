"""Connect: from a configured destination to the store behind it.

The only place that chooses how a store is spoken to.
"""

import ipaddress
import re
from collections.abc import Callable

from amazon_endpoint.clock import Clock
from amazon_endpoint.errors import HostNotAllowed, InvalidInput
from amazon_endpoint.outbound import Outbound, is_public
from amazon_endpoint.stores.port import Destination, Store
from amazon_endpoint.stores.v6_push import V6Store
from amazon_endpoint.stores.webhook import WebhookStore, signing_key

_URL_FIELD, _SECRETS_FIELD = "destination.url", "destination.secrets"

_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*|\[[0-9a-f.]*:[0-9a-f:.]*\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r'(?P<rest>[/?][!"$-\[\]-~]*)?',  # visible ASCII but # and \
    re.ASCII | re.IGNORECASE,
)
_LONGEST_URL = 2000
_NUMERIC = re.compile(r"[0-9.]+|.*:.*")
_USER = re.compile(r"[^/]*//[^/?#]*@")
_TOKEN = re.compile(r"[!-~]+")


def connect(
    destination: Destination,
    *,
    outbound: Outbound,
    clock: Clock,
    allowed: Callable[[str, int], bool],
) -> Store:
    """The store behind a destination. Nothing is called yet.

    `allowed` tells of a host and port whether the operator listed it, and has to be what
    `outbound` asks too: it checks the address at each call.

    Raises:
        InvalidInput: as `check`.
    """
    check(destination, allowed=allowed)
    match destination.kind:
        case "webhook":
            return WebhookStore(
                destination.url, destination.secrets, outbound=outbound, clock=clock
            )
        case "v6":
            (token,) = destination.secrets
            return V6Store(destination.url, token, outbound=outbound, clock=clock)


def check(destination: Destination, *, allowed: Callable[[str, int], bool]) -> None:
    """Let pass what messages can be sent to.

    Raises:
        InvalidInput: the URL or a secret can't be used.
        HostNotAllowed: the URL is in clear text or names a private address, and the operator has
            not listed its host.
    """
    _check_url(destination, allowed)
    if destination.kind == "webhook":
        _check_signing_secrets(destination.secrets)
    else:
        _check_token(destination.secrets)


# The URL and the secrets are quoted nowhere: either may hold a key.


def _check_url(destination: Destination, allowed: Callable[[str, int], bool]) -> None:
    url = destination.url
    if _USER.match(url):
        raise InvalidInput(
            "Leave out user and password: secrets are given apart from the URL.", field=_URL_FIELD
        )
    if "#" in url:
        raise InvalidInput("Leave out # and what follows: it is never sent.", field=_URL_FIELD)
    parts = _URL.fullmatch(url)
    if parts is None or len(url) > _LONGEST_URL or not _is_a_place(parts):
        raise InvalidInput(
            "Give a URL like https://store.example/webhooks, all in ASCII and without blanks.",
            field=_URL_FIELD,
        )
    if destination.kind == "v6" and "?" in url:
        raise InvalidInput(
            "Give the URL that the names of the hooks are added to, without a query, like "
            "https://store.example/wombat.",
            field=_URL_FIELD,
        )
    scheme, name = parts["scheme"].lower(), parts["host"].lower()
    host = name.strip("[]")
    port = int(parts["port"] or (443 if scheme == "https" else 80))
    if allowed(host, port):
        return
    advice = f"the operator may add {name}:{port} to AMAZON_ENDPOINT_ALLOWED_HOSTS."
    if scheme != "https":
        raise HostNotAllowed(f"Use https:// for {host}; or {advice}", field=_URL_FIELD)
    # What a name resolves to is checked at each call, since it may change.
    if _is_address(host) and not is_public(host):
        raise HostNotAllowed(f"{host} is a private address; {advice}", field=_URL_FIELD)


def _is_a_place(parts: re.Match[str]) -> bool:
    host, port = parts["host"].strip("[]"), int(parts["port"] or 1)
    return 0 < port < 65536 and (not _NUMERIC.fullmatch(host) or _is_address(host))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _check_signing_secrets(secrets: tuple[str, ...]) -> None:
    if not secrets:
        raise InvalidInput("A webhook needs a signing secret.", field=_SECRETS_FIELD)
    for index, secret in enumerate(secrets):
        try:
            signing_key(secret)
        except ValueError as error:
            raise InvalidInput(str(error), field=f"{_SECRETS_FIELD}[{index}]") from None


def _check_token(secrets: tuple[str, ...]) -> None:
    if len(secrets) != 1 or not _TOKEN.fullmatch(secrets[0]):
        raise InvalidInput(
            "Give one token, the connection token of the store's hub extension: visible ASCII "
            "characters only.",
            field=_SECRETS_FIELD,
        )

"""Hosts: which addresses a seller's credentials and data may travel to."""

import re
from collections.abc import Iterable

from amazon_endpoint.amazon.marketplaces import MARKETPLACES, Region
from amazon_endpoint.errors import HostNotAllowed, InvalidInput

#: "Selling Partner API endpoints": production, and the sandboxes of the same name.
SERVICES_HOSTS = {region: f"sellingpartnerapi-{region.lower()}.amazon.com" for region in Region}
TOKEN_HOST = "api.amazon.com"  # noqa: S105 - the host of Login with Amazon

_AMAZON_SERVICES = {*SERVICES_HOSTS.values(), *(f"sandbox.{h}" for h in SERVICES_HOSTS.values())}

#: Amazon's own hosts of Marketplace Web Service, which nobody answers at any more.
RETIRED_HOSTS = {one.mws_host for one in MARKETPLACES.values()}

_HOST = r"(?P<host>[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
_ENTRY = re.compile(_HOST, re.ASCII | re.IGNORECASE)
_BASE = re.compile(rf"(?:(?P<scheme>https?)://)?{_HOST}/?", re.ASCII | re.IGNORECASE)
_DOCUMENT = re.compile(
    rf"(?P<scheme>https?)://{_HOST}(?:[/?][!-\[\]-~]*)?", re.ASCII | re.IGNORECASE
)

_DEFAULT_PORTS = {"https": 443, "http": 80}


class AllowedHosts:
    """Amazon's hosts, and those that the operator lists as ``host`` or ``host:port``.

    An entry without a port allows every port of its host.
    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        """Take the operator's list.

        Raises:
            ValueError: an entry is not ``host`` or ``host:port``.
        """
        self._listed = {_listed(entry) for entry in entries}

    def listed(self, host: str, port: int) -> bool:
        """Whether the operator allows this place: in clear text and at a private address too."""
        name = host.lower()
        return (name, port) in self._listed or (name, None) in self._listed

    def services_url(self, value: str | None, region: Region) -> str:
        """The base URL of the Selling Partner API: `value` if it may be called, else Amazon's.

        Raises:
            HostNotAllowed: it is neither Amazon's host nor listed by the operator.
        """
        return self._checked(
            value, SERVICES_HOSTS[region], _AMAZON_SERVICES, field="amazon.services_host"
        )

    def mws_url(self, value: str | None, default: str) -> str:
        """The base URL of a service that speaks Marketplace Web Service; Amazon's own has ended.

        Raises:
            InvalidInput: `value` or, without it, `default` is Amazon's own host.
            HostNotAllowed: it is not listed by the operator.
        """
        scheme, host, port = _base(value or default, default, field="amazon.services_host")
        if host in RETIRED_HOSTS:
            raise InvalidInput(
                f"Amazon ended MWS on 2024-04-01, {host} answers no more. Set amazon.client_id, "
                "amazon.client_secret and amazon.refresh_token to the Login with Amazon "
                "credentials of a Selling Partner API application; or amazon.services_host to a "
                "gateway that speaks MWS, allowed by the operator "
                "(AMAZON_ENDPOINT_ALLOWED_HOSTS).",
                field="amazon.aws_access_key",
            )
        if not self.listed(host, port):
            raise _not_allowed(scheme, host, port, "Have", field="amazon.services_host")
        return _url(scheme, host, port)

    def token_url(self, value: str | None) -> str:
        """The base URL of Login with Amazon, on the same terms as `services_url`.

        Raises:
            HostNotAllowed: it is neither Amazon's host nor listed by the operator.
        """
        return self._checked(value, TOKEN_HOST, {TOKEN_HOST}, field="amazon.token_host")

    def check_document(self, url: str) -> None:
        """Let pass what Amazon may name as a document's place: its own storage over https.

        Raises:
            HostNotAllowed: it is elsewhere, and not listed by the operator.
        """
        parts = _match(_DOCUMENT, url)
        if parts is None:
            raise HostNotAllowed("Amazon named a document at an address that makes no sense.")
        scheme, host, port = _place(parts)
        ours = scheme == "https" and port == 443 and host.endswith(".amazonaws.com")
        if not (ours or self.listed(host, port)):
            raise HostNotAllowed(
                f"Amazon named a document at {host}:{port}, which is neither Amazon's storage nor "
                "allowed by the operator (AMAZON_ENDPOINT_ALLOWED_HOSTS)."
            )

    def _checked(self, value: str | None, default: str, amazon: set[str], *, field: str) -> str:
        scheme, host, port = _base(value or default, default, field=field)
        if not (self.listed(host, port) or (scheme == "https" and port == 443 and host in amazon)):
            advice = f"Leave it empty for https://{default}, or have"
            raise _not_allowed(scheme, host, port, advice, field=field)
        return _url(scheme, host, port)


def _base(value: str, default: str, *, field: str) -> tuple[str, str, int]:
    # The value is quoted nowhere: a URL may hold a password.
    parts = _match(_BASE, value.strip())
    if parts is None:
        raise HostNotAllowed(
            f"Give a host, host:port or URL without user, path or query, such as {default}.",
            field=field,
        )
    return _place(parts)


def _not_allowed(scheme: str, host: str, port: int, advice: str, *, field: str) -> HostNotAllowed:
    return HostNotAllowed(
        f"{scheme}://{host}:{port} is neither Amazon's nor allowed by the operator. "
        f"{advice} the operator add {host}:{port} to AMAZON_ENDPOINT_ALLOWED_HOSTS.",
        field=field,
    )


def _url(scheme: str, host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")


def _listed(entry: str) -> tuple[str, int | None]:
    parts = _match(_ENTRY, entry.strip())
    if parts is None:
        raise ValueError(f"{entry[:60]!r} is neither host nor host:port")
    return _name(parts), int(parts["port"]) if parts["port"] else None


def _match(form: re.Pattern[str], text: str) -> re.Match[str] | None:
    """`text` in this form, with a port that exists if it names one."""
    parts = form.fullmatch(text)
    return parts if parts and 0 < int(parts["port"] or 1) < 65_536 else None


def _place(parts: re.Match[str]) -> tuple[str, str, int]:
    scheme = (parts["scheme"] or "https").lower()
    port = int(parts["port"]) if parts["port"] else _DEFAULT_PORTS[scheme]
    return scheme, _name(parts), port


def _name(parts: re.Match[str]) -> str:
    return parts["host"].lower().strip("[]")

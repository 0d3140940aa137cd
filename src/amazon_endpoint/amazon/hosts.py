"""Hosts: which addresses a seller's credentials and data may travel to."""

import re
from collections.abc import Collection, Iterable

from amazon_endpoint.errors import HostNotAllowed

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

    def base_url(self, value: str, *, own: Collection[str] = (), field: str) -> str:
        """The base URL that `value` names, a host, host:port or URL, if it may be called.

        `own` are Amazon's hosts for this, which may be called over https alone.

        Raises:
            HostNotAllowed: it is neither of these nor listed by the operator, or no host.
        """
        # The value is quoted nowhere: a URL may hold a password.
        parts = _match(_BASE, value.strip())
        if parts is None:
            raise HostNotAllowed(
                "Give a host, host:port or URL without user, path or query, such as "
                "amazon.example:8443.",
                field=field,
            )
        scheme, host, port = _place(parts)
        name = f"[{host}]" if ":" in host else host
        if not (self.listed(host, port) or (scheme == "https" and port == 443 and host in own)):
            advice = "Leave it empty for Amazon's own, or have" if own else "Have"
            raise HostNotAllowed(
                f"{scheme}://{name}:{port} is neither Amazon's nor allowed by the operator. "
                f"{advice} the operator add {name}:{port} to AMAZON_ENDPOINT_ALLOWED_HOSTS.",
                field=field,
            )
        return f"{scheme}://{name}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")

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


def host_in(value: str) -> str | None:
    """The host that a host, host:port or URL names, in small letters; None if it is none."""
    parts = _match(_BASE, value.strip())
    return _name(parts) if parts else None


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

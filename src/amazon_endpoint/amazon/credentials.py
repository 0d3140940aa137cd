"""Credentials: what opens a seller's account, never shown, and where the account is.

Each generation of Amazon's API has credentials of its own, in its folder.
"""

from typing import Protocol

import msgspec


class Credentials(Protocol):
    """What opens a seller's account, over whichever generation. Its representation hides it."""

    @property
    def application(self) -> str:
        """Whose quotas they are, with `account`: the id of the application or the developer."""
        ...

    @property
    def account(self) -> str:
        """A fingerprint of the authorisation: tells accounts apart and reveals nothing."""
        ...

    @property
    def secret(self) -> bytes:
        """What only the holder of the credentials knows, for this seller."""
        ...


class RenewableCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """Credentials with a client secret: it expires, and a new one takes its place.

    The one before is used where Amazon refuses the new one, which takes a while to be known.
    """

    client_secret: str
    previous_client_secret: str | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A seller's account: whose orders, and where. The credentials choose Amazon's generation.

    The hosts are `amazon.services_host` and `amazon.token_host`; without them Amazon's own are
    called.
    """

    credentials: Credentials
    seller_id: str
    marketplace_ids: tuple[str, ...]
    services_host: str | None = None
    token_host: str | None = None

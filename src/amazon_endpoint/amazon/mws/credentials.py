"""Credentials of Marketplace Web Service."""

from hashlib import sha256

import msgspec


class MwsCredentials(msgspec.Struct, frozen=True, kw_only=True, tag="mws"):
    """A developer's keys for Marketplace Web Service, and the seller they act for.

    `auth_token` is the seller's authorisation of a developer who is somebody else.
    """

    access_key_id: str
    secret_key: str
    seller_id: str
    auth_token: str | None = None

    @property
    def application(self) -> str:
        """See `credentials.Credentials`."""
        return self.access_key_id

    @property
    def account(self) -> str:
        """See `credentials.Credentials`."""
        return sha256(f"{self.seller_id}\n{self.auth_token or ''}".encode()).hexdigest()[:32]

    @property
    def secret(self) -> bytes:
        """See `credentials.Credentials`."""
        return f"{self.access_key_id}\n{self.secret_key}\n{self.seller_id}".encode()

    def __repr__(self) -> str:
        return f"MwsCredentials(account={self.account[:8]}…)"

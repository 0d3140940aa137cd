"""Credentials: what opens a seller's account, never shown, and where the account is."""

from hashlib import sha256

import msgspec


class SellingPartnerCredentials(msgspec.Struct, frozen=True, kw_only=True, tag="sp-api"):
    """Login with Amazon credentials of an application and one seller's authorisation."""

    client_id: str
    client_secret: str
    refresh_token: str

    @property
    def account(self) -> str:
        """A fingerprint of the authorisation: tells accounts apart and reveals nothing."""
        return sha256(self.refresh_token.encode()).hexdigest()[:32]

    @property
    def secret(self) -> bytes:
        """What only the holder of the authorisation knows; survives a new client secret."""
        return f"{self.client_id}\n{self.refresh_token}".encode()

    def __repr__(self) -> str:
        return f"SellingPartnerCredentials(account={self.account[:8]}…)"


class MwsCredentials(msgspec.Struct, frozen=True, kw_only=True, tag="mws"):
    """A developer's keys for Marketplace Web Service, and the seller they act for.

    `auth_token` is the seller's authorisation of a developer who is somebody else.
    """

    access_key_id: str
    secret_key: str
    seller_id: str
    auth_token: str | None = None

    @property
    def account(self) -> str:
        """A fingerprint of the authorisation: tells accounts apart and reveals nothing."""
        return sha256(f"{self.seller_id}\n{self.auth_token or ''}".encode()).hexdigest()[:32]

    @property
    def secret(self) -> bytes:
        """What only the holder of the keys knows, for this seller."""
        return f"{self.access_key_id}\n{self.secret_key}\n{self.seller_id}".encode()

    def __repr__(self) -> str:
        return f"MwsCredentials(account={self.account[:8]}…)"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A seller's account: whose orders, and where. The credentials choose Amazon's generation.

    The hosts are `amazon.services_host` and `amazon.token_host`; without them Amazon's own are
    called.
    """

    credentials: SellingPartnerCredentials | MwsCredentials
    seller_id: str
    marketplace_ids: tuple[str, ...]
    services_host: str | None = None
    token_host: str | None = None

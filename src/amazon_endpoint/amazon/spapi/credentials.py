"""Credentials of the Selling Partner API."""

from hashlib import sha256

from amazon_endpoint.amazon.credentials import RenewableCredentials


class SellingPartnerCredentials(RenewableCredentials, frozen=True, kw_only=True, tag="sp-api"):
    """Login with Amazon credentials of an application and one seller's authorisation."""

    client_id: str
    refresh_token: str

    @property
    def application(self) -> str:
        """See `credentials.Credentials`."""
        return self.client_id

    @property
    def account(self) -> str:
        """See `credentials.Credentials`."""
        return sha256(self.refresh_token.encode()).hexdigest()[:32]

    @property
    def secret(self) -> bytes:
        """See `credentials.Credentials`. Survives a new client secret."""
        return f"{self.client_id}\n{self.refresh_token}".encode()

    def __repr__(self) -> str:
        return f"SellingPartnerCredentials(account={self.account[:8]}…)"

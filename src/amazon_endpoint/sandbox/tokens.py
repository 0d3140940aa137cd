"""The token host: Login with Amazon, `POST /auth/o2/token`.

Rules: the refresh_token and client_credentials grants, tokens that live one hour, and the
error words `invalid_request`, `invalid_grant`, `invalid_client` of Login with Amazon. Any
credentials will do, except a refresh token that contains "revoked" and a client secret that
contains "wrong" or "expired".
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta

import msgspec

from amazon_endpoint.sandbox.answers import Answer, Refusal, denied
from amazon_endpoint.sandbox.clock import SandboxClock

LIFETIME = timedelta(hours=1)

#: Tokens outlive a restart: they are signed, not stored. There is nothing here to protect.
_SEAL = b"the local Amazon seals its tokens with this"


class Caller(msgspec.Struct, frozen=True):
    """Who calls: a seller's account through an application. Quotas and feeds belong to both."""

    seller: str
    client_id: str


class _Grant(msgspec.Struct, array_like=True, frozen=True):
    seller: str
    client_id: str
    expires: float
    nonce: str


class Tokens:
    """Issues access tokens and recognises them again."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock

    def grant(self, form: Mapping[str, str]) -> Answer:
        """Exchange credentials for an access token, or say why not."""
        try:
            return Answer(200, self._issue(form))
        except _Unwilling as no:
            return no.answer

    def _issue(self, form: Mapping[str, str]) -> dict[str, object]:
        grant_type = form.get("grant_type", "")
        client_id = form.get("client_id", "")
        client_secret = form.get("client_secret", "")
        refresh_token = form.get("refresh_token", "")
        scope = form.get("scope", "")
        if not grant_type:
            raise _Unwilling(400, "invalid_request", "The request is missing: grant_type")
        if grant_type not in {"refresh_token", "client_credentials"}:
            raise _Unwilling(400, "unsupported_grant_type", "The grant type is not supported.")
        if refresh_token and scope:
            raise _Unwilling(400, "invalid_request", "refresh_token and scope exclude each other.")
        if not client_id or not client_secret:
            raise _Unwilling(400, "invalid_request", "client_id and client_secret are required.")
        if "wrong" in client_secret or "expired" in client_secret:
            raise _Unwilling(401, "invalid_client", "Client authentication failed")
        if grant_type == "client_credentials":
            if not scope:
                raise _Unwilling(400, "invalid_request", "The request is missing: scope")
            return self._token("", client_id)
        if not refresh_token:
            raise _Unwilling(400, "invalid_request", "The request is missing: refresh_token")
        if "revoked" in refresh_token:
            raise _Unwilling(400, "invalid_grant", "The request has an invalid grant parameter")
        return self._token(refresh_token, client_id) | {"refresh_token": refresh_token}

    def caller(self, access_token: str | None) -> Caller:
        """Return whose token this is; Refusal (403) when it is missing, unknown or too old."""
        if not access_token:
            raise denied("Access token is missing in the request header.")
        grant = _open(access_token)
        if grant is None:
            raise denied("The access token you provided is revoked, malformed or invalid.")
        if self._clock.now().timestamp() >= grant.expires:
            raise expired_token()
        if not grant.seller:
            raise denied("The access token is grantless; this operation needs a seller's.")
        return Caller(grant.seller, grant.client_id)

    def _token(self, refresh_token: str, client_id: str) -> dict[str, object]:
        seller = hashlib.sha256(refresh_token.encode()).hexdigest()[:16] if refresh_token else ""
        expires = (self._clock.now() + LIFETIME).timestamp()
        grant = _Grant(seller, client_id, expires, secrets.token_hex(8))
        return {
            "access_token": _seal(grant),
            "token_type": "bearer",
            "expires_in": int(LIFETIME.total_seconds()),
        }


def expired_token() -> Refusal:
    """Refuse a token that was good once."""
    return denied("The access token you provided has expired.")


class _Unwilling(Exception):
    """Login with Amazon gives no token; the answer says why."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.answer = Answer(status, {"error": error, "error_description": description})


def _seal(grant: _Grant) -> str:
    content = base64.urlsafe_b64encode(msgspec.json.encode(grant)).decode()
    return f"Atza|{content}.{_mark(content)}"


def _open(token: str) -> _Grant | None:
    content, _, mark = token.removeprefix("Atza|").partition(".")
    if not hmac.compare_digest(mark.encode(), _mark(content).encode()):
        return None
    return msgspec.json.decode(base64.urlsafe_b64decode(content), type=_Grant)


def _mark(content: str) -> str:
    return hmac.new(_SEAL, content.encode(), hashlib.sha256).hexdigest()[:32]

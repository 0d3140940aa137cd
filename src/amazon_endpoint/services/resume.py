"""Resume: an unfinished window, sealed so that a hub can keep it for us.

The hub gives it back with the next poll. It is encrypted under the account's own secret and bound
to the question it answers, so that it opens for the same credentials, marketplaces, filters and
cursor only, on any host and after any restart.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from os import urandom

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from amazon_endpoint.errors import InvalidInput
from amazon_endpoint.services.window import Window

FIELD = "amazon.resume"
_PREFIX = "w1."
_NONCE_BYTES = 12
_LONGEST = 1024 * 1024


def seal(window: Window, *, secret: bytes, binding: bytes) -> str:
    """`window` as an opaque text that only `unseal` with the same secret and binding opens."""
    nonce = urandom(_NONCE_BYTES)
    plain = zlib.compress(msgspec.json.encode(window))
    sealed = nonce + AESGCM(_key(secret)).encrypt(nonce, plain, binding)
    return _PREFIX + urlsafe_b64encode(sealed).decode()


def unseal(text: str, *, secret: bytes, binding: bytes) -> Window:
    """The window that `seal` made `text` of.

    Raises:
        InvalidInput: it was changed, or belongs to other credentials, marketplaces, filters or
            another cursor.
    """
    try:
        if not text.startswith(_PREFIX) or len(text) > _LONGEST:
            raise ValueError
        sealed = urlsafe_b64decode(text.removeprefix(_PREFIX).encode("ascii"))
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        plain = zlib.decompress(AESGCM(_key(secret)).decrypt(nonce, body, binding))
        return msgspec.json.decode(plain, type=Window)
    except (ValueError, InvalidTag, zlib.error, msgspec.MsgspecError) as wrong:
        raise InvalidInput(
            "This is not the unfinished window that we gave for these credentials, marketplaces, "
            "filters and cursor. It is dropped: the next poll starts the window again from "
            "amazon.last_updated_after.",
            field=FIELD,
        ) from wrong


def _key(secret: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"amazon.resume").derive(secret)

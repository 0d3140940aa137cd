"""Encryption at rest: who has the database but not the key can neither read nor move a value.

A sealed value is ``version | key id | nonce | AES-256-GCM text``. Its table and its row's identity
are authenticated with it, so that it opens nowhere else.
"""

import base64
import hmac
import os
import re
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from amazon_endpoint.errors import EndpointError, StaysSealed
from amazon_endpoint.location import Location
from amazon_endpoint.settings import PREFIX

SETTING = f"{PREFIX}KEY"

_KEY_BYTES = 32
_VERSION = b"\x01"
_ID_BYTES, _NONCE_BYTES, _TAG_BYTES = 8, 12, 16
#: The version and the key id, in bytes.
HEADER_BYTES = len(_VERSION) + _ID_BYTES

_MAKE_ONE = "`openssl rand -base64 32` makes one"


class KeyUnusable(EndpointError):
    """The encryption key can't be used."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field=SETTING)


class KeyMissing(StaysSealed):
    """What is stored was sealed with a key that isn't given."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field=SETTING)


class Damaged(StaysSealed):
    """What is stored is not what was sealed. Restore the database from its backup."""


class _Key:
    """One key, and what is derived from it: no key serves two purposes."""

    def __init__(self, secret: bytes) -> None:
        self.id = _derive(secret, b"id", _ID_BYTES)
        self.cipher = AESGCM(_derive(secret, b"seal", _KEY_BYTES))
        self.digest_key = _derive(secret, b"digest", _KEY_BYTES)


class Keyring:
    """The keys: the first one seals, all of them open."""

    def __init__(self, keys: Iterable[bytes], *, source: str = SETTING) -> None:
        """Take keys of 32 bytes each. `source` is where people find them, for messages.

        Without keys nothing can be sealed or opened, and both say what is missing.
        """
        self._keys = {key.id: key for key in map(_Key, keys)}
        self._source = source

    def __repr__(self) -> str:
        return f"Keyring({', '.join(key_id.hex() for key_id in self._keys)})"

    @property
    def header(self) -> bytes:
        """How every value begins that the first key sealed.

        Raises:
            KeyMissing: there is no key.
        """
        return _VERSION + self._first().id

    def seal(self, plain: bytes, *, table: str, row: str) -> bytes:
        """Encrypt a value for this row of this table, with the first key.

        Raises:
            KeyMissing: there is no key.
        """
        key, header = self._first(), self.header
        nonce = os.urandom(_NONCE_BYTES)
        return header + nonce + key.cipher.encrypt(nonce, plain, _join(header, table, row))

    def open(self, sealed: bytes, *, table: str, row: str) -> bytes:
        """Decrypt what `seal` gave for the same row.

        Raises:
            KeyMissing: it was sealed with a key that isn't given; its id is named.
            Damaged: it was changed, or belongs to another row.
        """
        header, rest = sealed[:HEADER_BYTES], sealed[HEADER_BYTES:]
        if not header.startswith(_VERSION) or len(rest) < _NONCE_BYTES + _TAG_BYTES:
            raise _damaged(table, row)
        key = self._named(header.removeprefix(_VERSION), f"{table} {row} was sealed with")
        nonce, text = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            return key.cipher.decrypt(nonce, text, _join(header, table, row))
        except InvalidTag:
            raise _damaged(table, row) from None

    def digest(self, *parts: bytes, purpose: str) -> str:
        """A keyed HMAC-SHA256 that tells contents apart and reveals nothing: ``key id:hex``.

        It is made with the first key, so compare it with `matches`, which knows which one that was.

        Raises:
            KeyMissing: there is no key.
        """
        return _digest(self._first(), parts, purpose)

    def matches(self, digest: str, *parts: bytes, purpose: str) -> bool:
        """Whether `digest` was made of exactly these parts for this purpose.

        Raises:
            KeyMissing: it was made with a key that isn't given.
        """
        key = self._named(bytes.fromhex(digest.partition(":")[0]), "A digest was made with")
        return hmac.compare_digest(digest, _digest(key, parts, purpose))

    def _first(self) -> _Key:
        try:
            return next(iter(self._keys.values()))
        except StopIteration:
            raise KeyMissing(
                f"{self._source} is gone, and what is stored was sealed with it. Restore it from "
                f"its backup, or give its content in {SETTING}."
            ) from None

    def _named(self, key_id: bytes, what: str) -> _Key:
        # Where there is none at all, that is what has to be told.
        self._first()
        try:
            return self._keys[key_id]
        except KeyError:
            raise KeyMissing(
                f"{what} key {key_id.hex()}, which is not in {self._source}. Add that key after "
                "the first one, separated by a comma. If it is lost, remove the account with "
                "`amazon-endpoint accounts remove`, and add it again."
            ) from None


def open_keyring(given: str | None, location: Location, *, may_create: bool) -> Keyring:
    """The keys that the operator gave, else those of the file beside SQLite's.

    That file is created where `may_create` says that nothing was sealed yet; else its absence
    leaves the keyring empty.

    Raises:
        KeyUnusable: a key has another form, others may read the file, or PostgreSQL has no key.
    """
    if given is not None:
        return Keyring(_read(given, SETTING))
    if location.path is None:
        raise KeyUnusable(
            f"PostgreSQL needs a key to keep secrets and buyers' data with. {_MAKE_ONE}; give all "
            "workers the same, and keep it apart from the database's backup."
        )
    path = key_file(location.path)
    try:
        if may_create and not path.exists():
            _create(path)
        return Keyring(_read_file(path), source=str(path))
    except FileNotFoundError:
        return Keyring((), source=str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise KeyUnusable(f"{path} can't be read or written: {reason}.") from error


def key_file(database: Path) -> Path:
    """The file of SQLite's key, beside its own."""
    return database.with_name(f"{database.name}.key")


def _create(path: Path) -> None:
    # Whole or not at all, and on the disk before anything is that was sealed with it.
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_file(path: Path) -> Sequence[bytes]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyUnusable(
            f"Others than its owner may use {path} (mode {mode:04o}). `chmod 600 {path}` mends it."
        )
    return _read(path.read_text(encoding="ascii"), str(path))


def _read(text: str, source: str) -> Sequence[bytes]:
    # A key that can't be read is quoted nowhere: it may be one with a letter missing.
    keys = []
    for number, word in enumerate(filter(None, re.split(r"[,\s]+", text)), 1):
        try:
            key = base64.b64decode(word, validate=True)
        except ValueError:
            key = b""
        if len(key) != _KEY_BYTES:
            raise KeyUnusable(f"Key {number} of {source} is not 32 bytes in base64; {_MAKE_ONE}.")
        keys.append(key)
    if not keys:
        raise KeyUnusable(f"{source} holds no key; {_MAKE_ONE}.")
    return keys


def _derive(secret: bytes, purpose: bytes, length: int) -> bytes:
    return HKDFExpand(SHA256(), length, b"amazon-endpoint " + purpose).derive(secret)


def _digest(key: _Key, parts: Iterable[bytes], purpose: str) -> str:
    told = hmac.digest(key.digest_key, _join(purpose, *parts), "sha256")
    return f"{key.id.hex()}:{told.hex()}"


def _join(*parts: bytes | str) -> bytes:
    """The parts, so that no others give the same: each is led by its length."""
    encoded = (part.encode() if isinstance(part, str) else part for part in parts)
    return b"".join(len(part).to_bytes(8) + part for part in encoded)


def _damaged(table: str, row: str) -> Damaged:
    return Damaged(
        f"{table} {row} is not what was sealed there: it was changed, or moved from another row. "
        "Restore the database from its backup."
    )

"""Sealed values open with the right key in the right row, and nowhere else."""

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_endpoint.location import Location, locate
from amazon_endpoint.storage.encryption import (
    SETTING,
    Damaged,
    KeyMissing,
    Keyring,
    KeyUnusable,
    open_keyring,
)

OLD, NEW = b"o" * 32, b"n" * 32
PLACE = {"table": "accounts", "row": "shop-eu"}
SECRET = b"canary-8c1f"
POSTGRESQL = locate("postgresql://shop:hunter2@db/orders")


def written(*keys: bytes) -> str:
    return ",".join(base64.b64encode(key).decode() for key in keys)


def key_id(keyring: Keyring) -> str:
    return keyring.header[1:].hex()


@pytest.fixture
def sqlite(tmp_path: Path) -> Location:
    return locate(str(tmp_path / "endpoint.db"))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "endpoint.db.key"


@given(st.binary(max_size=2000), st.text(max_size=40), st.text(max_size=40))
def test_what_was_sealed_opens_again(plain: bytes, table: str, row: str) -> None:
    keyring = Keyring([OLD])
    assert keyring.open(keyring.seal(plain, table=table, row=row), table=table, row=row) == plain


def test_a_sealed_value_shows_nothing_and_never_looks_the_same() -> None:
    keyring = Keyring([OLD])
    one, other = (keyring.seal(SECRET, **PLACE) for _ in range(2))
    assert one != other
    assert SECRET not in one + other


@pytest.mark.parametrize(
    ("table", "row"),
    [("accounts", "shop-us"), ("orders", "shop-eu"), ("account", "sshop-eu"), ("", "")],
)
def test_a_value_that_was_moved_does_not_open(table: str, row: str) -> None:
    keyring = Keyring([OLD])
    with pytest.raises(Damaged, match="moved"):
        keyring.open(keyring.seal(SECRET, **PLACE), table=table, row=row)


@given(st.data())
def test_a_value_that_was_changed_does_not_open(data: st.DataObject) -> None:
    keyring = Keyring([OLD])
    sealed = bytearray(keyring.seal(SECRET, **PLACE))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises((Damaged, KeyMissing)):
        keyring.open(bytes(sealed), **PLACE)


@given(st.data())
def test_a_value_that_was_cut_does_not_open(data: st.DataObject) -> None:
    keyring = Keyring([OLD])
    sealed = keyring.seal(SECRET, **PLACE)
    with pytest.raises(Damaged, match=r"accounts shop-eu .* backup"):
        keyring.open(sealed[: data.draw(st.integers(0, len(sealed) - 1))], **PLACE)


def test_the_first_key_seals_and_all_open() -> None:
    rotating = Keyring([NEW, OLD])
    assert rotating.open(Keyring([OLD]).seal(SECRET, **PLACE), **PLACE) == SECRET
    assert Keyring([NEW]).open(rotating.seal(SECRET, **PLACE), **PLACE) == SECRET


def test_a_missing_key_is_named_with_what_to_do() -> None:
    old = Keyring([OLD])
    with pytest.raises(KeyMissing) as missing:
        Keyring([NEW]).open(old.seal(SECRET, **PLACE), **PLACE)
    told = str(missing.value)
    assert told.startswith(f"{SETTING}: accounts shop-eu was sealed with key {key_id(old)}")
    assert "Add that key" in told
    assert "accounts remove" in told


def test_a_digest_tells_contents_parts_and_purposes_apart() -> None:
    keyring = Keyring([OLD])
    digests = {
        keyring.digest(b"ab", b"c", purpose="content"),
        keyring.digest(b"a", b"bc", purpose="content"),
        keyring.digest(b"abc", purpose="content"),
        keyring.digest(b"ab", b"c", purpose="personal"),
        Keyring([NEW]).digest(b"ab", b"c", purpose="content"),
    }
    assert len(digests) == 5
    assert keyring.digest(b"ab", b"c", purpose="content") in digests


def test_a_digest_still_matches_after_another_key_came_first() -> None:
    digest = Keyring([OLD]).digest(b"an order", purpose="content")
    rotated = Keyring([NEW, OLD])
    assert rotated.matches(digest, b"an order", purpose="content")
    assert not rotated.matches(digest, b"another order", purpose="content")
    assert not rotated.matches(digest, b"an order", purpose="personal")
    with pytest.raises(KeyMissing, match=key_id(Keyring([OLD]))):
        Keyring([NEW]).matches(digest, b"an order", purpose="content")


def test_a_keyring_shows_ids_and_no_key() -> None:
    shown = repr(Keyring([OLD, NEW]))
    assert shown == f"Keyring({key_id(Keyring([OLD]))}, {key_id(Keyring([NEW]))})"


def test_given_keys_are_taken_in_their_order(sqlite: Location, key_file: Path) -> None:
    keyring = open_keyring(f" {written(NEW)},\n{written(OLD)}\n", sqlite, may_create=True)
    assert keyring.header == Keyring([NEW]).header
    assert keyring.open(Keyring([OLD]).seal(SECRET, **PLACE), **PLACE) == SECRET
    assert not key_file.exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("canary", "Key 1"),
        (written(OLD, b"canary" * 5), "Key 2"),
        (written(OLD) + written(NEW), "Key 1"),
        (written(OLD).replace("=", ""), "Key 1"),
        (" , ", "no key"),
    ],
)
def test_a_key_of_another_form_is_refused_and_not_quoted(given: str, told: str) -> None:
    with pytest.raises(KeyUnusable) as refused:
        open_keyring(given, POSTGRESQL, may_create=True)
    assert told in str(refused.value)
    assert "openssl rand -base64 32" in str(refused.value)
    assert not any(word in str(refused.value) for word in given.strip(" ,").split(",") if word)


def test_postgresql_needs_a_key() -> None:
    with pytest.raises(KeyUnusable, match=rf"^{SETTING}: PostgreSQL needs a key"):
        open_keyring(None, POSTGRESQL, may_create=True)
    assert open_keyring(written(OLD), POSTGRESQL, may_create=False)


def test_sqlite_has_a_key_beside_it_for_its_owner_alone(sqlite: Location, key_file: Path) -> None:
    first = open_keyring(None, sqlite, may_create=True)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    again = open_keyring(None, sqlite, may_create=True)
    assert again.open(first.seal(SECRET, **PLACE), **PLACE) == SECRET
    assert [file.name for file in key_file.parent.iterdir()] == [key_file.name]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_key_file_that_others_may_use_is_refused(
    sqlite: Location, key_file: Path, mode: int
) -> None:
    open_keyring(None, sqlite, may_create=True)
    key_file.chmod(mode)
    with pytest.raises(KeyUnusable, match=rf"mode {mode:04o}.*chmod 600 {key_file}"):
        open_keyring(None, sqlite, may_create=True)


def test_a_key_file_may_hold_several(sqlite: Location, key_file: Path) -> None:
    key_file.touch(mode=0o600)
    key_file.write_text(f"{written(NEW)}\n{written(OLD)}\n")
    keyring = open_keyring(None, sqlite, may_create=False)
    assert repr(keyring) == repr(Keyring([NEW, OLD]))


@pytest.mark.parametrize("content", [b"", b"not a key\n", b"\xff\xfe"])
def test_a_key_file_without_a_key_is_refused(
    sqlite: Location, key_file: Path, content: bytes
) -> None:
    key_file.touch(mode=0o600)
    key_file.write_bytes(content)
    with pytest.raises(KeyUnusable, match=str(key_file)):
        open_keyring(None, sqlite, may_create=True)


def test_a_lost_key_file_is_not_made_anew_where_something_was_sealed(
    sqlite: Location, key_file: Path
) -> None:
    sealed = open_keyring(None, sqlite, may_create=True).seal(SECRET, **PLACE)
    key_file.unlink()

    without = open_keyring(None, sqlite, may_create=False)
    with pytest.raises(KeyMissing, match=str(key_file)):
        without.open(sealed, **PLACE)
    with pytest.raises(KeyMissing, match=rf"{key_file} is gone.*{SETTING}"):
        without.seal(SECRET, **PLACE)
    assert not key_file.exists()


def test_a_draft_that_a_crash_left_is_no_hindrance(sqlite: Location, key_file: Path) -> None:
    key_file.with_name("endpoint.db.key.new").write_bytes(b"half a k")
    assert open_keyring(None, sqlite, may_create=True).header

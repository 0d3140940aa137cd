"""XML is read with care: what is hostile, cut off or another format is refused, unquoted."""

import pytest

from amazon_endpoint.amazon.xml import child, children, local_name, named, read_xml, text
from amazon_endpoint.errors import Unreadable

ORDER = '<a xmlns="urn:x"><b><c> 1\n</c><c>2</c></b><b><c>3</c></b><d/></a>'


def test_elements_are_found_whatever_their_namespace() -> None:
    root = read_xml(ORDER.encode(), "It")

    assert local_name(root) == "a"
    assert [text(one) for one in children(root, "b", "c")] == ["1", "2", "3"]
    assert text(root, "b", "c") == "1"
    assert len(list(named(root, "c"))) == 3


def test_what_is_missing_or_blank_is_none() -> None:
    root = read_xml(ORDER.encode(), "It")

    assert (text(root, "d"), text(root, "e"), text(root, "e", "c")) == (None, None, None)
    assert child(None, "b") is None


def test_a_comment_does_not_cut_a_text() -> None:
    assert text(read_xml(b"<a>4<!-- no -->2</a>", "It")) == "42"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<a>ü</a>".encode("latin-1"), "text/xml; charset=ISO-8859-1"),
        ('<?xml version="1.0" encoding="windows-1252"?><a>ü</a>'.encode("cp1252"), None),
        ("<a>ü</a>".encode("utf-16"), None),
        ("\ufeff<a>ü</a>".encode(), "text/xml"),
    ],
)
def test_the_charset_is_declared_sent_or_marked(body: bytes, content_type: str | None) -> None:
    assert text(read_xml(body, "It", content_type)) == "ü"


@pytest.mark.parametrize(
    "letter", ["&#11;", "&#x2;", "&#0;", "&#xD800;", "&#xFFFF;", "&#99999999;", "\x0b", "\x00"]
)
def test_a_character_that_xml_forbids_costs_no_more_than_itself(letter: str) -> None:
    body = f"<a>Tea{letter}pot &#252;&#x1F375;</a>"

    assert text(read_xml(body.encode(), "It")) == "Tea\ufffdpot ü\U0001f375"


def test_what_is_nested_too_deeply_is_unreadable_and_says_so() -> None:
    assert text(read_xml(nested(256), "It")) == "canary"

    for depth in (257, 100_000):
        with pytest.raises(Unreadable, match="nested too deeply") as told:
            read_xml(nested(depth), "It")
        assert "canary" not in f"{told.value!r} {told.value.__context__!r}"


def nested(depth: int) -> bytes:
    return b"<a>" * depth + b"canary" + b"</a>" * depth


BOMB = "".join(f'<!ENTITY e{depth} "{f"&e{depth - 1};" * 10}">' for depth in range(1, 12))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param("<a><canary>", id="cut off"),
        pytest.param("<a>canary & canary</a>", id="no XML"),
        pytest.param("<a>&canary;</a>", id="an entity that nobody declared"),
        pytest.param("<html><body>canary<br></body></html>", id="HTML"),
        pytest.param('{"orders": "canary"}', id="JSON"),
        pytest.param("<!DOCTYPE a><a>canary</a>", id="a DOCTYPE"),
        pytest.param('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', id="an external DTD"),
        pytest.param(
            '<!DOCTYPE a [<!ENTITY canary SYSTEM "file:///etc/hostname">]><a>&canary;</a>',
            id="an external entity",
        ),
        pytest.param(f'<!DOCTYPE a [<!ENTITY e0 "canary">{BOMB}]><a>&e11;</a>', id="a bomb"),
    ],
)
def test_anything_else_is_unreadable(body: str) -> None:
    with pytest.raises(Unreadable, match=r"^It ") as told:
        read_xml(body.encode(), "It")

    assert "canary" not in f"{told.value!r} {told.value.__context__!r} {told.value.__cause__!r}"

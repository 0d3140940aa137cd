"""Documents that were valid, and are so no more: one place of them is odd, or a few.

JSON is written by hand here, since what is to be tried no library writes: `NaN`, lone surrogates,
keys that come twice, numbers beyond every type.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st
from lxml import etree

_DEEP, _LONG = 2_000, 70_000

# Each stands where a value was.
_ODD_JSON = (
    *("null", "true", "-1", "0", "-0", "1.5", "1e3", "1e999", "-1e999", "1e-999", "1e99999999999"),
    *("9223372036854775808", "18446744073709551616", "9" * 400, "9" * 5_000, "0." + "9" * 5_000),
    *("NaN", "Infinity", "-Infinity", "01", "+1", "0x1", "1_000", '"NaN"', '"1e999"', '"-0"'),
    *('"Infinity"', '"1_000"', '"\uff11\uff10"', f'"{"9" * 400}"', '"0.00000000000000000001"'),
    *('""', '" "', r'"\u0000"', r'"a\u0000b"', r'"\ud800"', r'"\udc00\ud800"', r'"\ufffe"'),
    *('"\u202e"', '"\u2028"', '"\x00"', '"\n"', '"\\x"', f'"{"x" * _LONG}"', f'"{"é" * _LONG}"'),
    *("[]", "{}", "[null]", "[[]]", '{"":null}', "[" * _DEEP + "]" * _DEEP, "[" * _DEEP, "]", ","),
    *('{"a":' * _DEEP + "1" + "}" * _DEEP, '"', "'text'", "undefined", "", '"\ud800"'),
    *('"0001-01-01T00:00:00+23:59"', '"9999-12-31T23:59:59.999999-23:59"', '"2026-02-30T00:00Z"'),
    *('"2026-11-01T00:00:00"', '"2026-11-01T00:00:00+99:99"', '"2026-W45-1T00:00Z"', '"20261101"'),
    *('"2026-11-01T00:00:60Z"', '"2026-11-01T24:00:00Z"', '"2026-11-01T00:00:00.1234567890123Z"'),
    *('"Sun, 01 Nov 2026 12:00:00 +99999999999999999999"', '"Sun, 01 Nov 0001 12:00:00 +2359"'),
    *('"Sun, 01 Nov 99999999999999999999 12:00:00 GMT"', '"~nobody-of-this-name/x"'),
    *('"http://127.0.0.1:9/' + "x" * _LONG + '"', '"http://[::1]:9/"', '"http://127.0.0.1:99999/"'),
)

# Each stands where a text was. What begins with "&" or "<" is markup.
_ODD_TEXTS = (
    *("", " ", "-1", "0", "1.5", "1e999", "NaN", "Infinity", "1_000", "9" * 400, "9" * 5_000),
    *("\uff11\uff10", "\x00", "\x01", "\x0b", "\ufffe", "\ufffd", "\u202e", "x" * _LONG, "true"),
    *("&lol;", "&#0;", "&#xD800;", "&#x110000;", "&#9999999999;", "&#-1;", "&", "<", "</x>", "]]>"),
    *("<![CDATA[x]]>", "<![CDATA[", "<!-- x -->", "<!--", "<?x y?>", "<a/>", "<a>", "<a:b/>"),
    *("<a>" * 300 + "</a>" * 300, "<a>" * 20_000 + "</a>" * 20_000, '<a xmlns:b="c" b:d="e"/>'),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59", "2026-02-30T00:00:00Z"),
    *("2026-11-01T00:00:00", "2026-11-01T00%3A00%3A00Z", "%00", "%FF", "2026-11-01T00:00:60Z"),
    "Sun Nov 01 13:00:00 UTC 99999999999999999999",
)

_BOMB = (
    '<!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1 or str()};" * 10}">' for n in range(1, 10))
    + "]>"
)
_OUTSIDE = '<!DOCTYPE x [<!ENTITY lol SYSTEM "file:///etc/hostname">]>'
_ODD_BEGINNINGS = (
    *(_BOMB, _OUTSIDE, "<!DOCTYPE x>", "\ufeff", "\x00", "x", "<", "<?xml version='1.1'?>"),
    '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    *(
        f'<?xml version="1.0" encoding="{charset}"?>'
        for charset in (
            *(
                "utf-16",
                "utf-7",
                "utf-32",
                "cp932",
                "shift_jis",
                "idna",
                "punycode",
                "rot13",
                "hex",
            ),
            *("zlib", "bz2", "base64", "uu", "undefined", "unicode_escape", "raw_unicode_escape"),
            *("mbcs", "none", "..", "os", "iso2022_jp", "hz", "utf-8-sig", "charmap", "x" * 1_000),
        )
    ),
)


class Odd(str):
    """A piece of JSON that is written as it stands."""

    __slots__ = ()


class Twice(dict[str, Any]):
    """An object whose last key comes again, with another value."""


def _written(value: Any) -> str:
    if isinstance(value, Odd):
        return value
    if isinstance(value, dict):
        pairs = [f"{json.dumps(key)}:{_written(one)}" for key, one in value.items()]
        again = [f"{json.dumps(next(reversed(value)))}:null"] if isinstance(value, Twice) else []
        return "{" + ",".join(pairs + again) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place within, as a container and a key or an index of it."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inside:
        yield value, key
        if isinstance(one, dict | list):
            yield from _places(one)


def _put(container: Any, key: Any, value: Any) -> None:
    container[key] = value


def _rename(container: Any, key: Any, name: str) -> None:
    if isinstance(container, dict):
        container[name] = container.pop(key)


def _take_out(container: Any, key: Any) -> None:
    del container[key]


def _repeat(container: Any, key: Any) -> None:
    if isinstance(container[key], dict) and container[key]:
        container[key] = Twice(container[key])
    elif isinstance(container, list):
        container.append(container[key])


@st.composite
def mutated_json(draw: st.DrawFn, documents: Sequence[bytes]) -> bytes:
    """One of the documents with one to three places changed."""
    document = {"": json.loads(draw(st.sampled_from(documents)))}
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(list(_places(document))))
        _change_json(draw, container, key)
        if "" not in document:
            return b""
    return _written(document[""]).encode("utf-8", "surrogatepass")


def _change_json(draw: st.DrawFn, container: Any, key: Any) -> None:
    changes: tuple[Callable[[], None], ...] = (
        lambda: _put(container, key, Odd(draw(st.sampled_from(_ODD_JSON)))),
        lambda: _put(container, key, Odd(draw(st.sampled_from(_ODD_JSON)))),
        lambda: _put(container, key, draw(json_values)),
        lambda: _take_out(container, key),
        lambda: _repeat(container, key),
        lambda: _rename(container, key, draw(st.text(max_size=5))),
    )
    draw(st.sampled_from(changes))()


@st.composite
def mutated_xml(draw: st.DrawFn, documents: Sequence[bytes]) -> bytes:
    """One of the documents with one to three elements changed, and perhaps another beginning."""
    root = etree.fromstring(draw(st.sampled_from(documents)))
    odd: list[str] = []
    for _ in range(draw(st.integers(0, 3))):
        element = draw(st.sampled_from(list(root.iter())))
        match draw(st.sampled_from(("text", "text", "empty", "drop", "repeat", "rename", "cut"))):
            case "text":
                element.text = f"ODD-{len(odd)}-"
                odd.append(draw(st.sampled_from(_ODD_TEXTS) | st.text(max_size=10)))
            case "empty":
                element.clear()
            case "drop" if (parent := element.getparent()) is not None:
                parent.remove(element)
            case "repeat" if (parent := element.getparent()) is not None:
                parent.append(etree.fromstring(etree.tostring(element, with_tail=False)))
            case "rename":
                element.tag = draw(st.sampled_from(("Order", "Error", "x", "{urn:x}Amount")))
            case "cut":
                odd.append("<a")
                element.tail = f"ODD-{len(odd) - 1}-"
    text = etree.tostring(root, encoding="unicode", with_tail=False)
    for number, one in enumerate(odd):
        text = text.replace(f"ODD-{number}-", one)
    beginning = draw(st.just("") | st.sampled_from(_ODD_BEGINNINGS))
    return f"{beginning}{text}".encode("utf-8", "surrogatepass")


def _cut(bodies: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """A part of them, as of a connection that broke."""
    return st.builds(
        lambda body, share: body[: len(body) * share // 100], bodies, st.integers(0, 99)
    )


_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(_ODD_JSON).map(Odd),
)
json_values: st.SearchStrategy[Any] = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def bodies(documents: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Anything: bytes, JSON, and mostly documents of this kind that something is wrong with."""
    mutate = mutated_xml if documents[0].startswith(b"<") else mutated_json
    mutated = mutate(documents)
    arbitrary = json_values.map(lambda value: _written(value).encode("utf-8", "surrogatepass"))
    return st.one_of(mutated, mutated, mutated, _cut(mutated), arbitrary, st.binary(max_size=200))

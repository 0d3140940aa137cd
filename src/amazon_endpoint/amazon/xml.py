"""XML from Amazon, read with care: no DOCTYPE, no entities of its own, no network, bounded.

Elements are found by their local names: Amazon's namespaces tell versions, not meanings.
"""

import codecs
import re
import sys
from collections.abc import Iterator

from lxml import etree

from amazon_endpoint.errors import Unreadable

_DECLARED_CHARSET = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)""")
# Sellers paste them into titles, and Amazon passes them on, as they are or as references.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile("&#(?:([0-9]{1,9})|x([0-9A-Fa-f]{1,8}));")
_SENT_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)

# IANA's name for what Python calls otherwise; Amazon's Japanese documents come in it.
_PYTHON_CHARSETS = {"windows-31j": "cp932"}


def read_xml(body: bytes, what: str, content_type: str | None = None) -> etree._Element:
    """The root of a document, which errors call `what`.

    Read in the charset that the document declares, else in that of `content_type`; characters that
    XML forbids are read as U+FFFD.

    Raises:
        Unreadable: it is empty, cut off, nested deeper than 256 elements, no XML, or has a
            DOCTYPE. Nothing of it is quoted.
    """
    # The encoding is settled before: what the declaration says no longer holds for the parser.
    parser = etree.XMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(_permitted(_decoded(body, content_type)).encode(), parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:  # raised out here, since the parser's own error may quote the document
        raise Unreadable(f"{what} is empty, cut off, nested too deeply or no XML.")
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable(f"{what} has a DOCTYPE, which is never read.")
    return root


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def named(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """Every element of that name within `root`, in whatever namespace."""
    return (element for element in root.iter() if local_name(element) == name)


def children(parent: etree._Element | None, *path: str) -> list[etree._Element]:
    """The elements at the end of `path`, which names a child, its child, and so on."""
    found = [] if parent is None else [parent]
    for name in path:
        found = [child for one in found for child in one if local_name(child) == name]
    return found


def child(parent: etree._Element | None, *path: str) -> etree._Element | None:
    """The first element at the end of `path`."""
    return next(iter(children(parent, *path)), None)


def text(parent: etree._Element | None, *path: str) -> str | None:
    """The text of the first element at the end of `path`, trimmed; None if there is none."""
    found = child(parent, *path)
    return None if found is None else "".join(map(str, found.itertext())).strip() or None


def _permitted(document: str) -> str:
    """The document with U+FFFD for each character that XML 1.0 forbids (section 2.2)."""
    return _REFERENCE.sub(_permitted_reference, _FORBIDDEN.sub("\ufffd", document))


def _permitted_reference(reference: re.Match[str]) -> str:
    code = int(reference[1]) if reference[1] else int(reference[2], 16)
    allowed = code <= sys.maxunicode and not _FORBIDDEN.match(chr(code))
    return reference[0] if allowed else "\ufffd"


def _decoded(body: bytes, content_type: str | None) -> str:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        charset = "utf-16"
    elif declared := _DECLARED_CHARSET.match(body):
        charset = declared[1].decode("ascii")
    else:
        sent = _SENT_CHARSET.search(content_type or "")
        charset = sent[1] if sent else "utf-8"
    try:
        # A broken letter in a description is no reason to lose the whole document.
        decoded = body.decode(_PYTHON_CHARSETS.get(charset.lower(), charset), errors="replace")
    except (LookupError, UnicodeError):
        decoded = body.decode("utf-8", errors="replace")
    return decoded.removeprefix("\ufeff")

"""How Marketplace Web Service answers: XML of one namespace, and refusals as `ErrorResponse`."""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any, cast

from lxml import etree

#: An element's content by child name: text, children, or a list of repeated children.
Tree = dict[str, Any]

#: What XML cannot hold comes as U+FFFD ("Response format" of the developer guide).
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class MwsRefusal(Exception):
    """An `ErrorResponse`; the sender is to blame for 4xx, the receiver for the rest."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def content(self, request_id: str) -> Tree:
        """Return what stands in the ErrorResponse."""
        blame = "Receiver" if self.status == 500 else "Sender"
        error: Tree = {"Type": blame, "Code": self.code, "Message": self.message, "Detail": ""}
        return {"Error": error, "RequestID": request_id}


def invalid_value(message: str) -> MwsRefusal:
    """Refuse a parameter's value."""
    return MwsRefusal(400, "InvalidParameterValue", message)


def missing(name: str) -> MwsRefusal:
    """Refuse a request for lack of a parameter."""
    message = f"The request must contain the parameter {name}."
    return MwsRefusal(400, "MissingParameter", message)


def md5(content: bytes) -> str:
    """Return what `Content-MD5` says of a content."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def document(name: str, namespace: str, content: Tree) -> bytes:
    """Write a document; children that are None are left out."""
    default = cast("dict[str, str]", {None: namespace})
    root = etree.Element(f"{{{namespace}}}{name}", nsmap=default)
    _fill(root, namespace, content)
    return b'<?xml version="1.0"?>\n' + etree.tostring(root, encoding="utf-8", pretty_print=True)


def _fill(parent: etree._Element, namespace: str, content: Tree) -> None:
    for name, value in content.items():
        if value is None:
            continue
        for one in value if isinstance(value, list) else [value]:
            child = etree.SubElement(parent, f"{{{namespace}}}{name}")
            if isinstance(one, str):
                child.text = _FORBIDDEN.sub("\ufffd", one)
            else:
                _fill(child, namespace, one)

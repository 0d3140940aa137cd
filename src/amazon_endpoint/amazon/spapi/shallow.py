"""Shallow: JSON cut to a depth that can be read.

Amazon's answers are a dozen levels deep. One value that goes deeper than the decoder can follow
must not take the rest of its page with it.
"""

import re

_DEEPEST = 100

_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


def shallow(body: bytes) -> bytes:
    """`body` with null for whatever lies deeper than a hundred levels."""
    kept = bytearray()
    depth = start = 0
    for token in _STRING_OR_BRACKET.finditer(body):
        if token[0] in {b"[", b"{"}:
            depth += 1
            if depth == _DEEPEST + 1:
                kept += body[start : token.start()] + b"null"
        elif token[0] in {b"]", b"}"}:
            if depth == _DEEPEST + 1:
                start = token.end()
            depth -= 1
    return bytes(kept + body[start:])

"""The document store behind the Feeds API: content behind addresses that expire."""

import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import uuid4

from msgspec import Struct

#: Addresses live five minutes (Feeds API: createFeedDocument, getFeedDocument).
_ADDRESS_LIFE = timedelta(minutes=5)
#: A document that no feed uses is thrown away after two days (Amazon's feeds guide).
UNUSED_LIFE = timedelta(days=2)
_SEAL = b"the local Amazon seals its addresses with this"


class Document(Struct, kw_only=True):
    """Content on its way to or from Amazon."""

    document_id: str
    #: None belongs to every seller.
    seller: str | None
    content_type: str
    created: datetime
    content: bytes | None = None
    compressed: bool = False
    used: bool = False


class Misuse(Exception):
    """A request that the store refuses, in its own words and not the API's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        #: The error document that such stores send.
        self.page = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"


class DocumentStore:
    """Keeps documents and gives them addresses."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}

    def add(self, document: Document) -> None:
        """Keep a document."""
        self._documents[document.document_id] = document

    def find(self, document_id: str, seller: str) -> Document | None:
        """Return a seller's document."""
        document = self._documents.get(document_id)
        if document is None or document.seller not in {None, seller}:
            return None
        return document

    def address(self, base: str, document: Document, verb: str, now: datetime, **extra: str) -> str:
        """Return where the document can be sent to or fetched from for five minutes."""
        expires = str(int((now + _ADDRESS_LIFE).timestamp()))
        signature = _sign(verb, document.document_id, expires, **extra)
        query = {"X-Amz-Expires": expires, **extra, "X-Amz-Signature": signature}
        return f"{base.rstrip('/')}/documents/{document.document_id}?{urlencode(query)}"

    def open(
        self, verb: str, document_id: str, query: dict[str, str], now: datetime, *, token: bool
    ) -> Document:
        """Return the document behind an address; Misuse says why not."""
        if token:
            raise Misuse(400, "InvalidArgument", "Only one auth mechanism allowed")
        given = dict(query)
        signature, expires = given.pop("X-Amz-Signature", ""), given.pop("X-Amz-Expires", "")
        document = self._documents.get(document_id)
        expected = _sign(verb, document_id, expires, **given)
        if document is None or not hmac.compare_digest(signature.encode(), expected.encode()):
            raise Misuse(403, "SignatureDoesNotMatch", "The request signature does not match")
        if now.timestamp() > float(expires):
            raise Misuse(403, "AccessDenied", "Request has expired")
        return document

    def upload(self, document: Document, content_type: str, content: bytes) -> None:
        """Take content, which must be of the type that was declared."""
        if content_type != document.content_type:
            raise Misuse(403, "SignatureDoesNotMatch", "The content type is not the declared one")
        document.content = content


def new_document_id() -> str:
    """Make up a document id in Amazon's style."""
    return f"amzn1.tortuga.4.na.{uuid4()}.T{uuid4().hex[:12].upper()}"


def _sign(verb: str, document_id: str, expires: str, **extra: str) -> str:
    signed = "\n".join((verb, document_id, expires, urlencode(sorted(extra.items()))))
    return hmac.new(_SEAL, signed.encode(), hashlib.sha256).hexdigest()

"""Refusals: what Amazon's error answers say, and until when a quota is used up."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

import msgspec

from amazon_endpoint.amazon.mws.fields import read_moment
from amazon_endpoint.amazon.xml import named, read_xml, text
from amazon_endpoint.errors import Unreadable
from amazon_endpoint.outbound import Answer

_QUOTA_EXCEEDED = "QuotaExceeded"
_THROTTLED = {"RequestThrottled", _QUOTA_EXCEEDED}

# Told with 400, and yet nothing is wrong with the request: it came too late, or not as a whole.
_TRANSIENT = {"RequestExpired", "InputStreamDisconnected"}

# The message tells the moment too, like Tue Nov 24 10:00:00 UTC 2026.
_RESET = re.compile(r"reset on (\w{3} \w{3} \d{1,2} [\d:]{8} UTC \d{4})", re.ASCII)


_REQUEST_ID = re.compile(rb"<RequestI[Dd]>\s*([A-Za-z0-9-]{1,100})\s*</RequestI[Dd]>")


class Refusal(msgspec.Struct, frozen=True):
    """An error answer: `code` is Amazon's, or empty where the answer is no error of MWS's.

    `said` are Amazon's own words. What came instead is not quoted: it may hold anything.
    """

    status: int
    code: str
    said: str

    @property
    def throttled(self) -> bool:
        """Whether a quota is used up; nothing happened then."""
        return self.code in _THROTTLED or self.status == 429

    @property
    def transient(self) -> bool:
        """Whether nothing happened, and the same request may succeed."""
        return self.code in _TRANSIENT


def read_refusal(answer: Answer) -> Refusal:
    """What an answer that is not a success says."""
    try:
        root = read_xml(answer.body, "Amazon's error")
    except Unreadable:
        root = None
    error = next(named(root, "Error"), None) if root is not None else None
    code = text(error, "Code") if error is not None else None
    if code is None:
        return Refusal(answer.status, "", "The answer is no error message of Amazon's.")
    words = (code, text(error, "Message") or "", text(error, "Detail") or "")
    return Refusal(answer.status, code, " ".join(" ".join(words).split()))


def request_id(answer: Answer) -> str | None:
    """Amazon's request id, which its support asks for; the body ends with it too."""
    headers = answer.headers
    if told := headers.get("x-mws-request-id") or headers.get("x-amzn-requestid"):
        return told
    found = _REQUEST_ID.search(answer.body[-500:])
    return found[1].decode("ascii") if found else None


def used_up_until(answer: Answer, refusal: Refusal | None) -> datetime | None:
    """When the hourly quota begins anew, if the answer tells that nothing is left of it."""
    headers = answer.headers
    exceeded = refusal is not None and refusal.code == _QUOTA_EXCEEDED
    if not exceeded and not re.fullmatch(r"0+(\.0+)?", headers.get("x-mws-quota-remaining", "")):
        return None
    told = headers.get("x-mws-quota-resetson")
    if told is None and refusal is not None and (found := _RESET.search(refusal.said)):
        told = found[1]
    return _moment(told) if told else None


def _moment(told: str) -> datetime | None:
    for read in (read_moment, _read_long, parsedate_to_datetime):
        try:
            found = read(told)
        except (ValueError, OverflowError):
            continue
        if found.tzinfo is not None:
            return found
    return None


def _read_long(told: str) -> datetime:
    return datetime.strptime(told.replace(" UTC ", " +0000 "), "%a %b %d %H:%M:%S %z %Y")

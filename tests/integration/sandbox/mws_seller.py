"""A seller's application of the retired generation: signs with code of its own."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx2
from lxml import etree

from amazon_endpoint.sandbox.mws.signature import secret_for
from amazon_endpoint.sandbox.options import SandboxOptions
from amazon_endpoint.sandbox.testing import RunningSandbox, run_in_thread
from tests.integration.sandbox.seller import QUIET, text

ORDERS, FEEDS = "/Orders/2013-09-01", "/Feeds/2009-01-01"
US = {"MarketplaceId.Id.1": "ATVPDKIKX0DER"}
ACCESS_KEY = "AKIDLOCAL"


class MwsSeller:
    """Calls with a signature."""

    def __init__(
        self, sandbox: RunningSandbox, client: httpx2.Client, access_key: str = ACCESS_KEY
    ) -> None:
        self.sandbox = sandbox
        self.client = client
        self.access_key = access_key

    def signed(self, method: str, path: str, **wish: str) -> dict[str, str]:
        """The parameters of a call with those that every call needs; empty ones are left out."""
        parameters = {
            "AWSAccessKeyId": self.access_key,
            "SellerId": "A1SELLER",
            "SignatureMethod": "HmacSHA256",
            "SignatureVersion": "2",
            "Timestamp": text(self.sandbox.now()),
            "Version": path[-10:],
        } | wish
        parameters = {name: value for name, value in parameters.items() if value}
        pairs = sorted(
            (quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parameters.items()
        )
        query = "&".join(f"{name}={value}" for name, value in pairs)
        content = f"{method}\n{self.sandbox.host}\n{path}\n{query}".encode()
        key = secret_for(self.access_key).encode()
        signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return {"Signature": signature} | parameters

    def post(self, action: str, **wish: str) -> httpx2.Response:
        path = FEEDS if "Feed" in action else ORDERS
        return self.client.post(path, data=self.signed("POST", path, Action=action, **wish))

    def ask(self, action: str, **wish: str) -> etree._Element:
        """The result of a call, its namespace taken off."""
        answer = self.post(action, **wish)
        assert answer.status_code == 200, answer.text
        root = plain(answer.content)
        assert root.tag == f"{action}Response"
        assert root.findtext("ResponseMetadata/RequestId")
        result = root.find(f"{action}Result")
        assert result is not None
        return result

    def refused(self, action: str, **wish: str) -> tuple[int, str]:
        """The status and the code of a refusal."""
        return refusal(self.post(action, **wish))


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    root = plain(answer.content)
    assert root.tag == "ErrorResponse"
    assert root.findtext("RequestID") == answer.headers["x-mws-request-id"]
    return answer.status_code, root.findtext("Error/Code") or ""


def plain(content: bytes) -> etree._Element:
    root = etree.fromstring(content)
    for element in root.iter():
        element.tag = etree.QName(element).localname
    etree.cleanup_namespaces(root)
    return root


def texts(parent: etree._Element, path: str) -> list[Any]:
    return [element.text for element in parent.iterfind(path)]


@contextmanager
def selling(options: SandboxOptions = QUIET) -> Iterator[tuple[RunningSandbox, MwsSeller]]:
    with (
        run_in_thread(options) as sandbox,
        httpx2.Client(base_url=sandbox.url, headers={"user-agent": "Tests/1"}) as client,
    ):
        yield sandbox, MwsSeller(sandbox, client)

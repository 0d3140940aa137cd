"""A peer or our endpoint at work, in a process of its own: ``python reader.py WHO WARMING PAGE …``.

Prints, as JSON, the milliseconds of processor time in which a peer's client and the plainest
mapping, or our endpoint, made messages of all pages but the first, and how many messages.
"""

import gc
import importlib
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

plain = importlib.import_module("plain")  # beside this script

Reader = Callable[[bytes], int]
"""Makes the messages of a page, and tells how many."""


def amazon_endpoint() -> Reader:
    """What our endpoint does with an answer: all that there is between its two connections."""
    reply = importlib.import_module("benchmarks.reading").reply
    return lambda body: reply(body).count(b'{"message":"order:import",')


def python_amazon_sp_api() -> Reader:
    """What its client does with an answer: `parse_response`."""
    parse_response = importlib.import_module("sp_api.base._core").parse_response
    response = importlib.import_module("httpx").Response
    headers = {"content-type": "application/json"}

    def read(body: bytes) -> int:
        answer = parse_response(response(200, content=body, headers=headers), method="GET")
        return len([plain.from_dict(order) for order in answer.payload["orders"]])

    return read


def amzn_sp_api() -> Reader:
    """What its client does with an answer: `ApiClient.deserialize`."""
    spapi = importlib.import_module("spapi")
    configuration = spapi.Configuration()
    configuration.access_token_cache = None  # else it asks Amazon for a token
    client = spapi.ApiClient(configuration)
    client.api_models_module = "spapi.models.orders_v2026_01_01"

    class Response:
        def __init__(self, data: bytes) -> None:
            self.data = data

    def read(body: bytes) -> int:
        answer = client.deserialize(Response(body), "SearchOrdersResponse")
        return len([plain.from_object(order, type_name="type") for order in answer.orders])

    return read


def amzn_selling_partner() -> Reader:
    """What its client does with an answer: `validate_json` of its model's adapter."""
    models = importlib.import_module("amzn_selling_partner.sdk.models.orders_v2026_01_01")
    http = importlib.import_module("amzn_selling_partner.sdk._http")
    adapter = http._adapter  # noqa: SLF001 - what the client itself calls

    def read(body: bytes) -> int:
        answer: Any = adapter(models.SearchOrdersResponse).validate_json(body)
        return len([plain.from_object(order, type_name="type_") for order in answer.orders])

    return read


def main() -> None:
    """Read the first page for practice, and the others for the record."""
    warnings.simplefilter("ignore")
    _, name, *files = sys.argv
    read: Reader = globals()[name.replace("-", "_")]()
    warming, *pages = [Path(one).read_bytes() for one in files]
    read(warming)
    gc.collect()
    began = time.process_time()
    told = sum(map(read, pages))
    taken = (time.process_time() - began) * 1000
    print(json.dumps([taken, told]))


if __name__ == "__main__":
    main()

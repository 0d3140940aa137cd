"""A peer at work, in an environment of its own: ``python reader.py PEER WARMING PAGE …``.

Prints, as JSON, the milliseconds of processor time in which its client and the plainest mapping
made messages of all pages but the first, and how many messages.
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

Reader = Callable[[bytes], list[str]]


def python_amazon_sp_api() -> Reader:
    """What its client does with an answer: `parse_response`."""
    parse_response = importlib.import_module("sp_api.base._core").parse_response
    response = importlib.import_module("httpx").Response
    headers = {"content-type": "application/json"}

    def read(body: bytes) -> list[str]:
        answer = parse_response(response(200, content=body, headers=headers), method="GET")
        return [plain.from_dict(order) for order in answer.payload["orders"]]

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

    def read(body: bytes) -> list[str]:
        answer = client.deserialize(Response(body), "SearchOrdersResponse")
        return [plain.from_object(order, type_name="type") for order in answer.orders]

    return read


def amzn_selling_partner() -> Reader:
    """What its client does with an answer: `validate_json` of its model's adapter."""
    models = importlib.import_module("amzn_selling_partner.sdk.models.orders_v2026_01_01")
    http = importlib.import_module("amzn_selling_partner.sdk._http")
    adapter = http._adapter  # noqa: SLF001 - what the client itself calls

    def read(body: bytes) -> list[str]:
        answer: Any = adapter(models.SearchOrdersResponse).validate_json(body)
        return [plain.from_object(order, type_name="type_") for order in answer.orders]

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
    told = [read(page) for page in pages]
    taken = (time.process_time() - began) * 1000
    print(json.dumps([taken, sum(map(len, told))]))


if __name__ == "__main__":
    main()

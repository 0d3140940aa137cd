"""Amazon's official Python client, pointed at the local Amazon."""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from amazon_endpoint.sandbox.testing import RunningSandbox


@contextmanager
def official_api(amazon: RunningSandbox, version: str, name: str) -> Iterator[Any]:
    """One of the client's APIs, such as ``orders_v0``'s ``OrdersV0Api``."""
    with warnings.catch_warnings():
        # Its source has escape sequences that Python warns of when it is first compiled.
        warnings.simplefilter("ignore")
        spapi = importlib.import_module("spapi")
    config = spapi.SPAPIConfig(
        client_id="application", client_secret="secret", refresh_token="Atzr|seller", region="NA"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "*")
        client = spapi.SPAPIClient(
            config, oauth_endpoint=f"{amazon.url}/auth/o2/token", endpoint=amazon.url
        ).api_client
    try:
        yield getattr(spapi, name)(client)
    finally:
        client.rest_client.pool_manager.clear()

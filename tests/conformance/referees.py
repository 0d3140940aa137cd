"""The referees: how often each of them judged, and what happens when one is absent."""

import os
from pathlib import Path
from typing import Any, NoReturn

import pytest

REQUIRED = os.environ.get("CONFORMANCE_REQUIRED") == "1"


class Referee:
    """One that we did not write. Judgements are counted: none at all would prove nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.judgements = 0

    def expect(self, told: Any, due: Any, what: str) -> None:
        self.judgements += 1
        assert told == due, f"{what}: {told!r} instead of {due!r}"


MODELS = Referee("Amazon's models")
CLIENT = Referee("Amazon's Python client")
PRISM = Referee("Prism")
ALL = (MODELS, CLIENT, PRISM)


def absent(reason: str) -> NoReturn:
    """Skip what needs an absent part; fail where every part is required."""
    if REQUIRED:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def models_folder() -> Path:
    """Where Amazon's OpenAPI models are."""
    told = os.environ.get("AMAZON_MODELS")
    if not told:
        absent(
            "AMAZON_MODELS is not set. Clone github.com/amzn/selling-partner-api-models and name "
            "a folder that holds orders_2026-01-01.json, ordersV0.json and feeds_2021-06-30.json."
        )
    folder = Path(told).resolve()
    if not folder.is_dir():
        absent(f"AMAZON_MODELS names {folder}, which is no folder.")
    return folder

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


#: What could not be judged, and why.
absences: set[str] = set()


def absent(reason: str) -> NoReturn:
    """Skip what needs an absent part; fail where every part is required."""
    absences.add(reason)
    if REQUIRED:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


class Models:
    """Amazon's OpenAPI models in a folder, flat or as Amazon's repository has them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> Path:
        found = next(self._folder.rglob(name), None)
        return found or absent(f"{self._folder} (AMAZON_MODELS) holds no {name}.")


def models() -> Models:
    """The models that the environment names."""
    told = os.environ.get("AMAZON_MODELS")
    if not told:
        absent(
            "Set AMAZON_MODELS to the folder models of a clone of "
            "github.com/amzn/selling-partner-api-models."
        )
    return Models(Path(told).resolve())

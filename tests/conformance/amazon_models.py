"""Amazon's OpenAPI models: the examples in them, and what their static sandbox answers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple


class Case(NamedTuple):
    """One exchange of Amazon's static sandbox: the request's parameters, and the answer."""

    status: int
    parameters: dict[str, Any]
    answer: dict[str, Any]


def read_model(path: Path) -> dict[str, Any]:
    model: dict[str, Any] = json.loads(path.read_bytes())
    return model


def example_orders(model: Any) -> Iterator[dict[str, Any]]:
    """Every order that stands anywhere in a model as data."""
    if isinstance(model, dict):
        if isinstance(model.get("orderId"), str) and isinstance(model.get("orderItems"), list):
            yield model
        model = list(model.values())
    if isinstance(model, list):
        for one in model:
            yield from example_orders(one)


def sandbox_cases(model: dict[str, Any], operation_id: str) -> list[Case]:
    """The cases of an operation's `x-amzn-api-sandbox` that have an answer."""
    operation = next(
        operation
        for path in model["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and operation["operationId"] == operation_id
    )
    return [
        Case(int(status), _values(case["request"]), case["response"])
        for status, response in operation["responses"].items()
        for case in response.get("x-amzn-api-sandbox", {}).get("static", ())
        if "response" in case
    ]


def _values(request: dict[str, Any]) -> dict[str, Any]:
    return {name: told["value"] for name, told in request.get("parameters", {}).items()}

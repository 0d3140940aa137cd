"""Parameters that are lists."""

from collections.abc import Iterable


def numbered(name: str, values: Iterable[str]) -> dict[str, str]:
    """A list as MWS takes it: each value under a number of its own, from 1."""
    return {f"{name}.{number}": value for number, value in enumerate(values, start=1)}

"""The published JSON of the four services, to the letter."""

from pathlib import Path

_HERE = Path(__file__).parent


def published(name: str) -> bytes:
    """A published body, such as ``order_poll.response``."""
    return (_HERE / f"{name}.json").read_bytes()

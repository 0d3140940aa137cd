from datetime import datetime
from typing import Any

import pytest

from amazon_endpoint.sandbox.options import SandboxOptions


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"orders": -1}, "orders"),
        ({"page_cap": 0}, "page_cap"),
        ({"progress_seconds": -1.0}, "progress_seconds"),
        ({"report_charset": "klingon"}, "klingon"),
        ({"now": datetime(2026, 5, 1)}, "offset"),  # noqa: DTZ001 - the fault in question
    ],
    ids=str,
)
def test_what_cannot_be_served_is_named(wish: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        SandboxOptions(**wish)

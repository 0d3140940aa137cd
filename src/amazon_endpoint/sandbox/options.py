"""What can be chosen when the local Amazon starts."""

import codecs
from datetime import datetime
from pathlib import Path

from msgspec import Struct

#: United States first: it gets most of the orders. Then Canada, United Kingdom, Germany, Japan.
DEFAULT_MARKETPLACES = (
    "ATVPDKIKX0DER",
    "A2EUQ1WTGCTBG2",
    "A1F83G8C2ARO7P",
    "A1PA6795UKMFR9",
    "A1VC38T7YXB528",
)


class SandboxOptions(Struct, frozen=True, kw_only=True):
    """How the local Amazon behaves and what it holds."""

    host: str = "127.0.0.1"
    #: 0 takes any free port.
    port: int = 8001
    #: How many orders are made up; without meaning when a scenario is given.
    orders: int = 250
    #: The same seed makes the same orders.
    seed: int = 1
    #: Where the made-up orders were placed; the first marketplace gets most of them.
    marketplaces: tuple[str, ...] = DEFAULT_MARKETPLACES
    #: A JSON file with the orders and feeds to serve instead of made-up ones.
    scenario: Path | None = None
    #: Whether calls beyond Amazon's published rates are refused.
    quotas: bool = True
    #: No page is longer than this, whatever the client asks for.
    page_cap: int = 100
    #: No page of an order's items is longer; only Marketplace Web Service sends such pages.
    item_page_cap: int = 100
    #: How long a feed waits, and how long it is then worked on.
    queue_seconds: float = 2.0
    progress_seconds: float = 3.0
    #: Whether processing reports are compressed.
    gzip_reports: bool = False
    #: The character set of processing reports.
    report_charset: str = "UTF-8"
    #: The time at which the clock starts; None is the system's time.
    now: datetime | None = None
    #: How many times as fast as the system's the clock runs.
    speed: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be served, by name."""
        if self.orders < 0:
            raise ValueError("orders must not be negative")
        if not 1 <= self.page_cap <= 100:
            raise ValueError("page_cap must be from 1 to 100")
        if not 1 <= self.item_page_cap <= 100:
            raise ValueError("item_page_cap must be from 1 to 100")
        if self.queue_seconds < 0 or self.progress_seconds < 0:
            raise ValueError("queue_seconds and progress_seconds must not be negative")
        if self.now is not None and self.now.tzinfo is None:
            raise ValueError("now must state its offset")
        if self.speed <= 0:
            raise ValueError("speed must be positive")
        try:
            codecs.lookup(self.report_charset)
        except LookupError:
            raise ValueError(f"unknown character set {self.report_charset!r}") from None

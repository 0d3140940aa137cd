"""Hours of work in minutes: orders come and change, Amazon and the stores fail, nothing is killed.

What does the work is `amazon-endpoint up` by a clock that runs fast. Nothing may be lost or come
twice, and once it is warm it may hold no more than it did.
"""

import time
from pathlib import Path

from tests.chaos.chaos import Chaos, Figures
from tests.chaos.processes import Place
from tests.soak.trend import Held, held_by

# So many that what is left of each, were it a few kilobytes, adds up in ten minutes.
_ORDERS_PER_SECOND = 3
_FAILING_STORES = 0.2

# Enough for each quarter to have a median.
_SAMPLES = 120


class Soak(Chaos):
    """One run on SQLite."""

    accounts: tuple[str, ...] = ("first", "second", "third", "fourth")
    page_cap = 100

    def __init__(self, folder: Path, *, seconds: float, seed: int) -> None:
        place = Place(database=f"sqlite:///{folder}/endpoint.db", workers=1)
        orders = max(int(seconds * _ORDERS_PER_SECOND), 10)
        super().__init__(place, folder, seconds=seconds, orders=orders, seed=seed)
        self.samples: list[Held] = []

    def run(self) -> Figures:
        """Let it all happen, and see that nothing is lost.

        Raises:
            AssertionError: something is; the message says what.
        """
        with self._everything_started():
            self._work()
            self._peace()
            self._check()
        return self.figures

    def _work(self) -> None:
        began, orders = time.monotonic(), len(self._coming)
        for store in self._stores.values():
            store.failing = _FAILING_STORES
        while (passed := time.monotonic() - began) < self._seconds:
            while len(self._coming) > orders * (1 - passed / self._seconds):
                self._order_comes()
            self._something()
            if passed >= len(self.samples) * self._seconds / _SAMPLES:
                self._look(passed)
            time.sleep(self._rng.uniform(0.02, 0.1))
        while self._coming:
            self._order_comes()
        self._amazon.clear_faults()
        for store in self._stores.values():
            store.failing = 0

    def _look(self, passed: float) -> None:
        try:
            self.samples.append(held_by(self._processes.pid(0), passed))
        except ProcessLookupError:
            raise AssertionError(self._processes.ended()) from None

    def _something(self) -> None:
        if self._rng.random() < 0.95:
            self._something_comes()
        else:
            self._amazon_fails()

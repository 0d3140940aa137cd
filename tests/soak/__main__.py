"""`make soak`: ten minutes, or as many seconds as the first argument says."""

import random
import sys
import tempfile
from pathlib import Path

from tests.soak.soak import Soak
from tests.soak.trend import WARM_UP, growth, table


def main() -> None:
    seconds, seed = float(sys.argv[1]), random.randrange(10**6)
    print(f"Seed {seed}, {seconds:.0f} seconds", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder), seconds=seconds, seed=seed)
        figures = soak.run()
    print(table(soak.samples))
    print(figures)
    if seconds < 2 * WARM_UP:
        print(f"Whether it grows can't be told: it warms up for {WARM_UP} seconds.")
        return
    grown = growth(soak.samples)
    print(grown)
    if grown.too_much:
        sys.exit("That is too much.")


main()

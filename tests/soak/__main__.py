"""`make soak`: ten minutes, or as many seconds as the first argument says."""

import random
import sys
import tempfile
from pathlib import Path

from tests.soak.soak import Soak
from tests.soak.trend import growth, table


def main() -> None:
    seconds, seed = float(sys.argv[1]), random.randrange(10**6)
    print(f"Seed {seed}, {seconds:.0f} seconds", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder), seconds=seconds, seed=seed)
        figures = soak.run()
    print(table(soak.samples))
    print(figures)
    if found := growth(soak.samples):
        sys.exit(", ".join(found))


main()

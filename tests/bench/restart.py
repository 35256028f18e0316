"""How long the first visitors wait after the server was started again, its caches full.

.venv/bin/python -m tests.bench.restart --images 100000
"""

from __future__ import annotations

import argparse
import time

from tests.bench.stack import stack

VISITORS = 6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.restart", description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    images = parser.parse_args().images
    with stack(images, INVENTORY_FRESH_SECONDS="3600", UPSTREAM_CALLS_PER_SECOND="0") as running:
        status, _body = running.get("/images/")
        assert status == 200
        started = time.monotonic()
        running.restart()
        print(f"{images:,} images, ready after {time.monotonic() - started:.2f} s; first pages:")
        for _ in range(VISITORS):
            began = time.monotonic()
            status, _body = running.get("/images/")
            assert status == 200
            print(f"  {time.monotonic() - began:.2f} s")


if __name__ == "__main__":
    main()

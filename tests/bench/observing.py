"""What metrics and the log of requests cost: the first page of the list with and without them.

`python -m tests.bench.observing`; docs/performance.md tells how to read it.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from tempfile import NamedTemporaryFile

from tests.bench import load
from tests.bench.stack import Stack, stack

METRICS, LOG = "dashboard.observing.metrics.request_metrics", "dashboard.web.middleware.request_log"
VARIANTS = {
    "neither": f"{METRICS},{LOG}",
    "metrics": LOG,
    "log": METRICS,
    "both, as shipped": "",
}
IMAGES = 10_000
LIST = "/images/"


@dataclass
class Rounds:
    """Of one variant, one by one: requests a second, and milliseconds of the processor for one."""

    running: Stack
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    def ask(self, seconds: float) -> None:
        before = self.running.worker_seconds()
        figures = load.run(
            self.running.port, [LIST], {"Cookie": self.running.cookie}, seconds=seconds
        )
        assert not figures.failed
        busy = self.running.worker_seconds() - before
        self.rates.append(figures.rate)
        self.costs.append(busy / len(figures.took) * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.observing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=1.5)
    options = parser.parse_args()
    with ExitStack() as all_of_them:
        # One worker each: over two, connections fall as chance has it.
        variants = {
            name: Rounds(
                all_of_them.enter_context(
                    stack(
                        IMAGES,
                        INVENTORY_FRESH_SECONDS="3600",
                        WEB_CONCURRENCY="1",
                        LOG_LEVEL="INFO",
                        BENCH_LOG=all_of_them.enter_context(NamedTemporaryFile()).name,
                        BENCH_WITHOUT=without,
                    )
                )
            )
            for name, without in VARIANTS.items()
        }
        for each in variants.values():
            load.run(each.running.port, [LIST], {"Cookie": each.running.cookie}, seconds=2)
        for _ in range(options.rounds):
            for each in variants.values():
                each.ask(options.seconds)
        _print(variants)


def _print(variants: dict[str, Rounds]) -> None:
    """Medians of the rounds; each beside that with neither in the same round."""
    bare = variants["neither"]
    print(f"  {'the list with':20}{'req/s':>8}{'÷ neither':>11}{'CPU ms':>9}{'÷ neither':>11}")
    for name, each in variants.items():
        rate = median(one / other for one, other in zip(each.rates, bare.rates, strict=True))
        cost = median(one / other for one, other in zip(each.costs, bare.costs, strict=True))
        print(
            f"  {name:20}{median(each.rates):8.0f}{rate:11.3f}{median(each.costs):9.3f}{cost:11.3f}"
        )


if __name__ == "__main__":
    main()

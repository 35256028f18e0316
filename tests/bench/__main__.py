"""`make bench`: how fast, beside a page with nothing in it, and what it costs the cloud.

docs/performance.md tells how to read it.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import threading
import time
from itertools import count, islice
from urllib.parse import quote

from images.cloud.client import CALLS_IN_FLIGHT
from tests.bench import load
from tests.bench.load import Figures
from tests.bench.stack import Stack, stack

LIST = "/images/"
DEEP = "/images/?os=CentOS&status=Ready&sort=size&page=9"
TEXT = "/images/?q=web"
API = "/api/v1/images?size=200"
FRAGMENT = {"HX-Request": "true"}
BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}
COLD_SIZE = 10_000
TEXTS = 1200
ROUNDS = 6
FLOOR, NEVER = "floor: a constant page", "texts never searched before"
LATENCY = 0.05
FRESH_SECONDS = 4


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--seconds", type=float, default=6)
    options = parser.parse_args()
    for images in options.images:
        print(f"\n{images:,} images")
        with stack(images, INVENTORY_FRESH_SECONDS="3600", INVENTORY_MEMORY_MB="1024") as running:
            print(f"  {'':34}{'req/s':>8} {'÷ floor':>8} {'p50':>7} {'p95':>7} {'p99':>7} ms")
            _speed(running, options.seconds)
            _unchanged(running, options.seconds)
            print(f"  memory of a worker: {max(running.worker_megabytes()):.0f} MB")
    _during_refresh(options.seconds)
    _cold_fetch()
    _cost_for_the_cloud()


def _speed(running: Stack, seconds: float) -> None:
    _warm_up(running)
    cookie = {"Cookie": running.cookie}
    page = {**cookie, **BROWSER}
    part = {**page, **FRAGMENT}
    constant = f"/floor/?bytes={len(running.get(LIST)[1])}"
    asked = {
        FLOOR: (constant, cookie),
        "first page, whole": (LIST, page),
        "first page, fragment": (LIST, part),
        "text filter, fragment": (TEXT, part),
        "facets, sorted, page 9, fragment": (DEEP, part),
    }
    rounds: dict[str, list[Figures]] = {name: [] for name in (*asked, NEVER)}
    texts = iter(_never_searched(running))
    for _ in range(ROUNDS):
        for name, (path, headers) in asked.items():
            figures = load.run(running.port, [path], headers, seconds=seconds / ROUNDS)
            rounds[name].append(figures)
        new = list(islice(texts, TEXTS // ROUNDS))
        rounds[NEVER].append(load.once(running.port, new, part))
    floor = load.together(rounds[FLOOR])
    for name, each in rounds.items():
        _print(name, load.together(each), floor)


def _unchanged(running: Stack, seconds: float) -> None:
    """What it costs to tell a script that it has the answer already."""
    cookie = {"Cookie": running.cookie, **BROWSER}
    known = {**cookie, "If-None-Match": running.etag(API)}
    load.run(running.port, [API], cookie, seconds=1)
    whole: list[Figures] = []
    unchanged: list[Figures] = []
    for _ in range(ROUNDS):
        whole.append(load.run(running.port, [API], cookie, seconds=seconds / ROUNDS))
        figures = load.run(running.port, [API], known, seconds=seconds / ROUNDS, status=304)
        unchanged.append(figures)
    full = load.together(whole)
    _print("API, 200 images", full, full)
    _print("the same, 304: ÷ the 200", load.together(unchanged), full)


def _warm_up(running: Stack) -> None:
    """Every worker has the inventory and has made each page once."""
    for path in (LIST, TEXT, DEEP):
        page = {"Cookie": running.cookie, **BROWSER}
        for headers in (page, {**page, **FRAGMENT}):
            load.run(running.port, [path], headers, seconds=1)


def _never_searched(running: Stack) -> list[str]:
    """Each text once: parts of names that there are, with a facet and a sort."""
    rows = csv.DictReader(io.StringIO(running.get("/images/export.csv")[1].decode("utf-8-sig")))
    chance = random.Random(1)
    names = chance.choices([row["name"] for row in rows], k=4 * TEXTS)
    texts = list(dict.fromkeys(_part(name, chance) for name in names))[:TEXTS]
    return [f"/images/?q={quote(text)}&os=CentOS&sort=name" for text in texts]


def _part(name: str, chance: random.Random) -> str:
    start = chance.randrange(max(1, len(name) - 2))
    return name[start : start + chance.randrange(2, 9)]


def _print(name: str, figures: Figures, floor: Figures) -> None:
    failed = f"   {figures.failed} FAILED" if figures.failed else ""
    p50, p95, p99 = map(figures.percentile, (50, 95, 99))
    print(
        f"  {name:34}{figures.rate:8.0f} {figures.rate / floor.rate:8.2f} "
        f"{p50:7.1f} {p95:7.1f} {p99:7.1f}{failed}"
    )


def _during_refresh(seconds: float) -> None:
    """The slowest views while the inventory is read anew behind them, beside the same without."""
    quiet: list[Figures] = []
    busy: list[Figures] = []
    with (
        stack(COLD_SIZE, INVENTORY_FRESH_SECONDS="3600") as fresh,
        stack(COLD_SIZE, INVENTORY_FRESH_SECONDS="1") as stale,
    ):
        _warm_up(fresh)
        _warm_up(stale)
        for _ in range(ROUNDS):
            for running, rounds in ((fresh, quiet), (stale, busy)):
                headers = {"Cookie": running.cookie, **FRAGMENT}
                rounds.append(load.run(running.port, [LIST], headers, seconds=seconds / 2))
    p99, without = (load.together(rounds).percentile(99) for rounds in (busy, quiet))
    print(f"\nViews at {COLD_SIZE:,} images while refreshes run behind, one after another")
    print(f"  p99 {p99:.1f} ms, without {without:.1f} ms: {p99 / without:.1f} times")


def _cold_fetch() -> None:
    """From nothing to the first rows, with the cloud taking 50 ms for each page of 100."""
    with stack(COLD_SIZE) as running:
        running.set_cloud(latency=LATENCY)
        running.images()  # made now, before the clock starts
        running.forget_calls()
        started = time.perf_counter()
        status, _ = running.get(LIST)
        seconds = time.perf_counter() - started
        calls = running.calls()
    print(f"\nCold fetch of {COLD_SIZE:,} images, {LATENCY * 1000:.0f} ms a call")
    waiting = len(calls) / CALLS_IN_FLIGHT * LATENCY
    print(f"  {seconds:.2f} s to the first rows (HTTP {status})")
    print(f"  {len(calls)} calls, {CALLS_IN_FLIGHT} in flight: {waiting:.2f} s of waiting alone")


def _cost_for_the_cloud() -> None:
    """1,000 views by 50 people with one token over three intervals of freshness."""
    with stack(1_000, INVENTORY_FRESH_SECONDS=str(FRESH_SECONDS)) as running:
        running.get(LIST)
        running.forget_calls()
        views = count()
        until = time.monotonic() + 3 * FRESH_SECONDS

        def watch() -> None:
            while time.monotonic() < until and next(views) < 1_000:
                running.get(LIST)
                time.sleep(3 * FRESH_SECONDS / 20)

        people = [threading.Thread(target=watch) for _ in range(50)]
        for person in people:
            person.start()
        for person in people:
            person.join()
        listings = [call for call in running.calls() if call["start"] == 0]
    print(f"\n{min(next(views), 1_000)} views by 50 people over 3 intervals of {FRESH_SECONDS} s")
    per_region = dict.fromkeys(sorted({call["region"] for call in listings}), 0)
    for call in listings:
        per_region[call["region"]] += 1
    print(f"  listings by region: {per_region}")


if __name__ == "__main__":
    main()

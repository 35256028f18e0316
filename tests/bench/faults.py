"""Random faults of the cloud while people look: no image may be lost, no page may fail.

.venv/bin/python -m tests.bench.faults --minutes 10
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from images.sandbox.odd_answers import ANSWERS, SPELLINGS
from images.sandbox.odd_items import ITEMS
from tests.bench.stack import Stack, stack

IMAGES = 600
KILL_EVERY = 5  # changes of the faults
PEOPLE = 6
FRESH_SECONDS, DEADLINE_SECONDS = 2, 3
PATIENCE_SECONDS = 30.0
EXPORT = "/images/export.json"
PATHS = (
    *(
        "/images/",
        "/images/?q=web&sort=name",
        "/images/?os=CentOS&page=3",
        "/overview/",
        "/changes/",
    ),
    *("/images/export.csv", "/api/v1/facets", "/nothing/"),
)

# Left out: a refusal and an hour's Retry-After, after which the cloud is asked again in minutes
# only, and images that are really gone or are no images any more.
NO_IMAGES = ("damaged_items", "long_names", "many_keys", "half_list")
SKY: tuple[dict[str, Any], ...] = (
    *({"kind": kind} for kind in ("reset", "reset_in_body", "hang", "short_body", "truncated")),
    *({"kind": kind} for kind in ("html", "not_json", "data_null", "items_null", "redirect")),
    *({"kind": kind} for kind in ("items_wrong_type", "answer_array", "deep", "bad_encoding")),
    *({"kind": kind} for kind in ("huge", "gzip_bomb")),
    *({"kind": "status", "status": status} for status in (500, 502, 503, 504)),
    *({"kind": "status", "status": 503, "html": True} for _ in range(2)),
    {"kind": "status", "status": 429},
    *({"kind": "status", "status": 429, "retry_after": after} for after in ("1", "soon")),
    *({"kind": "errno", "errno": errno} for errno in (1, 2, 3, 40000, 41026, 987654)),
    *({"kind": kind} for kind in (*ITEMS, *ANSWERS) if kind not in NO_IMAGES),
    *({"kind": kind} for kind in ("huge_errno", "unfit_failure")),
    *({"kind": "echo_token", "spelling": spelling} for spelling in SPELLINGS),
    *({"kind": "token_in_list", "spelling": spelling} for spelling in SPELLINGS),
    {"kind": "drip", "seconds": 0.05},
    *({"kind": "slow", "seconds": seconds} for seconds in (0.2, 10)),
    *({"kind": "moving", "where": where} for where in ("front", "random")),
)
SETTINGS: tuple[dict[str, Any], ...] = (
    *({"count_mode": mode} for mode in ("page", "wrong")),
    {"max_limit": 20},
    {"latency": 0.1},
)
CLEAR = {"count_mode": "total", "max_limit": None, "latency": 0}


@dataclass
class Seen:
    """What people saw. `cut_off` were on their way when their worker was killed; `wrong` are
    sentences for whoever has to find out why."""

    statuses: Counter[int] = field(default_factory=Counter)
    exports: int = 0
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    troubled: int = 0
    kills: int = 0
    cut_off: int = 0
    slowest: float = 0.0
    recovered: float = 0.0
    wrong: list[str] = field(default_factory=list)


def storm(running: Stack, seconds: float, seed: int) -> Seen:
    """So many seconds of faults, then how long it takes until every list is fresh again."""
    chance, seen, over = random.Random(seed), Seen(), threading.Event()
    truth = running.images()
    assert truth <= set(_places(running.get(EXPORT)[1])), "it begins when everything was read"
    people = [
        threading.Thread(target=_look, args=(running, truth, seen, over, random.Random(number)))
        for number in range(PEOPLE)
    ]
    for person in people:
        person.start()
    until, changes = time.monotonic() + seconds, count(1)
    # It begins with one that everyone must notice.
    running.set_faults([{"kind": "status", "status": 503}])
    over.wait(2 * FRESH_SECONDS)
    while time.monotonic() < until:
        running.clear_faults()
        running.set_cloud(**CLEAR | chance.choice((*SETTINGS, {}, {})))
        running.set_faults([_fault(chance) for _ in range(chance.randint(0, 3))])
        if next(changes) % KILL_EVERY == 0:
            seen.kills += 1
            running.kill_a_worker()
        over.wait(chance.uniform(0.3, 3))
    running.clear_faults()
    running.set_cloud(**CLEAR)
    seen.recovered = _until_fresh(running)
    over.set()
    for person in people:
        person.join()
    # One that was being deleted is gone by now, and rightly missed.
    there = running.images()
    for place, times in seen.missed.items():
        if place in there:
            seen.wrong.append(f"{place} was missed {times} times")
    return seen


def _fault(chance: random.Random) -> dict[str, Any]:
    where = {
        "endpoint": chance.choice((None, "cimg/list", "region/list")),
        "region": chance.choice((None, None, "gz", "bj", "sh")),
        "times": chance.choice((None, None, 1, 3)),
    }
    return {**chance.choice(SKY), **where}


def _look(
    running: Stack,
    truth: set[tuple[str, str]],
    seen: Seen,
    over: threading.Event,
    chance: random.Random,
) -> None:
    while not over.is_set():
        path = chance.choice((*PATHS, EXPORT))
        started = time.monotonic()
        try:
            status, body = running.get(path, **chance.choice(({}, {"HX-Request": "true"})))
        except (OSError, http.client.HTTPException):
            seen.cut_off += 1
            continue
        seen.slowest = max(seen.slowest, time.monotonic() - started)
        seen.statuses[status] += 1
        seen.troubled += b"data-failure" in body
        if status != (404 if path == PATHS[-1] else 200):
            seen.wrong.append(f"{path} answered {status}")
        for spelling, spelled in SPELLINGS.items():
            if spelled(running.token).encode() in body:
                seen.wrong.append(f"{path} shows the token in {spelling} spelling")
        if status == 200 and path == EXPORT:
            seen.exports += 1
            seen.missed.update(truth - set(_places(body)))


def _places(document: bytes) -> Iterator[tuple[str, str]]:
    images = json.loads(document)["images"]
    return ((image["region"], image["cimgUuid"]) for image in images)


def _until_fresh(running: Stack) -> float:
    started = time.monotonic()
    while True:
        states = re.findall(rb'data-region-state="(\w+)"', running.get("/images/")[1])
        seconds = time.monotonic() - started
        if set(states) == {b"fresh"}:
            return seconds
        if seconds > PATIENCE_SECONDS:
            raise TimeoutError(f"not fresh {seconds:.0f} s after the last fault: {states}")
        time.sleep(0.05)


def prepared() -> dict[str, str]:
    """The environment of a dashboard that notices the faults often."""
    return {
        "INVENTORY_FRESH_SECONDS": str(FRESH_SECONDS),
        "UPSTREAM_DEADLINE_SECONDS": str(DEADLINE_SECONDS),
        "LOG_LEVEL": "ERROR",
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with stack(IMAGES, **prepared()) as running:
        seen = storm(running, options.minutes * 60, options.seed)
    print(f"{options.minutes:g} minutes of faults over {IMAGES} images, {PEOPLE} people looking")
    print(f"  pages by status: {dict(seen.statuses)}, {seen.exports} of them whole exports")
    print(f"  {seen.troubled} told of trouble; {seen.kills} workers killed, {seen.cut_off} cut off")
    print(f"  slowest page {seen.slowest:.2f} s; all fresh {seen.recovered:.1f} s after the end")
    for wrong, times in Counter(seen.wrong).most_common():
        print(f"  WRONG {times} times: {wrong}")
    sys.exit(bool(seen.wrong or seen.cut_off > seen.kills * PEOPLE))


if __name__ == "__main__":
    main()

"""What each part of an index costs in time and memory, and each question put to it.

.venv/bin/python -m tests.bench.index
"""

from __future__ import annotations

import argparse
import random
import time
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from operator import methodcaller
from statistics import median
from typing import Any

from images.cloud.client import Account
from images.cloud.deadline import Deadline
from images.cloud.listing import list_images
from images.cloud.packing import decode_body, encode_body, encode_images
from images.cloud.records import Image
from images.fields import READ_FACETS, SORTS
from images.sandbox import Sandbox
from images.search.gathered import run
from images.search.index import Index
from images.search.query import ImageQuery, image_query
from tests.indexes import index_of

REGIONS = ("gz", "bj", "sh")
REPEATS = 5
QUESTIONS = 300


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.index", description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[10_000, 100_000])
    for number in parser.parse_args().images:
        _costs(_read(number))


def _read(number: int) -> list[Image]:
    with Sandbox(images=number // len(REGIONS)) as cloud:
        account = Account(cloud.url, cloud.token, Deadline(600))
        return [image for region in REGIONS for image in list_images(account, region).images]


def _costs(images: Sequence[Image]) -> None:
    print(f"\n{len(images):,} images{'ms':>42}{'MB':>10}")
    body = encode_body(encode_images(images))
    _print("decoding the stored body", *_cost(lambda: None, lambda nothing: decode_body(body)))

    def fresh() -> Index:
        return Index(images)

    def sorted_once() -> Index:
        index = Index(images)
        index.order("name")
        return index

    facets = {name: _cost(fresh, methodcaller("facet", name)) for name in READ_FACETS}
    for name in (min(facets, key=facets.__getitem__), max(facets, key=facets.__getitem__)):
        _print(f"facet: {name}", *facets[name])
    _print("all facets", *map(sum, zip(*facets.values(), strict=True)))
    _print("texts to search", *_cost(fresh, methodcaller("texts")))
    _print("order by name", *_cost(fresh, methodcaller("order", "name")))
    _print("order by -created, after that", *_cost(sorted_once, methodcaller("order", "-created")))
    _print("what is built before the first page", *_cost(fresh, methodcaller("warm")))
    _print("all of it, with every order", *_cost(fresh, _all_of_it))
    accounts = index_of(images)
    _all_of_it(accounts.parts[0].index)
    print(f"\n{'':44}{'median':>11}{'p99 ms':>10}")
    for name, queries in _questions(images).items():
        took = sorted(_milliseconds(partial(run, accounts, query)) for query in queries)
        print(f"  {name:42}{median(took):11.3f}{took[len(took) * 99 // 100]:10.3f}")


def _all_of_it(index: Index) -> None:
    index.warm()
    for sort in SORTS:
        index.order(sort)


def _cost(prepare: Callable[[], Any], work: Callable[[Any], object]) -> tuple[float, float]:
    """Milliseconds, the best of some, and megabytes that are left in use."""
    took = [_milliseconds(partial(work, ready)) for ready in [prepare() for _ in range(REPEATS)]]
    ready = prepare()
    tracemalloc.start()
    made = work(ready)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del made
    return min(took), size / 2**20


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _print(name: str, milliseconds: float, megabytes: float) -> None:
    print(f"  {name:42}{milliseconds:11.1f}{megabytes:10.1f}")


def _questions(images: Sequence[Image]) -> dict[str, list[ImageQuery]]:
    chance = random.Random(1)
    names = [image.name for image in chance.sample(list(images), QUESTIONS * 2) if image.name]
    parts = sorted({name[:at] for name in names for at in (chance.randint(2, 8),)})
    texts = [image_query(q=part, os=("CentOS",), sort="name") for part in parts]
    pages = [ImageQuery(page=page, sort="size") for page in range(1, QUESTIONS)]
    return {
        "a text never searched, a facet, a sort": texts,
        "the same again": texts[:20] * 10,
        "page after page of one sort": pages,
    }


if __name__ == "__main__":
    main()

"""What one list over several accounts costs, beside one account that has as many images.

.venv/bin/python -m tests.bench.accounts
"""

from __future__ import annotations

import argparse
import gc
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from itertools import islice
from statistics import median

from msgspec.structs import force_setattr

from images.cloud.reading import Problems, read_image
from images.cloud.records import Image, Sharing
from images.sandbox.inventory import REGION_IDS, encoded_image, regions_of
from images.search.bitsets import BoundedCache
from images.search.gathered import run
from images.search.gathered_index import GatheredIndex, Part
from images.search.index import CACHE_BYTES, Index
from images.search.query import ImageQuery, image_query
from images.services.memory import SEVERAL_CACHE_BYTES

EACH = 10_000  # images of one account of several
CLICKS, WORDS, PAGES = 60, 200, 20
LAST = 10**9  # a page beyond the last is the last

# What is wanted: milliseconds, by accounts of EACH, and the question.
GOALS = {
    ("10", "a word never searched"): "≤ 15, p95 ≤ 40",
    ("100", "the first page"): "≤ 60",
    ("100", "a facet never clicked"): "≤ 60",
    ("100", "a word never searched"): "≤ 150",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.accounts", description=__doc__)
    parser.add_argument("--accounts", type=int, nargs="+", default=[10, 100])
    asked = parser.parse_args().accounts
    fewest = min(asked)
    images = list(islice(_images(), fewest * EACH))
    Sharing().share(images)
    _compare(images, fewest)
    for number in asked[1:]:
        many = [*images, *_others(images, (number - fewest) * EACH)]
        _report(number, _costs(_several(_divided(many, number)), many))


@dataclass
class Costs:
    """Milliseconds by question, each in the order of asking."""

    took: dict[str, list[float]]

    def median(self, question: str) -> float:
        return median(self.took[question])

    def sum(self) -> float:
        return sum(map(sum, self.took.values()))

    def p95(self, question: str) -> float:
        took = sorted(self.took[question])
        return took[len(took) * 95 // 100]


def _compare(images: Sequence[Image], number: int) -> None:
    """One account that has all images, and several that have them together."""
    print(f"\n{'indexes of':44}{'ms':>11}{'MB':>10}")
    (one, *of_one), (several, *of_several) = _built([images]), _built(_divided(images, number))
    _print(f"1 account x {len(images):,}", of_one)
    _print(f"{number} accounts x {EACH:,}", of_several)
    ratios = [each / other for each, other in zip(of_several, of_one, strict=True)]
    _print("ratio", ratios, "      goal ≤ 1.3, ≤ 1.2")
    _second_person(several)
    alone, together = _costs(one, images), _costs(several, images)
    _report(1, alone)
    _report(number, together)
    print(f"\n{f'{number} accounts, of one':44}{'ratio':>11}")
    for question in together.took:
        print(f"  {question:42}{together.median(question) / alone.median(question):11.2f}")
    print(f"  {'all questions together':42}{together.sum() / alone.sum():11.2f}      goal ≤ 1.3")


def _built(lists: Sequence[Sequence[Image]]) -> tuple[GatheredIndex, float, float]:
    """Return the indexes of accounts, in milliseconds without and megabytes with counting them."""
    took = _milliseconds(lambda: _several(lists))
    gc.collect()
    tracemalloc.start()
    made = _several(lists)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return made, took, size / 2**20


def _several(lists: Sequence[Sequence[Image]]) -> GatheredIndex:
    indexes = [Index(images) for images in lists]
    for index in indexes:
        index.warm()
        index.order("name")
    return _gathered(indexes)


def _gathered(indexes: Sequence[Index]) -> GatheredIndex:
    """Return them as one person's; the cache of one account is its index's own."""
    parts = [
        Part(f"account-{number:04}", index, (f"Account {number}", "Team"))
        for number, index in enumerate(indexes)
    ]
    alone = indexes[0].cache if len(indexes) == 1 else None
    return GatheredIndex(parts, alone or BoundedCache(SEVERAL_CACHE_BYTES))


def _second_person(first: GatheredIndex) -> None:
    """What one costs who reads all of the accounts but one, and asks what the first one asked."""
    images = list(first.images)
    asked = [
        ImageQuery(),
        *islice(_clicks(), CLICKS),
        *islice(_words(images), 20),
        *_deep_pages(),
    ]
    for query in asked:
        run(first, query)
    gc.collect()
    tracemalloc.start()
    second = _gathered([part.index for part in first.parts[1:]])
    for query in asked:
        run(second, query)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"\n  a second person with another set of them{size / 2**20:23.2f}      goal < 1")


def _costs(accounts: GatheredIndex, images: Sequence[Image]) -> Costs:
    """Ask each question in a process that has the indexes, and no answer yet."""
    questions: dict[str, Callable[[], Iterator[ImageQuery]]] = {
        "a facet never clicked": lambda: islice(_clicks(), CLICKS),
        "a word never searched": lambda: islice(_words(images), WORDS),
        "a word, a facet, by name": lambda: islice(_searches(images), WORDS),
        "the last page": _deep_pages,
    }
    run(accounts, ImageQuery())  # What an index makes once for all, it has.
    gc.collect()
    gc.freeze()  # As in a worker of gunicorn.
    took = {"the first page": [_fresh(accounts, ImageQuery()) for _ in range(PAGES)]}
    took["the same again"] = [
        _milliseconds(partial(run, accounts, ImageQuery())) for _ in range(PAGES)
    ]
    for question, queries in questions.items():
        accounts = _forget(accounts)
        run(accounts, ImageQuery())
        took[question] = [_milliseconds(partial(run, accounts, query)) for query in queries()]
    return Costs(took)


def _fresh(accounts: GatheredIndex, query: ImageQuery) -> float:
    accounts = _forget(accounts)
    return _milliseconds(partial(run, accounts, query))


def _forget(accounts: GatheredIndex) -> GatheredIndex:
    """Return the same without any answer that is kept."""
    indexes = [part.index for part in accounts.parts]
    for index in indexes:
        index.cache = BoundedCache(CACHE_BYTES)
    return _gathered(indexes)


# Questions, none of them twice


def _clicks() -> Iterator[ImageQuery]:
    """What a person clicks who looks around: one value, and another one with it."""
    systems, statuses = ("CentOS", "Ubuntu", "Windows", "Debian"), ("Ready", "Failed", "Disabled")
    for os in systems:
        yield image_query(os=(os,))
        for status in statuses:
            yield image_query(os=(os,), status=(status,))
        for region in REGION_IDS:
            yield image_query(os=(os,), region=(region,))
            yield image_query(os=(os,), region=(region,), storage=("at-risk",))
        yield image_query(os=(os,), medium=("SSD",))
        yield image_query(**{"-os": (os,), "scene": ("gpu",)})
        yield image_query(os=(os,), shared=("yes",))
        yield image_query(os=(os,), check=("checked",), sort="name")


def _words(images: Sequence[Image]) -> Iterator[ImageQuery]:
    """Parts of names as they are typed, from a letter on."""
    return (image_query(q=word) for word in _parts(images))


def _searches(images: Sequence[Image]) -> Iterator[ImageQuery]:
    return (image_query(q=word, os=("CentOS",), sort="name") for word in _parts(images))


def _parts(images: Sequence[Image]) -> Iterator[str]:
    chance, seen = random.Random(1), set[str]()
    while True:
        name = chance.choice(images).name or ""
        start = chance.randrange(max(1, len(name) - 3))
        part = "".join(name[start : start + chance.randint(2, 8)].split()).strip("\"'-\\:")
        if part and part not in seen and part.isprintable():
            seen.add(part)
            yield f'"{part}"'


def _deep_pages() -> Iterator[ImageQuery]:
    for sort in ("-created", "name"):
        yield ImageQuery(page=LAST, sort=sort)
        for os in ("CentOS", "Ubuntu", "Windows"):
            yield image_query(os=(os,), page=LAST, sort=sort)
            yield image_query(os=(os,), page=LAST // 2, size=200, sort=sort)
            yield image_query(**{"-os": (os,), "page": LAST, "sort": sort})


# Images


def _images() -> Iterator[Image]:
    """The sandbox's, of all its regions in turn."""
    for place in range(LAST):
        for region in REGION_IDS:
            sent = encoded_image("bench", regions_of(region, place), place)
            image = read_image(region, sent, Problems())
            assert image is not None
            yield image


def _others(images: Sequence[Image], number: int) -> Iterator[Image]:
    """So many more, each like one of these under another id and a number more in its name."""
    chance = random.Random(2)
    for place in range(number):
        other = copy(images[place % len(images)])
        uuid = f"{chance.getrandbits(128):032x}"
        for name, value in (
            ("uuid", uuid),
            ("id", f"cimg-{uuid[:8]}"),
            ("name", f"{other.name or ''}-{place // len(images)}"),
            ("created", (other.created or 0) + place // len(images) * 1000),
        ):
            force_setattr(other, name, value)
        yield other


def _divided(images: Sequence[Image], number: int) -> list[Sequence[Image]]:
    """Each account has some of all regions and times."""
    return [images[each::number] for each in range(number)]


def _milliseconds(work: Callable[[], object]) -> float:
    """Of the processor, whoever else has it meanwhile."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def _report(number: int, costs: Costs) -> None:
    print(f"\n{f'{number} accounts':44}{'median':>11}{'p95 ms':>10}")
    for question in costs.took:
        goal = GOALS.get((str(number), question), "")
        said = f"      goal {goal}" if goal else ""
        print(f"  {question:42}{costs.median(question):11.2f}{costs.p95(question):10.2f}{said}")


def _print(name: str, costs: Sequence[float], goal: str = "") -> None:
    print(f"  {name:42}{costs[0]:11.2f}{costs[1]:10.2f}{goal}")


if __name__ == "__main__":
    main()

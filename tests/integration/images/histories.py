"""Random histories of a cloud and of the product in front of it, as plain data; and an account of
our own, in plain dictionaries, of what is to be told of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache as cached_function
from itertools import count
from typing import Any

from hypothesis import strategies as st

from images.cloud.reading import Problems, read_image
from images.cloud.records import Image

REGIONS = ("bj", "gz")
MASS = 20


@dataclass(frozen=True)
class Facts:
    """An image as the cloud has it; `up` of its two storages are connected."""

    name: str = "web"
    status: str = "Ready"
    size: int = 1024
    up: int = 2


List = dict[str, Facts]
Told = Counter[tuple[str, str, str, str, str]]
"""How often what was told: region, kind, uuid, before, after."""


# What happens


@dataclass(frozen=True)
class Happening:
    """One thing in the cloud, to `number` images of a region from the place `start` on."""

    what: str
    region: str
    number: int
    start: int


def happenings(*what: str, most: int) -> st.SearchStrategy[list[Happening]]:
    # Few images mostly; at times so many that it may be a mistake.
    number = st.integers(1, 5) | st.sampled_from([15, 25, 40, 80])
    one = st.builds(
        Happening, st.sampled_from(what), st.sampled_from(REGIONS), number, st.integers(0, 60)
    )
    return st.lists(one, max_size=most)


# How a region is listed: whole; with every so-maniest image missing, said to be (one could not be
# read, or the list moved) or not said to be (the cloud's mistake); with something in it that is no
# image; or not at all.
LISTINGS = ("junk", "unreadable", "moved", "half", "none", "failed", "refused", "gone")
NOT_LISTED, WITH_JUNK = ("failed", "refused", "gone"), ("junk", "unreadable")
NOT_WHOLE = (*WITH_JUNK, "moved")
DAMAGES = ("killed before", "lost", "one lost", "truncated", "forged", "swapped")
KILLS = ("killed after telling", "killed while telling", "nothing is kept")
DISTURBANCES = (*KILLS, "no list of regions", "another meanwhile", *DAMAGES)


@dataclass(frozen=True)
class Step:
    """What happens until a reading, how that goes, and what goes wrong about it."""

    happenings: list[Happening]
    listings: dict[str, str]
    disturbance: str
    meanwhile: list[Happening]
    seconds: int
    chance: int


CALM = Step([], dict.fromkeys(REGIONS, "whole"), "nothing", [], 60, 0)


def histories(*, without: tuple[str, ...] = ()) -> st.SearchStrategy[list[Step]]:
    """What happens step by step, the first time undisturbed."""
    everything = happenings("come", "go", "name", "status", "size", "up", most=3)

    def some(usual: str, others: tuple[str, ...]) -> st.SearchStrategy[str]:
        return st.sampled_from([usual] * 7 + [each for each in others if each not in without])

    listings = st.fixed_dictionaries(dict.fromkeys(REGIONS, some("whole", LISTINGS)))
    disturbances, seconds = some("nothing", DISTURBANCES), st.integers(1, 90)
    chance = st.integers(0, 1000)
    step = st.builds(Step, everything, listings, disturbances, everything, seconds, chance)
    coming = happenings("come", most=3)
    first = st.builds(
        lambda come, how: replace(CALM, happenings=come, listings=how), coming, listings
    )
    return st.builds(lambda one, more: [one, *more], first, st.lists(step, min_size=2, max_size=7))


@dataclass
class Truth:
    """The cloud: what each region holds."""

    regions: dict[str, List] = field(default_factory=lambda: {each: {} for each in REGIONS})
    made: Iterator[int] = field(default_factory=lambda: count(1))

    def happen(self, each: Happening) -> None:
        images = self.regions[each.region]
        if each.what == "come":
            images |= {f"{next(self.made):032x}": Facts() for _ in range(each.number)}
            return
        for uuid in (list(images) * 2)[each.start : each.start + each.number]:
            facts = images.pop(uuid, None)
            if facts and each.what != "go":
                images[uuid] = changed(facts, each.what)

    def listed(self, region: str, how: str) -> List | None:
        """What a listing of that kind holds; None where there is none."""
        images = self.regions[region]
        if how in NOT_LISTED:
            return None
        if how == "none":
            return {}
        step = {"unreadable": 4, "moved": 7, "half": 2}.get(how)
        found = {
            uuid: facts
            for place, (uuid, facts) in enumerate(images.items())
            if step is None or place % step != 1
        }
        return None if how in WITH_JUNK and not found else found


def changed(facts: Facts, what: str) -> Facts:
    values: dict[str, Any] = {
        "name": f"{facts.name}'",
        "status": "Disabled" if facts.status == "Ready" else "Ready",
        "size": facts.size + 1,
        "up": (facts.up + 1) % 3,
    }
    return replace(facts, **{what: values[what]})


# Our own account of it


def difference(region: str, before: List, after: List, *, whole: bool, complete: bool) -> Told:
    found: Told = Counter()
    for uuid in after.keys() - before.keys() if complete else ():
        found[region, "appeared", uuid, "", after[uuid].status] += 1
    for uuid in before.keys() - after.keys() if whole else ():
        found[region, "vanished", uuid, before[uuid].status, ""] += 1
    for uuid in before.keys() & after.keys():
        old, new = before[uuid], after[uuid]
        if old.name != new.name:
            found[region, "renamed", uuid, old.name, new.name] += 1
        if old.status != new.status:
            found[region, "status", uuid, old.status, new.status] += 1
        if old.size != new.size:
            found[region, "resized", uuid, str(old.size), str(new.size)] += 1
        if old.up != new.up:
            kind = "storage-lost" if new.up < old.up else "storage-regained"
            found[region, kind, uuid, f"{old.up}/2", f"{new.up}/2"] += 1
    return found


def is_mass(found: Told, before: List) -> bool:
    touched = {uuid for _region, kind, uuid, _was, _is in found if kind != "appeared"}
    return len(touched) > MASS and 2 * len(touched) > len(before)


@dataclass
class Account:
    """Of one region: what was known of each image, whether that was ever all there is, and a list
    that waits for a second one. `held` is the list that is to be shown, `instead` the one that may
    be where the cache was damaged, and may have lost that, since it was read."""

    region: str
    known: List | None = None
    complete: bool = False
    waiting: tuple[List, bool] | None = None
    held: List | None = None
    instead: List | None = None
    damaged: bool = False

    def read(self, images: List, *, whole: bool) -> Told:
        """What is to be told of a list."""
        self.instead = None
        if self.known is None:
            self.known, self.complete, self.held = images, whole, images
            return Counter()
        found = self._difference(self.known, images, whole, self.complete)
        if is_mass(found, self.known) and not self._is_confirmed(images, whole):
            self.waiting = images, whole
            self.held = images if self.held is None else self.held
            self.instead = images if self.damaged else None
            return Counter()
        self.waiting, self.held = None, images
        self.known = images if whole else self.known | images
        self.complete = self.complete or whole
        return found

    def agree(self, shown: list[Image]) -> None:
        """Fail where pages show anything else than they are to."""
        if self.instead is not None and shown == self._images(self.instead):
            self.held = self.instead
        assert self.held is not None
        assert shown == self._images(self.held)

    def _images(self, images: List) -> list[Image]:
        return [image(self.region, uuid, facts) for uuid, facts in images.items()]

    def _is_confirmed(self, images: List, whole: bool) -> bool:
        if self.waiting is None:
            return False
        seen, was_whole = self.waiting
        return not is_mass(self._difference(seen, images, whole, was_whole), seen)

    def _difference(self, before: List, after: List, whole: bool, complete: bool) -> Told:
        return difference(self.region, before, after, whole=whole, complete=complete)


# As the cloud sends it


@cached_function
def image(region: str, uuid: str, facts: Facts) -> Image:
    """As the cloud sends it and the product reads it."""
    read = read_image(region, json.dumps(item(uuid, facts)).encode(), Problems())
    assert read
    return read


def item(uuid: str, facts: Facts) -> dict[str, Any]:
    states = ["Connected"] * facts.up + ["Disconnected"] * (2 - facts.up)
    storages = [
        {"bsUuid": f"{number:032x}", "state": "Enabled", "status": each}
        for number, each in enumerate(states)
    ]
    return {
        "cimgUuid": uuid,
        "cimgId": f"cimg-{uuid}",
        "name": facts.name,
        "status": facts.status,
        "size": facts.size,
        "backupStorages": storages,
    }

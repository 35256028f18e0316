"""The inventories this process holds decoded, least recently used first out, bounded in bytes.

Reading a large body out of any cache costs 10-260 ms; a request reads the small head and finds the
images here when the head still names the same versions.
"""

from __future__ import annotations

import gc
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cachetools import LRUCache
from django.conf import settings
from django.db import connections

from images.cloud import heap
from images.cloud.packing import decode_body
from images.cloud.records import Image
from images.os_support import today
from images.region_names import spellings
from images.search.bitsets import BoundedCache
from images.search.index import Index
from images.services import counting, freshness
from images.services.snapshots import Head

# So long after it was fresh, what is held may be shown while something newer is loaded.
A_MOMENT_SECONDS = 10

# Of what is made for one set of accounts, and of how many sets.
SEVERAL_CACHE_BYTES, SETS = 800 * 1024, 64

Loader = Callable[[str, str, str, Iterable[Image]], Sequence[Image] | None]


@dataclass
class CachedInventory:
    """One token's images by (region, version), and the index over those that `head` names."""

    bodies: dict[tuple[str, str], Sequence[Image]]
    head: Head
    index: Index
    size: int

    @property
    def size_now(self) -> int:
        """With what was made of it for those who asked."""
        return self.size + self.index.cache.size + self.index.image_cache.size


_cached: OrderedDict[str, CachedInventory] = OrderedDict()
_gathered: LRUCache[Hashable, BoundedCache] = LRUCache(SETS)
_loading: set[str] = set()
_lock = threading.Lock()
# One builds the index of an account: all who waited for the same refresh would build the same, each
# for itself. Accounts share locks by chance, which makes one wait for another now and then.
_building = [threading.Lock() for _ in range(64)]


def index(key: str, head: Head, load: Loader, *, wait: bool) -> tuple[Head, Index] | None:
    """Return the index over every body that `head` names, and its head.

    When another process has read something new, and what is held was fresh a moment ago, the new
    is loaded in the background, and what is held is returned, with its own head. Else, and always
    with `wait`, it is loaded now. None when `load` cannot get a body.
    """
    with _lock:
        cached = _cached.get(key)
        if cached:
            _cached.move_to_end(key)
        if cached and _is_current(cached, head):
            if head.asked_at >= cached.head.asked_at:
                cached.head = head
            counting.note_read("body", "process")
            return head, cached.index
    oldest = freshness.clock() - settings.INVENTORY_FRESH_SECONDS - A_MOMENT_SECONDS
    if cached and cached.index.images and not wait and _will_do(cached.head, head, oldest):
        _load_in_background(key, head, load)
        return cached.head, cached.index
    return _load(key, head, load)


def gathered_cache(key: Hashable) -> BoundedCache:
    """Return what is kept of answers over several accounts, by all that they are made of.

    It holds no list: those are shared by all who may read them.
    """
    with _lock:
        found = _gathered.get(key)
        if found is None:
            found = _gathered[key] = BoundedCache(SEVERAL_CACHE_BYTES)
        return found


def _is_current(cached: CachedInventory, head: Head) -> bool:
    return cached.index.day == today() and _versions(cached.head) == _versions(head)


def _versions(head: Head) -> list[tuple[str, str]]:
    return [(entry.region.id, entry.version) for entry in head.regions if entry.version]


def _will_do(held: Head, newest: Head, oldest: float) -> bool:
    """Whether nothing that is held was read before `oldest` while there is something newer."""
    current = set(_versions(newest))
    return all(
        entry.fetched_at >= oldest or (entry.region.id, entry.version) in current
        for entry in held.regions
        if entry.version
    )


def _load(key: str, head: Head, load: Loader) -> tuple[Head, Index] | None:
    versions = _versions(head)
    with _building[hash(key) % len(_building)]:
        with _lock:
            cached = _cached.get(key)
            if cached and _is_current(cached, head):
                return head, cached.index  # Someone built it meanwhile.
            held = dict(cached.bodies) if cached else {}
        bodies: dict[tuple[str, str], Sequence[Image]] = {}
        for version in versions:
            # An empty region is held as well, and needs no loading.
            body = held[version] if version in held else load(key, *version, _of(version[0], held))
            if body is not None:
                bodies[version] = body
        if len(bodies) < len(versions):
            return None  # All were tried: `load` throws away what cannot be read.
        images = [image for body in bodies.values() for image in body]
        names = {each.region.id: spellings(each.region.name) for each in head.regions}
        # What was made of an image the day before may say what is no longer true of it.
        before = cached.index if cached and cached.index.day == today() else None
        built = Index(images, before, names)
        built.warm()
        size = sum(entry.weight for entry in head.regions if entry.version)
        limit = settings.INVENTORY_MEMORY_MB * 1024 * 1024
        with _lock:
            _cached[key] = CachedInventory(bodies, head, built, size)
            _cached.move_to_end(key)
            while len(_cached) > 1 and sum(each.size_now for each in _cached.values()) > limit:
                _cached.popitem(last=False)
                counting.EVICTIONS.inc()
    return head, built


def _of(region: str, held: Mapping[tuple[str, str], Sequence[Image]]) -> list[Image]:
    return [image for (each, _), body in held.items() if each == region for image in body]


def _load_in_background(key: str, head: Head, load: Loader) -> None:
    with _lock:
        if key in _loading:
            return
        _loading.add(key)

    def run() -> None:
        try:
            _load(key, head, load)
        finally:
            _loading.discard(key)
            connections.close_all()
            give_back()

    threading.Thread(target=run, name="load", daemon=True).start()


def decoded(key: str, region: str, version: str, body: bytes) -> Sequence[Image]:
    """Return the images that were just read; what has not changed are the ones held already."""
    with _lock:
        cached = _cached.get(key)
        held = dict(cached.bodies) if cached else {}
    if (region, version) in held:
        return held[region, version]
    images = decode_body(body, _of(region, held))
    assert images is not None, "it was encoded a moment ago"  # noqa: S101
    return images


def hold(key: str, region: str, version: str, images: Sequence[Image]) -> None:
    """Keep what was just fetched: a cache that fails loses nothing."""
    with _lock:
        cached = _cached.setdefault(key, CachedInventory({}, Head(), Index([]), 0))
        cached.bodies.setdefault((region, version), images)


def body(key: str, region: str, version: str) -> Sequence[Image] | None:
    """Return the images of a region as this process holds them, or None."""
    with _lock:
        cached = _cached.get(key)
        return cached.bodies.get((region, version)) if cached else None


def give_back() -> None:
    """Return to the system what the last inventory took, once another has its place.

    Pages that were made of it hold it until they are collected, for Django's contexts refer to
    themselves.
    """
    gc.collect()
    heap.trim()


def head(key: str) -> Head | None:
    """Return the last head that this process answered with."""
    with _lock:
        cached = _cached.get(key)
    return cached.head if cached and cached.head.asked_at else None


def forget() -> None:
    """Drop everything, as a process that has just started."""
    with _lock:
        _cached.clear()
        _gathered.clear()

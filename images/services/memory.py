"""The inventories this process holds decoded, least recently used first out, bounded in bytes.

Reading a large body out of any cache costs 10-260 ms; a request reads the small head and finds the
images here when the head still names the same versions.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings

from images.cloud.records import Image
from images.index import Index
from images.services.snapshots import Head

# Decoded records and their index, relative to the compressed body.
BYTES_PER_STORED_BYTE = 12

Versions = tuple[tuple[str, str], ...]
Loader = Callable[[str, str, str], Sequence[Image] | None]


@dataclass
class Shelf:
    """One token's images by (region, version), and the index over those of `versions`."""

    bodies: dict[tuple[str, str], Sequence[Image]]
    versions: Versions
    index: Index
    size: int


_shelves: OrderedDict[str, Shelf] = OrderedDict()
_lock = threading.Lock()


def index(key: str, head: Head, load: Loader) -> Index | None:
    """The index over every body that `head` names; None when `load` cannot get one of them."""
    versions = tuple((entry.region.id, entry.version) for entry in head.regions if entry.version)
    with _lock:
        shelf = _shelves.get(key)
        if shelf:
            _shelves.move_to_end(key)
    if shelf and shelf.versions == versions:
        return shelf.index
    held = shelf.bodies if shelf else {}
    bodies: dict[tuple[str, str], Sequence[Image]] = {}
    for version in versions:
        body = held.get(version)
        if body is None:
            body = load(key, *version)
        if body is None:
            return None
        bodies[version] = body
    size = BYTES_PER_STORED_BYTE * sum(entry.size for entry in head.regions if entry.version)
    images = [image for body in bodies.values() for image in body]
    _put(key, Shelf(bodies, versions, built := Index(images), size))
    return built


def _put(key: str, shelf: Shelf) -> None:
    limit = settings.INVENTORY_MEMORY_MB * 1024 * 1024
    with _lock:
        _shelves[key] = shelf
        _shelves.move_to_end(key)
        while len(_shelves) > 1 and sum(each.size for each in _shelves.values()) > limit:
            _shelves.popitem(last=False)


def hold(key: str, region: str, version: str, images: Sequence[Image]) -> None:
    """Keep what was just fetched, so that this process need not decode it again."""
    with _lock:
        shelf = _shelves.setdefault(key, Shelf({}, (), Index([]), 0))
        shelf.bodies[region, version] = images


def forget() -> None:
    """Drop everything, as a process that has just started."""
    with _lock:
        _shelves.clear()

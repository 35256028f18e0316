"""Indexes as pages ask them, for tests: of several accounts, or of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from images.cloud.records import Image
from images.search.bitsets import BoundedCache
from images.search.gathered_index import GatheredIndex, Part
from images.search.index import CACHE_BYTES, Index

ACCOUNT = "00000000-0000-4000-8000-000000000001"


def index_of(
    images: Sequence[Image], region_names: Mapping[str, Sequence[str]] | None = None
) -> GatheredIndex:
    """The index of one account that has these images."""
    return gathered({ACCOUNT: images}, region_names=region_names)


def gathered(
    images: Mapping[str, Sequence[Image]],
    names: Mapping[str, tuple[str, ...]] | None = None,
    region_names: Mapping[str, Sequence[str]] | None = None,
) -> GatheredIndex:
    """One index over accounts, by their ids; `names` are what words find them by."""
    parts = [
        Part(account, Index(of, region_names=region_names or {}), (names or {}).get(account, ()))
        for account, of in sorted(images.items())
    ]
    return GatheredIndex(parts, BoundedCache(CACHE_BYTES))

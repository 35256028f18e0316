"""The values of facets: which an image has, which are one, and how they are spelled. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from images.search.spelling import folded, spelled_size


def _text(value: Any) -> tuple[str, ...]:
    return (value or "unknown",)


def _flag(value: Any) -> tuple[str, ...]:
    return ("unknown" if value is None else "yes" if value else "no",)


def _texts(values: Any) -> tuple[str, ...]:
    if values is None:
        return ("unknown",)
    return tuple({value or "unknown" for value in values}) or ("none",)


def _ids(values: Any) -> tuple[str, ...]:
    return _texts(None if values is None else {value.lower() for value in values})


def _size(value: Any) -> tuple[str, ...]:
    return ("unknown" if value is None else spelled_size(value),)


VALUES: dict[str, Callable[[Any], tuple[str, ...]]] = {
    "text": _text,
    "code": _text,
    "region": _text,
    "state": _text,
    "support": _text,
    "flag": _flag,
    "size": _size,
    "texts": _texts,
    "ids": _ids,
}
"""By kind, the values of a facet that a field's value is: at least one, each once."""


# What stands for a value that is not known, and for no value at all. A cloud may have a value that
# is spelled alike in another case: that is another one.
STAND_INS = frozenset({"unknown", "none"})


def alike(value: str) -> str:
    """Return the same for values of a facet that differ in their spelling alone."""
    same = folded(value)
    return value if same in STAND_INS else same


def counted(
    cells: Counter[Any], values: Callable[[Any], tuple[str, ...]]
) -> dict[str, Counter[str]]:
    """Return for each value, as `alike` makes it, how many images have which spelling of it."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for cell, number in cells.items():
        for value in values(cell):
            counts[alike(value)][value] += number
    return counts


def commonest(spellings: Mapping[str, int]) -> str:
    """Return the spelling that most images have.

    Of equally many it is the first by the alphabet, so that every process shows the same.
    """
    return min(spellings, key=lambda each: (-spellings[each], each))

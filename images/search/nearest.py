"""What somebody may have meant who typed a value that there is not. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from images.search.query import FacetValue
from images.search.spelling import folded

MOST_COMPARED = 1_000  # values of a facet, the commonest ones


def nearest(text: str, values: Iterable[FacetValue]) -> list[FacetValue]:
    """Return the values that are spelled nearly or begin so, the nearest and commonest first."""
    typed, found = folded(text), []
    for each in list(values)[:MOST_COMPARED]:
        value = folded(each.value)
        if each.count and is_one_off(typed, value):
            found.append((0, -each.count, each))
        elif each.count and typed and value.startswith(typed):
            found.append((1, -each.count, each))
    return [each for _rank, _count, each in sorted(found, key=lambda one: one[:2])]


def is_one_off(text: str, other: str) -> bool:
    """Whether one letter more, less or another, or two the other way around, make them the same."""
    shorter = min(len(text), len(other))
    if shorter < 2 or abs(len(text) - len(other)) > 1:
        return False
    start = next((at for at in range(shorter) if text[at] != other[at]), shorter)
    rest, other_rest = text[start:], other[start:]
    swapped = rest[1::-1] + rest[2:]
    return (
        rest[1:] == other_rest[1:]
        or rest[1:] == other_rest
        or rest == other_rest[1:]
        or swapped == other_rest
    )

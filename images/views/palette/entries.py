"""What the palette offers, and which of it words find: prefix before word before part of one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from images.search.spelling import folded

SHOWN = 6  # of a group


class Entry(NamedTuple):
    """One thing to choose: a link, or a text to `copy`.

    `before` stands before its title and `hint` at the end of its line, where `keys` are what does
    the same. `also` are other words that find it. `swaps` is the id of the part of the list that
    the link fills; "" where it leads to another page. `is_chosen` says that it is so already.
    """

    title: str
    href: str = ""
    before: str = ""
    hint: str = ""
    keys: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    copy: str = ""
    swaps: str = ""
    is_chosen: bool = False


class Group(NamedTuple):
    name: str
    title: str
    entries: list[Entry]


class Words:
    """What someone typed, as it is compared with titles."""

    def __init__(self, text: str) -> None:
        self.text = folded(text)
        self.parts = self.text.split()
        self._word = re.compile(rf"(?<!\w){re.escape(self.text)}")

    def rank(self, texts: Iterable[str], of: str = "") -> int | None:
        """Return how well the words find a thing called so, 0 being best; None if they do not.

        What it is one `of`, such as "OS", is found by words, not by a part of one.
        """
        names = [folded(text) for text in texts if text]
        if any(name.startswith(self.text) for name in names):
            return 0
        if any(self._word.search(name) for name in names):
            return 1
        if any(self.text in name for name in names):
            return 2
        together = " ".join((*names, folded(of)))
        return 3 if all(self._begins(part, together) for part in self.parts) else None

    def _begins(self, part: str, text: str) -> bool:
        return re.search(rf"(?<!\w){re.escape(part)}", text) is not None


def in_order(groups: Iterable[Group], words: Words) -> list[Group]:
    """Return the groups that have anything, those first whose best entry the words find best.

    Equals keep the given order; what the words do not find by its name is there for all of them.
    """
    some = [group for group in groups if group.entries]
    return sorted(some, key=lambda group: _rank(group.entries[0], words) or 0)


def _rank(entry: Entry, words: Words) -> int | None:
    return words.rank((entry.title, *entry.also), entry.before)


def found(entries: Iterable[Entry], words: Words, most: int = SHOWN) -> list[Entry]:
    """Return the best of the entries that the words find, in the given order among equals."""
    ranked: list[list[Entry]] = [[], [], [], []]
    for entry in entries:
        rank = _rank(entry, words)
        if rank is not None:
            ranked[rank].append(entry)
    return [entry for equals in ranked for entry in equals][:most]

"""Columns of a table, kept so that questions about 100,000 rows take milliseconds.

A set of rows is one integer with a bit for each row: two sets are combined, and their members
counted, in microseconds. This is why each facet can be counted without its own selection, and why
the counts cost the same however the facets correlate.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from itertools import accumulate, chain, compress, count, islice, repeat
from operator import itemgetter, sub
from sys import getsizeof
from threading import Lock
from typing import Any, TypeVar

from cachetools import LRUCache
from msgspec import Struct
from msgspec.structs import astuple

from images.search.spelling import folded

Rows = int
"""A set of rows: row i of n is a member when digit i, from the left, of n binary digits is 1."""

Value = TypeVar("Value")

END = "\1"  # of a text, where many are joined
SHARED = 200  # a text that one row in this many has keeps its rows as a set
SPARSE = 32  # fewer rows than one in this many are sorted, more are picked out of the whole order
DENSE = 6  # a part that is found more often than once in this many rows is looked for in each text
RARE = 1000  # a value with fewer rows than one in this many is counted row by row, which is cheaper

ENTRY_BYTES = 400  # what an entry takes besides its key and its value, about

_TO_DIGITS = bytes.maketrans(b"\0\1", b"01")
_FROM_DIGITS = bytes.maketrans(b"01", b"\0\1")


def pack(flags: bytes | bytearray) -> Rows:
    """Return the rows whose flag is 1; `flags` has one byte, 0 or 1, for each row."""
    return int(flags.translate(_TO_DIGITS), 2) if flags else 0


def unpack(rows: Rows, length: int) -> bytes:
    """Return one byte, 0 or 1, for each of `length` rows."""
    return format(rows, f"0{length}b").encode().translate(_FROM_DIGITS) if length else b""


def members(rows: Iterable[int], length: int) -> Rows:
    flags = bytearray(length)
    for row in rows:
        flags[row] = 1
    return pack(flags)


class ValueIndex:
    """The rows of each value of a column that may have several values in one row."""

    def __init__(self, column: Sequence[Hashable], values: Callable[[Any], Iterable[str]]) -> None:
        """`values(cell)` are the distinct values of a cell."""
        self.length = len(column)
        self.common: dict[str, Rows] = {}
        self.rare: list[str] = []
        # One entry for each row of each rare value: the row, and the value's place in `rare`.
        self.rare_rows, self.rare_places = array("I"), array("I")
        codes: defaultdict[Hashable, int] = defaultdict(count().__next__)
        coded = list(map(codes.__getitem__, column))
        codes_of: defaultdict[str, list[int]] = defaultdict(list)
        for cell, code in codes.items():
            for value in values(cell):
                codes_of[value].append(code)
        # As bytes, rows are found ten times as fast; what each value costs then must not add up.
        if len(codes) <= 256 and len(codes_of) <= 1024:
            self._add_few(bytes(coded), codes_of)
        else:
            self._add_many(coded, codes_of)

    def _add_few(self, coded: bytes, codes_of: dict[str, list[int]]) -> None:
        for value, codes in codes_of.items():
            chosen = bytearray(256)
            for code in codes:
                chosen[code] = 1
            self.common[value] = pack(coded.translate(chosen))

    def _add_many(self, coded: list[int], codes_of: dict[str, list[int]]) -> None:
        rows_of: defaultdict[int, list[int]] = defaultdict(list)
        for row, code in enumerate(coded):
            rows_of[code].append(row)
        for value in sorted(codes_of):
            rows = [row for code in codes_of[value] for row in rows_of[code]]
            if len(rows) * RARE >= self.length:
                self.common[value] = members(rows, self.length)
            else:
                self.rare_rows.extend(rows)
                self.rare_places.extend([len(self.rare)] * len(rows))
                self.rare.append(value)

    def having(self, value: str) -> Rows:
        """Return the rows with this value; none when no row has it."""
        if value in self.common:
            return self.common[value]
        place = bisect_left(self.rare, value)
        if place == len(self.rare) or self.rare[place] != value:
            return 0
        start = bisect_left(self.rare_places, place)
        end = bisect_left(self.rare_places, place + 1)
        return members(self.rare_rows[start:end], self.length)

    def counts(self, rows: Rows) -> dict[str, int]:
        """Return how many of `rows` have each value; values that none of them has are left out."""
        if not rows:
            return {}
        counts = {}
        for value, having in self.common.items():
            if number := (rows & having).bit_count():
                counts[value] = number
        if self.rare:
            flags = unpack(rows, self.length)
            places = compress(self.rare_places, map(flags.__getitem__, self.rare_rows))
            for place, number in Counter(places).items():
                counts[self.rare[place]] = number
        return counts


def _one_byte_characters(text: str) -> str:
    # Python keeps a text with one Chinese character at two bytes for each of them. Parts are found
    # in UTF-8 as well as in characters, and in half the memory.
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


class TextIndex:
    """Texts, one for each row, found by a part in any case and width. Equal texts are one."""

    def __init__(self, texts: Iterable[str]) -> None:
        numbers_of: defaultdict[str, int] = defaultdict(count().__next__)
        numbers = list(map(numbers_of.__getitem__, texts))
        self.length = len(numbers)
        joined = END.join(text.replace(END, "\0") for text in numbers_of)
        self.joined = _one_byte_characters(folded(joined))
        self.alphabet = frozenset(self.joined)
        # Where each text starts, and where its rows do among `rows`; and where one text more would.
        lengths = (len(text) + len(END) for text in self.joined.split(END))
        self.starts = array("I", accumulate(lengths, initial=0))
        self.rows = array("I", sorted(range(self.length), key=numbers.__getitem__))
        counts = Counter(numbers)
        self.places = array("I", accumulate(map(counts.__getitem__, sorted(counts)), initial=0))
        self.shared = {
            number: members(self._rows_of(number), self.length)
            for number in counts
            if counts[number] * SHARED >= self.length
        }

    def _rows_of(self, number: int) -> array[int]:
        return self.rows[self.places[number] : self.places[number + 1]]

    def having(self, part: str) -> Rows:
        """Return the rows whose text contains `part`, folded and without control characters."""
        part = _one_byte_characters(part)
        if not self.alphabet.issuperset(part):
            return 0
        at = self.joined.find(part)
        if at < 0:
            return 0
        if self.joined.count(part) * DENSE > self.length:
            return self._having_often(part)
        flags, found = bytearray(self.length), 0
        while at >= 0:
            number = bisect_right(self.starts, at) - 1
            if number in self.shared:
                found |= self.shared[number]
            else:
                for row in self._rows_of(number):
                    flags[row] = 1
            at = self.joined.find(part, self.starts[number + 1])
        return found | pack(flags)

    def _having_often(self, part: str) -> Rows:
        """Return the same by looking at each text, which is cheaper than at each place found."""
        having = [part in text for text in self.joined.split(END)]
        rows_of_each = map(sub, self.places[1:], self.places)
        flags = bytearray(self.length)
        having_rows = chain.from_iterable(map(repeat, having, rows_of_each))
        for row, flag in zip(self.rows, having_rows, strict=True):
            flags[row] = flag
        return pack(flags)


class Order:
    """All rows in one order, from which any set of rows is put in order."""

    def __init__(self, rows: Sequence[int]) -> None:
        self.rows = array("I", rows)
        self._ranks: array[int] | None = None

    def ranks(self) -> array[int]:
        if self._ranks is None:
            ranks = array("I", bytes(self.rows.itemsize * len(self.rows)))
            for rank, row in enumerate(self.rows):
                ranks[row] = rank
            self._ranks = ranks
        return self._ranks

    def pick(self, rows: Rows, upto: int) -> array[int]:
        """Return the first `upto` of `rows` in this order, or more when that costs nothing."""
        length, total = len(self.rows), rows.bit_count()
        if total == length:
            return self.rows
        flags = unpack(rows, length)
        if total * SPARSE < length:
            return array("I", sorted(_positions(flags), key=self.ranks().__getitem__))
        if upto < total:
            return array("I", islice(compress(self.rows, map(flags.__getitem__, self.rows)), upto))
        return array("I", [row for row in self.rows if flags[row]])


def _positions(flags: bytes) -> list[int]:
    found = []
    at = flags.find(1)
    while at >= 0:
        found.append(at)
        at = flags.find(1, at + 1)
    return found


def ordered(rows: Iterable[int], column: Sequence[Any], descending: bool) -> list[int]:
    """Return `rows` sorted by their cells, equal ones as they came, those with None last."""
    rows = list(rows)
    known = [row for row in rows if column[row] is not None]
    unknown = [row for row in rows if column[row] is None] if len(known) < len(rows) else []
    known.sort(key=column.__getitem__, reverse=descending)
    return known + unknown


class BoundedCache:
    """Values by key, up to `limit` bytes of both; the least recently used are forgotten."""

    def __init__(self, limit: int) -> None:
        self._entries: LRUCache[Hashable, tuple[Any, int]] = LRUCache(limit, itemgetter(1))
        self._lock = Lock()

    @property
    def size(self) -> int:
        return int(self._entries.currsize)

    def get(self, key: Hashable) -> Any:
        """Return the value, or None."""
        with self._lock:
            return self._entries.get(key, (None,))[0]

    def put(self, key: Hashable, value: Value, size: int) -> Value:
        """Cache and return a value of about `size` bytes.

        The key is charged as well, for anyone can think of more of them, and of longer ones.
        """
        size += ENTRY_BYTES + weight(key)
        with self._lock, suppress(ValueError):  # One that is larger than the limit is not cached.
            self._entries[key] = (value, size)
        return value


class Within:
    """What one of several owners keeps in a cache that they share."""

    def __init__(self, cache: BoundedCache, owner: Hashable) -> None:
        self._cache, self._owner = cache, owner

    def get(self, key: Hashable) -> Any:
        return self._cache.get((self._owner, key))

    def put(self, key: Hashable, value: Value, size: int) -> Value:
        return self._cache.put((self._owner, key), value, size)


Cache = BoundedCache | Within


def weight(value: object) -> int:
    """Return about how many bytes a value takes, with those in it."""
    size = getsizeof(value)
    if isinstance(value, tuple | list | frozenset):
        # None, "" and the like are the same everywhere.
        return size + sum(weight(each) for each in value if each)
    if isinstance(value, Struct):
        return size + sum(map(weight, astuple(value)))
    if is_dataclass(value):
        return size + sum(weight(getattr(value, field.name)) for field in fields(value))
    return size

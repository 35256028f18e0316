"""What is typed into the search box as parameters of the address, and a query as that text.

`os:CentOS` is the parameter `os`, and so is every facet; `-os:CentOS` is `-os`. `size:>20GB`,
`created:2024-01..2024-03` and `disk:<=40GB` are the ranges, which have two parameters or another
name. Only `lifted` and `box_text` know that: whoever has a query has it from any of its spellings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from images import bounds
from images.fields import ACCOUNT, FACETS
from images.grammar import MAX_BYTES, MAX_LENGTH, TOO_LONG, Rejected, plain, read_size
from images.search.language import Term, terms, written
from images.search.query import CHOICES, ImageQuery
from images.search.spelling import spelled_size

RANGES = ("min_size", "max_size", "created_after", "created_before", "fits_disk")
NAMES = frozenset((*FACETS, *RANGES, "name", "image", "size", "created", "disk"))
# What a word may be a value of, the likelier first.
WORD_FACETS = ("os", "version", "region", "status", "tag", "platform", "arch", "scene", "zone")
MAX_WORDS = 10  # Each costs a look through every text.
TOO_MANY_WORDS = format_lazy(_("more than {number} words"), number=MAX_WORDS)
# Between two ends, or after one of the operators.
SPAN = re.compile(r"(?P<low>[^<>=]*?)\.{2,3}(?P<high>[^<>=]*)|(?P<operator>[<>]=?|=?)(?P<value>.*)")

Pairs = list[tuple[str, str]]


class Lifted(NamedTuple):
    """The words of a text as a text, its qualifiers as parameters, and those not finished."""

    words: str
    pairs: Pairs
    unfinished: list[str]


def lifted(text: str) -> Lifted:
    """Return what is typed, taken apart; a text without qualifiers is all words, as it is."""
    found = terms(text, NAMES)
    qualifiers = [term for term in found if term.name]
    if not qualifiers:
        return Lifted(text, [], [])
    pairs: Pairs = []
    unfinished = []
    for term in qualifiers:
        said = [(name, value) for name, value in _parameters(term) if value]
        pairs += said
        if not said:
            unfinished.append(written([term], NAMES))
    return Lifted(written((term for term in found if not term.name), NAMES), pairs, unfinished)


def _parameters(term: Term) -> Pairs:
    if term.excluded:
        return [(f"-{'medium' if term.name == 'disk' else term.name}", term.text)]
    return SPANS[term.name](term.text) if term.name in SPANS else [(term.name, term.text)]


def _size(text: str) -> Pairs:
    return _span(text, ("min_size", "max_size"), str, _larger, _smaller)


def _created(text: str) -> Pairs:
    return _span(text, ("created_after", "created_before"), _included, _after, _before)


Write = Callable[[str], str]


def _span(text: str, names: tuple[str, str], included: Write, above: Write, below: Write) -> Pairs:
    """Return the ends of a span; what is written of an end depends on whether it is included."""
    (first, last), found = names, SPAN.fullmatch(plain(text))
    if found is None:
        return [(first, text)]
    if found["operator"] is None:
        low, high = (end.strip().removeprefix("*") for end in (found["low"], found["high"]))
        return [(first, low), (last, included(high))]
    value = found["value"].strip()
    return {
        ">": [(first, above(value))],
        ">=": [(first, value)],
        "<": [(last, below(value))],
        "<=": [(last, included(value))],
    }.get(found["operator"], [(first, value), (last, included(value))])


def _larger(size: str) -> str:
    return _moved(size, 1)


def _smaller(size: str) -> str:
    return _moved(size, -1)


def _moved(size: str, by: int) -> str:
    try:
        return spelled_size(read_size(size) + by)
    except Rejected:
        return size  # Whoever reads the parameter says why.


def _included(period: str) -> str:
    return _bound(period, lambda text: bounds.write_last(bounds.read_end(text)))


def _after(period: str) -> str:
    return _bound(period, lambda text: bounds.write_first(bounds.read_end(text)))


def _before(period: str) -> str:
    return _bound(period, lambda text: bounds.write_last(bounds.read_first(text)))


def _bound(period: str, write: Write) -> str:
    try:
        return write(period)
    except (ValueError, OverflowError):
        return period


def _disk(text: str) -> Pairs:
    """Return what fits a disk of a size; no size is a medium, whose older name this is."""
    found = SPAN.fullmatch(plain(text))
    operator, value = (found["operator"], found["value"].strip()) if found else (None, "")
    if operator == "<":
        return [("fits_disk", _smaller(value))]
    if operator in ("<=", "=") or (operator == "" and value[:1].isdigit()):
        return [("fits_disk", value)]
    return [("medium" if operator == "" else "fits_disk", text)]


SPANS = {"size": _size, "created": _created, "disk": _disk}


def read_words(text: str) -> str:
    """Return the words of a parameter `q` as they are written, at most MAX_LENGTH characters."""
    shown = _shown(text)
    kept: list[Term] = []
    why = None if shown == text else _("control characters were removed")
    room = MAX_LENGTH
    for term in terms(shown):
        word = _shown(term.text).strip("\0")
        if len(kept) == MAX_WORDS or len(word) > room:
            why = TOO_MANY_WORDS if len(kept) == MAX_WORDS else TOO_LONG
            kept += [] if kept else [term._replace(text=word[:room])]
            break
        room -= len(word) + 1
        kept += [term._replace(text=word)] if word else []
    words = written(kept, NAMES)
    if why:
        raise Rejected(why, words)
    return words


def _shown(text: str) -> str:
    return "".join(each for each in text if unicodedata.category(each) not in ("Cc", "Cs"))


def box_text(query: ImageQuery, accounts: Mapping[str, str]) -> str:
    """Return the text of the search box for all that the query chooses images by.

    `accounts` are the words that mean one, by its id.
    """
    return written([*terms(query.q), *_qualifiers(query, accounts)], NAMES)


def box_value(query: ImageQuery, accounts: Mapping[str, str]) -> str:
    """Return the text with a blank after a qualifier, so that one types on with another term."""
    text = box_text(query, accounts)
    return text if text == query.q else f"{text} "


def _qualifiers(query: ImageQuery, accounts: Mapping[str, str]) -> Iterator[Term]:
    for choice in CHOICES:
        facet, excluded = choice.removeprefix("-"), choice[0] == "-"
        words = accounts if facet == ACCOUNT else {}
        yield from (Term(words.get(each, each), facet, excluded) for each in query.chosen(choice))
    yield from (Term(name, "name") for name in query.name)
    yield from (Term(place, "image") for place in query.image)
    yield from (Term(span, "size") for span in _sizes(query.min_size, query.max_size))
    yield from (Term(span, "created") for span in _times(query))
    if query.fits_disk is not None:
        yield Term(f"<={spelled_size(query.fits_disk)}", "disk")


def _sizes(low: int | None, high: int | None) -> list[str]:
    """Return the spans of sizes; a round one that is left out reads better than its neighbour."""
    first = "" if low is None else _rounder(">", low - 1, low)
    last = "" if high is None else _rounder("<", high + 1, high)
    if first.startswith(">=") and last.startswith("<="):
        return [first[2:] if low == high else f"{first[2:]}..{last[2:]}"]
    return [span for span in (first, last) if span]


def _rounder(operator: str, beyond: int, size: int) -> str:
    outside, inside = spelled_size(beyond), spelled_size(size)
    if 0 <= beyond <= MAX_BYTES and len(outside) < len(inside):
        return operator + outside
    return f"{operator}={inside}"


def _times(query: ImageQuery) -> list[str]:
    after, before = query.created_after, query.created_before
    first = "" if after is None else bounds.write_first(after)
    last = "" if before is None else bounds.write_last(before)
    if first and last and "T" not in first + last:
        return [first if first == last else f"{first}..{last}"]
    until = f"<{last}" if "T" in last else f"<={last}"
    return [*([f">={first}"] if first else []), *([until] if last else [])]

"""The language of the search box as text: words, phrases and qualifiers, read and written. Pure.

A term is a word, a "phrase" or a qualifier as in os:CentOS, each after a "-" where it excludes. A
value with blanks is quoted; within quotes a backslash goes before a quote and before itself, and
what nobody would see is written as \\u200b. Full-width quotes, minus and colon are as good as
others, for Chinese input methods type them. What is no term of any other kind is a word, so that
every text says something; whatever `written` makes of terms, `terms` reads again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from images.search.spelling import folded

QUOTES, MINUSES, COLONS = '"＂“”„', "－−-", ":："
WORD = re.compile(rf"\s*(?P<minus>[{MINUSES}](?=[^\s{MINUSES}]))?(?P<bare>\S*)")
TERM = re.compile(
    rf"\s*(?=\S)(?P<minus>[{MINUSES}](?=[^\s{MINUSES}]))?(?:(?P<name>[^\W\d]\w*)[{COLONS}])?"
    rf"(?:[{QUOTES}](?P<quoted>(?:\\.|[^\\{QUOTES}])*)(?:[{QUOTES}]|\\?\Z)|(?P<bare>\S*))",
    re.DOTALL,
)
# No surrogates, of which no UTF-8 can be made.
ESCAPED = re.compile(
    rf"\\(?:u((?!d[89a-f])[0-9a-f]{{4}})|U(000[1-9a-f][0-9a-f]{{4}}|0010[0-9a-f]{{4}})|([\\{QUOTES}]))"
)


class Term(NamedTuple):
    """A word or phrase, or with a `name` a qualifier; `text` is what it says, not quoted.

    A qualifier whose text is "" is not finished.
    """

    text: str
    name: str = ""
    excluded: bool = False


def terms(text: str, names: Collection[str] = ()) -> list[Term]:
    """Return the terms of a text; of qualifiers there are those of these names."""
    found = map(_term, _matches(text, names))
    return [term for term in found if term.text or term.name]


def last_term(text: str, names: Collection[str]) -> tuple[str, Term]:
    """Return the term that a text ends in, after what stands before it; none after a blank."""
    matches = [match for match in _matches(text, names) if match.end() == len(text)]
    if not matches:
        return text, Term("")
    return text[: len(text) - len(matches[-1][0].lstrip())], _term(matches[-1])


def _matches(text: str, names: Collection[str]) -> Iterator[re.Match[str]]:
    at = 0
    while match := TERM.match(text, at):
        if folded(match["name"] or "") not in ("", *names):
            match = WORD.match(text, at) or match
        yield match
        at = match.end()


def _term(match: re.Match[str]) -> Term:
    parts = match.groupdict()
    quoted = parts.get("quoted")
    text = parts["bare"] if quoted is None else unescaped(quoted)
    return Term(text, folded(parts.get("name") or ""), bool(parts["minus"]))


def written(terms: Iterable[Term], names: Collection[str] = ()) -> str:
    """Return the text of terms, none of which is empty, with one blank between them."""
    return " ".join(_written(term, names) for term in terms)


def _written(term: Term, names: Collection[str]) -> str:
    head = ("-" if term.excluded else "") + (f"{term.name}:" if term.name else "")
    bare = head + term.text
    if bare.isprintable() and terms(bare, names) == [term]:
        return bare
    return f"{head}{quoted(term.text)}"


def quoted(text: str) -> str:
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(letter: str) -> str:
    if letter in QUOTES or letter == "\\":
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    return f"\\u{ord(letter):04x}" if ord(letter) <= 0xFFFF else f"\\U{ord(letter):08x}"


def unescaped(text: str) -> str:
    return ESCAPED.sub(lambda found: found[3] or chr(int(found[1] or found[2], 16)), text)

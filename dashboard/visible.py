"""Whether a text can be seen: a link whose text cannot be seen cannot be clicked on."""

from __future__ import annotations

import unicodedata

# Controls, formats (zero-width ones too), halves of surrogate pairs, blanks of every width, and
# marks that need a letter to stand on.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Mn", "Me"})
# Letters and signs that look like nothing: Hangul fillers, the braille blank, a notehead that is
# not written, the place of an object.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159\ufffc")
# Not assigned, but to be ignored: https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
_IGNORED = (range(0x2065, 0x2066), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))


def has_visible(text: str) -> bool:
    """Return whether any character of the text leaves a mark on a screen."""
    return any(map(_is_visible, text))


def _is_visible(character: str) -> bool:
    if "!" <= character <= "~":
        return True
    if unicodedata.category(character) in _UNSEEN or character in _FILLERS:
        return False
    return not any(ord(character) in each for each in _IGNORED)

"""When two texts are the same, and which comes first, for people: whatever a keyboard, a font or a
cloud makes of one word, it is one word. Pure.
"""

from __future__ import annotations

import re
import unicodedata

DIGITS = re.compile(r"[0-9]+")


def folded(text: str) -> str:
    """The text as it is searched and compared in any case: composed (NFKC), so that full-width and
    half-width letters are the same, and casefolded."""
    if text.isascii():  # Nearly all of them, and ten times as fast.
        return text.lower()
    # Casefolding may take a text apart again.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def composed(text: str) -> str:
    """The text as exact names are compared (NFC): an accent is part of its letter, however it was
    typed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def natural(text: str) -> str:
    """A key that sorts texts in any case and numbers in them by their value: app-2 before app-10.

    Each number is preceded by how many digits it has, so that comparing keys letter by letter
    compares numbers; a number may have more digits than int() takes.
    """
    return DIGITS.sub(_number, folded(text))


def _number(found: re.Match[str]) -> str:
    digits = found[0].lstrip("0")
    # The digit in front keeps numbers where digits sort, before letters.
    return f"0{chr(1 + min(len(digits), 0xD000))}{digits}"

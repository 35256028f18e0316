"""When two texts are the same, and which comes first, for people.

Whatever a keyboard, a font or a cloud makes of one word, it is one word. Pure.
"""

from __future__ import annotations

import re
import unicodedata

DIGITS = re.compile(r"[0-9]+")
UNITS = {
    f"{letter}{ending}": base**power
    for ending, base in (("iB", 1024), ("B", 1000))
    for power, letter in reversed(list(enumerate("KMGTPE", 1)))
}


def folded(text: str) -> str:
    """Return the text as it is searched, and compared in any case: composed and casefolded.

    Composed by NFKC, full-width and half-width letters are the same.
    """
    if text.isascii():  # Nearly all of them, and ten times as fast.
        return text.lower()
    # Casefolding may take a text apart again.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def composed(text: str) -> str:
    """Return the text as exact names are compared: an accent is part of its letter (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def spelled_size(size: int, blank: str = "") -> str:
    """Return bytes as they are read again, exact and short: "20GiB", "20GB" or the number.

    The unit may have a blank before it.
    """
    units = [unit for unit, length in UNITS.items() if size and size % length == 0]
    written = [f"{size // UNITS[unit]}{blank}{unit}" for unit in units]
    return min([*written, str(size)], key=len)


def natural(text: str) -> str:
    """Return a key that sorts texts in any case, and numbers in them by value: app-2, app-10.

    Each number is preceded by how many digits it has, so that comparing keys letter by letter
    compares numbers; a number may have more digits than int() takes.
    """
    return DIGITS.sub(_number, folded(text))


def _number(found: re.Match[str]) -> str:
    digits = found[0].lstrip("0")
    # The digit in front keeps numbers where digits sort, before letters.
    return f"0{chr(1 + min(len(digits), 0xD000))}{digits}"

"""How regions are called: by the cloud's name in the language of who reads, and by their id. Pure.

The cloud names a region in one language. Names that are known in both are translated here, by the
name and not by the id, so that nothing is shown that the cloud does not say; a region of any other
name keeps the cloud's in both languages.
"""

from __future__ import annotations

import re

from images.search.spelling import folded

# In English and in Chinese. Guangzhou and Beijing are documented, Shanghai is the sandbox's.
NAMES = (("Beijing", "北京"), ("Guangzhou", "广州"), ("Shanghai", "上海"))
NUMERALS = "一二三四五六七八九"
ZONE = re.compile(f"(.+)([{NUMERALS}])区")
_names_of = {folded(name): names for names in NAMES for name in names}


def translated(name: str, language: str | None) -> str:
    """Return the name of a region in that language, or as it is where no other is known."""
    names = _names_of.get(folded(name.strip()))
    if names is None:
        return name
    return names[1] if language and language.startswith("zh") else names[0]


def translated_zone(name: str, language: str | None) -> str:
    """Return the name of a zone, such as 北京一区, in that language, by the name of its region."""
    found = ZONE.fullmatch(name.strip())
    if not found or not language or language.startswith("zh"):
        return name
    region = translated(found[1], language)
    return name if region == found[1] else f"{region} zone {NUMERALS.index(found[2]) + 1}"


def title(name: str, region: str) -> str:
    """Return the name and id of a region, "Beijing bj", or the id alone where it is the name."""
    return region if name.casefold() == region.casefold() else f"{name} {region}"


def spellings(name: str) -> tuple[str, ...]:
    """Return the names that a region is searched by: the cloud's, in every known language."""
    return _names_of.get(folded(name.strip()), (name,))

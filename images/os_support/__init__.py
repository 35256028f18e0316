"""Until when the maker of an image's operating system supports it.

The facts are those of `table.json`, which says of when it is and whose they are. What a cloud calls
a system and its release is matched by whole words that are known: what has any other is *unknown*,
never guessed.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

State = Literal["ok", "ends-soon", "extended", "ended", "unknown"]
SUPPORT_STATES: tuple[State, ...] = ("ok", "ends-soon", "extended", "ended", "unknown")
ENDS_SOON = timedelta(days=180)
# A table that is older may miss that a date was moved, and what was released since.
OLD_TABLE = timedelta(days=180)

# What may stand beside a release and says nothing of it.
BESIDE = frozenset(
    {
        *("lts", "server", "release", "version"),
        *("datacenter", "standard", "enterprise", "数据中心版", "标准版", "企业版"),
        *("x64", "x86", "x86_64", "amd64", "arm64", "aarch64", "i386"),
        *(f"{bits}{word}" for bits in (32, 64) for word in ("bit", "位", "位中文版", "位英文版")),
        *("中文版", "英文版"),
    }
)
CUDA = re.compile(r"_?cuda[0-9.]+_?", re.ASCII)
# 12, 22.04.6 and 8_5; 2012r2; 20h2.
NUMBER = re.compile(r"[0-9]+(?:[._][0-9]+)*(?:r2)?|[0-9]{2}h[12]", re.ASCII)
SERVICE_PACK = re.compile(r"sp([0-9])", re.ASCII)

clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731  (tests set it)


class Release(NamedTuple):
    """A release of a system, and the last days of its support; None where none is known.

    `standard_end` is that of the maker's updates for everybody, `extended_end` that of longer ones,
    which are paid or others'.
    """

    system: str
    release: str
    standard_end: date | None
    extended_end: date | None

    def state(self, today: date) -> State:
        """Return how the support stands on a day: "extended" is where the standard one is over."""
        if self.standard_end is None:
            return "unknown"
        if today <= self.standard_end:
            return "ends-soon" if self.standard_end - today <= ENDS_SOON else "ok"
        has_more = self.extended_end is not None and today <= self.extended_end
        return "extended" if has_more else "ended"


@dataclass(frozen=True)
class Table:
    """The facts: `spellings` are systems by what they are called, as `_words` writes it."""

    as_of: date
    source: str
    spellings: dict[str, str]
    releases: dict[tuple[str, str], Release]

    def is_old(self, today: date) -> bool:
        return today - self.as_of > OLD_TABLE


def _words(text: str) -> str:
    """Return a text in small letters and plain width, words apart by one blank."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"\([^()]*\)|[-\s]+", " ", plain).split())


def _table() -> Table:
    found = json.loads((Path(__file__).parent / "table.json").read_text())
    spellings: dict[str, str] = {}
    releases: dict[tuple[str, str], Release] = {}
    for system, of in found["systems"].items():
        spellings |= {_words(spelling): system for spelling in of["spellings"]}
        for release, ends in of["releases"].items():
            days = (None if end is None else date.fromisoformat(end) for end in ends)
            releases[system, release] = Release(system, release, *days)
    return Table(date.fromisoformat(found["as_of"]), found["source"], spellings, releases)


TABLE = _table()


@lru_cache(maxsize=4096)
def release_of(family: str | None, version: str | None) -> Release | None:
    """Return which release a cloud means by these two; None where that is not certain."""
    system, rest = _system(_words(f"{family or ''} {version or ''}"))
    again, rest_again = _system(rest)
    if again.startswith(system):  # The version begins with the family, or says it better.
        system, rest = again or system, rest_again
    words = CUDA.sub(" ", rest).split()
    if system == "CentOS" and "stream" in words:
        system = "CentOS Stream"
        words.remove("stream")
    found = {_release(system, word, words) for word in words if _is_told(system, word)}
    return found.pop() if len(found) == 1 else None


def _system(words: str) -> tuple[str, str]:
    """Return the system whose name the words begin with, and the rest; "" for none."""
    beginnings = (words[:end] for end in range(len(words), 0, -1) if words[end : end + 1] in " ")
    name = next((each for each in beginnings if each in TABLE.spellings), "")
    return (TABLE.spellings[name], words[len(name) :].strip()) if name else ("", words)


def _is_told(system: str, word: str) -> bool:
    """Whether a word says which release it is; of one that is not known nobody can tell."""
    beside = word in BESIDE or (system == "Windows Server" and word == "r2")
    pack = system in ("Windows Server", "SLES") and SERVICE_PACK.fullmatch(word)
    return not (beside or pack)


def _release(system: str, word: str, words: list[str]) -> Release | None:
    """Return the release that a number means, beside the other words; None for any other word."""
    if not NUMBER.fullmatch(word):
        return None
    parts = word.removesuffix("r2").replace("_", ".").split(".")
    pack = next(filter(None, map(SERVICE_PACK.fullmatch, words)), None)
    if system == "SLES" and pack:
        parts.append(pack[1])
    if system == "Windows Server" and (word.endswith("r2") or "r2" in words):
        parts[-1] += " R2"
    whole = ".".join(parts).replace("h", "H")
    if release := TABLE.releases.get((system, whole)):
        return release
    beginnings = [".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1)]
    begins = next((each for each in beginnings if (system, each) in TABLE.releases), "")
    # Where the releases within one have dates of their own, another one of them is not known.
    siblings = any(of == system and each.startswith(f"{begins}.") for of, each in TABLE.releases)
    return None if siblings or not begins else TABLE.releases[system, begins]


def today() -> date:
    """Return the day in UTC, by which support ends."""
    return clock().date()


def support_state(family: str | None, version: str | None) -> State:
    """Return how the support of a system stands today."""
    release = release_of(family, version)
    return release.state(today()) if release else "unknown"

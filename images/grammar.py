"""Single values of the query string: texts read into values, and values written as texts.

Sizes are bytes or "20GiB"; of dates and times `images.bounds` knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from images import bounds
from images.bounds import Bound
from images.cloud.values import SLUG
from images.fields import ACCOUNT, COLUMNS, OLDER_ACCOUNT, SORTS
from images.insights import STORAGE_STATES
from images.os_support import SUPPORT_STATES
from images.search.spelling import spelled_size

SIZES = (25, 50, 100, 200)
DENSITIES = {"comfortable": "", "compact": "compact"}
MAX_PAGE = 10**9
MAX_BYTES = 2**63 - 1
MAX_LENGTH = 200
FLAGS = {"unknown": "unknown"}
FLAGS |= dict.fromkeys(("yes", "true", "1"), "yes") | dict.fromkeys(("no", "false", "0"), "no")
# Binary where the unit says so and for a single letter, as the cloud and its consoles mean it.
UNITS = {"": 1, "b": 1} | {
    spelling: base**power
    for power, letter in enumerate("kmgtpe", 1)
    for spelling, base in ((letter, 1024), (f"{letter}ib", 1024), (f"{letter}b", 1000))
}
# As links of before have them.
OLDER, OLDER_COLUMNS = {"disk": "medium", OLDER_ACCOUNT: ACCOUNT}, {"disk": "min_disk"}
TOO_LONG = format_lazy(_("longer than {number} characters"), number=MAX_LENGTH)


class Rejected(Exception):
    """Raised for a text that is no value, and why; `instead` is what is used of it all the same."""

    def __init__(self, why: str | Promise, instead: str = "") -> None:
        self.why = why
        self.instead = instead


def plain(text: str) -> str:
    # Full-width digits and letters are what a Chinese keyboard gives.
    return unicodedata.normalize("NFKC", text).strip()


def read_text(text: str) -> str:
    if len(text) > MAX_LENGTH:
        raise Rejected(TOO_LONG)
    if any("\ud800" <= each <= "\udfff" for each in text):  # UTF-8, and so no URL, can say it.
        raise Rejected(_("not valid text"))
    return text


def read_region(text: str) -> str:
    if not SLUG.fullmatch(text):
        raise Rejected(_("not a region ID"))
    return text


def read_place(text: str) -> str:
    region, _slash, uuid = text.partition("/")
    if not (SLUG.fullmatch(region) and SLUG.fullmatch(uuid)):
        raise Rejected(_("not an image, such as region/uuid"))
    return text


def read_flag(text: str) -> str:
    flag = FLAGS.get(plain(text).lower())
    if flag is None:
        raise Rejected(_("must be yes, no or unknown"))
    return flag


def read_state(text: str) -> str:
    state = plain(text).lower()
    if state not in STORAGE_STATES:
        raise Rejected(_("must be ok, at-risk or unknown"))
    return state


def read_search(text: str) -> str:
    shown = "".join(each for each in text if unicodedata.category(each) not in ("Cc", "Cs"))
    search = shown.strip()[:MAX_LENGTH].strip()
    if len(shown.strip()) > MAX_LENGTH:
        raise Rejected(TOO_LONG, search)
    if shown != text:
        raise Rejected(_("control characters were removed"), search)
    return search


def read_size(text: str) -> int:
    """Return bytes; fractions of one are dropped."""
    written = re.fullmatch(r"(\d{1,30}(?:\.\d{1,30})?)\s*([a-z]*)", plain(text).lower())
    unit = UNITS.get(written[2]) if written else None
    if written is None or unit is None:
        raise Rejected(_("not a size, such as 20GiB"))
    size = Decimal(written[1]) * unit
    if size > MAX_BYTES:
        raise Rejected(_("larger than any image"))
    return int(size)


def read_support(text: str) -> str:
    state = plain(text).lower()
    if state not in SUPPORT_STATES:
        raise Rejected(_("must be ok, ends-soon, extended, ended or unknown"))
    return state


def read_size_value(text: str) -> str:
    """Return a size as a facet has it."""
    return "unknown" if plain(text).lower() == "unknown" else spelled_size(read_size(text))


def read_first(text: str) -> Bound:
    return _read_bound(bounds.read_first, text)


def read_last(text: str) -> Bound:
    return _read_bound(bounds.read_last, text)


def _read_bound(read: Callable[[str], Bound], text: str) -> Bound:
    try:
        return read(plain(text))
    except ValueError:
        raise Rejected(_("not a date, such as 2024-01-31")) from None


def read_sort(text: str) -> str:
    column = text.removeprefix("-")
    column = OLDER_COLUMNS.get(column, column)
    if column not in SORTS:
        raise Rejected(_("unknown sort order"))
    return f"-{column}" if text.startswith("-") else column


def read_column(text: str) -> str:
    column = OLDER_COLUMNS.get(text, text)
    if column not in COLUMNS:
        raise Rejected(_("unknown column"))
    return column


def read_density(text: str) -> str:
    if text not in DENSITIES:
        raise Rejected(_("must be comfortable or compact"))
    return DENSITIES[text]


def _read_number(text: str) -> int:
    number = plain(text)
    if not re.fullmatch(r"\d{1,30}", number):
        raise Rejected(_("not a number"))
    return int(number)


def read_page(text: str) -> int:
    page = _read_number(text)
    if not 1 <= page <= MAX_PAGE:
        raise Rejected(_("no such page"))
    return page


def read_page_size(text: str) -> int:
    size = _read_number(text)
    if size not in SIZES:
        raise Rejected(_("not one of the page sizes"))
    return size


# By a field's kind, how a value of its facet is read; all others are texts.
READERS = {
    "region": read_region,
    "flag": read_flag,
    "state": read_state,
    "support": read_support,
    "size": read_size_value,
}

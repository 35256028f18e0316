"""How the support of an image's operating system stands, in words."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext as _

from images.cloud.records import Image
from images.os_support import TABLE, Release, release_of, today


class Words(NamedTuple):
    """`state` is one of SUPPORT_STATES, `sentence` what a person reads of it.

    `short` is what a column has room for: the day it is sorted by, and not the second one.
    `as_of` is the day of the facts, `is_old` whether that is so long ago that they may be wrong.
    """

    state: str
    sentence: str
    short: str
    as_of: str
    is_old: bool


def support_words(image: Image) -> Words:
    release, day = release_of(image.os_family, image.os_version), today()
    state = release.state(day) if release else "unknown"
    sentence = _sentence(release, state) if release else ""
    short = sentence
    if release and state == "extended":
        short = _("ended on %(end)s, extended only") % {"end": release.standard_end}
    return Words(state, sentence, short, TABLE.as_of.isoformat(), TABLE.is_old(day))


def _sentence(release: Release, state: str) -> str:
    days = {"end": release.standard_end, "extended_end": release.extended_end}
    return {
        "ok": _("until %(end)s"),
        "ends-soon": _("ends on %(end)s"),
        "extended": _("ended on %(end)s; extended updates until %(extended_end)s"),
        "ended": _("ended on %(end)s"),
        "unknown": "",
    }[state] % days

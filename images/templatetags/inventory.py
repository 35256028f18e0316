"""How sizes, times and unknown values are written: as texts, and by macros where there is markup.

The texts are filters of both template languages, see `images.fragments`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, Protocol

from django import template
from django.template import engines
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from markupsafe import Markup

from dashboard.visible import has_visible
from images.cloud.records import Image, Region
from images.insights import status_kind
from images.messages import Explanation
from images.region_names import title, translated
from images.search.spelling import spelled_size
from images.services.gathered import GatheredInventory
from images.services.progress import Progress
from images.services.snapshots import Failure
from images.verdict import verdict

register = template.Library()

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def macros(name: str) -> Any:
    """Return the macros of a template of Jinja2, each to be called by its name."""
    return engines["jinja2"].env.get_template(name).module  # type: ignore[attr-defined]


def _macro(name: str) -> Callable[[Any], Markup]:
    """Return a filter that writes a value as that macro does."""

    def write(value: Any) -> Markup:
        written: Markup = getattr(macros("fragments/values.html"), name)(value)
        return written

    register.filter(name, write)
    return write


size = _macro("size")
moment = _macro("moment")
instant = _macro("instant")
clock = _macro("clock")
since = _macro("since")
until = _macro("until")
unknown = _macro("unknown")
name_of = _macro("name_of")
disk_type = _macro("disk_type")
yes_no = _macro("yes_no")
status = _macro("status")
status_of = _macro("status_of")
support = _macro("support")


@register.filter
def cloud_word(value: str | None, kind: str) -> Markup:
    """Write a word of the cloud for a state of this kind, one of `labels.LABELS`."""
    written: Markup = macros("fragments/values.html").cloud_word(value, kind)
    return written


@register.filter
def region_of(region: str, names: Mapping[str, str]) -> Markup:
    """Write a region by its name, of those in the language of the request, with its id."""
    written: Markup = macros("fragments/values.html").region_of(region, names)
    return written


@register.simple_tag
def fragment(name: str, **values: Any) -> Markup:
    """Render a template of Jinja2 with these values alone, once where there are none."""
    return _rendered(name, values) if values else _constant(name, get_language())


@cache
def _constant(name: str, language: str | None) -> Markup:
    return _rendered(name, {})


def _rendered(name: str, values: Mapping[str, Any]) -> Markup:
    template = engines["jinja2"].env.get_template(name)  # type: ignore[attr-defined]
    return Markup(template.render(values))  # noqa: S704  (it escapes)


def plain_size(value: int) -> str:
    """Return 1536 as "1.5 KiB": three digits at most where a unit allows."""
    return _plain_size(value, get_language())


# Formatting a number for a language takes longer than the rest of a row.
@lru_cache(maxsize=10_000)
def _plain_size(value: int, language: str | None) -> str:
    amount, unit = float(value), 0
    while amount >= 1024 and unit < len(UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    digits = 0 if amount >= 100 or amount == int(amount) else 1
    return f"{number_format(round(amount, digits), digits)}\u00a0{UNITS[unit]}"


def is_whole_size(value: int) -> bool:
    """Return whether what `plain_size` writes is exact: 20 GiB, and not 19.9 of them."""
    return plain_size(value) == written_size(value).replace(" ", "\u00a0")


@register.filter
def counted(number: int) -> str:
    """Return how many there are of something: 1,234."""
    return str(number) if number < 1000 else _counted(number, get_language())


@lru_cache(maxsize=10_000)
def _counted(number: int, language: str | None) -> str:
    return number_format(number, force_grouping=True)


def written_size(value: int) -> str:
    """Return bytes as a form takes them back: "20 GiB" where that is exact, else the number."""
    return spelled_size(value, " ")


@register.filter
def exact_size(value: int) -> str:
    return _exact_size(value, get_language())


@lru_cache(maxsize=10_000)
def _exact_size(value: int, language: str | None) -> str:
    return _("%(number)s bytes") % {"number": number_format(value, force_grouping=True)}


def iso_time(seconds: float) -> str:
    """Return a time (Unix seconds) as 2024-01-31T23:59:59+00:00."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


class Named(Protocol):
    """An image, or a change of one."""

    @property
    def name(self) -> str | None: ...
    @property
    def id(self) -> str | None: ...
    @property
    def uuid(self) -> str: ...


@register.filter
def plain_name(image: Named) -> str:
    """Return the name, or what there is to see in its place, where there is no markup."""
    if image.name and has_visible(image.name):
        return image.name
    return f"{unseen(image.name)} {image.id or image.uuid}"


@register.filter
def unseen(name: str | None) -> str:
    """Return what is said of a name that is missing, or that nobody can see."""
    return _("(no visible name)") if name else _("(no name)")


@register.filter
def seen(text: str) -> str:
    """Return a text of which no id is known, or what is said of one that nobody can see."""
    return text if has_visible(text) else unseen(text)


register.filter(has_visible)


@register.filter
def percent(value: float | None) -> str:
    """Return how far a job is; "" when the cloud does not say."""
    if value is None:
        return ""
    digits = 0 if value == int(value) else 1
    return f"{number_format(round(value, digits), digits)} %"


@register.filter
def percent_of_all(value: float) -> str:
    """Return a share in whole percent; what is little is neither nothing nor all but nothing."""
    if 0 < value < 1:
        return "< 1 %"
    if 99 < value < 100:
        return "> 99 %"
    return f"{value:.0f} %"


@register.filter
def outlook(progress: Progress | None) -> str:
    """Return what to expect of a running job, as far as can be told from what was seen of it."""
    if progress is None or progress.job.done:
        return ""
    if progress.stalled_minutes:
        return _stalled(progress.stalled_minutes)
    if progress.left_seconds is None:
        return ""
    minutes = round(progress.left_seconds / 60)
    if progress.left_seconds < 60:
        return _("less than 1 min left")
    if minutes <= 90:
        return _("about %(minutes)s min left") % {"minutes": minutes}
    return _("about %(hours)s h left") % {"hours": round(minutes / 60)}


def _stalled(minutes: int) -> str:
    hours = minutes // 60
    if minutes <= 90:
        return _("no progress for %(minutes)s min") % {"minutes": minutes}
    if hours < 48:
        return _("no progress for %(hours)s h") % {"hours": hours}
    return _("no progress for %(days)s days") % {"days": hours // 24}


@register.filter
def region_name(region: str, names: Mapping[str, str]) -> str:
    """Return what the region is called, in whatever case its id is written; else the id.

    `names` are in the language of the request.
    """
    if region in names:
        return names[region]
    same = (known for known in names if known.casefold() == region.casefold())
    return names.get(next(same, ""), region)


@register.filter
def region_title(region: str, names: Mapping[str, str]) -> str:
    """Return the name of the region and its id as one text, or the id alone."""
    return title(region_name(region, names), region)


def local_name(region: Region) -> str:
    """Return the region's name in the language of the request; its id where none can be seen."""
    return translated(region.name, get_language()) if has_visible(region.name) else region.id


def titled(region: Region) -> str:
    """Return the region's name in the language of the request and its id, as one text."""
    return title(local_name(region), region.id)


@register.filter
def titled_by(region: str, name: str) -> str:
    """Return the name and the id of a region that the cloud calls so."""
    return titled(Region(region, name, "", ()))


def left_out(skipped: int) -> str:
    """Return how many entries of a list are not among its images."""
    return ngettext(
        "%(skipped)s entry could not be read as an image and is left out.",
        "%(skipped)s entries could not be read as images and are left out.",
        skipped,
    ) % {"skipped": skipped}


@register.filter
def needing(tokens: int) -> str:
    """Return what follows the number of tokens that somebody has to do something about."""
    return ngettext("token needs attention", "tokens need attention", tokens)


# The vendor's short names for the disks of a storage.
DISK_TYPES = {
    "SSD": gettext_lazy("SSD"),
    "HE": gettext_lazy("HE (efficient)"),
    "HDD": gettext_lazy("HDD (ordinary)"),
}


register.filter(status_kind)


@register.filter
def grade(image: Image) -> str:
    """Return the grade of the image's verdict: yes, caution or no."""
    return verdict(image).grade


@register.filter
def explained(failure: Failure, inventory: GatheredInventory) -> Explanation:
    return inventory.explanation(failure)

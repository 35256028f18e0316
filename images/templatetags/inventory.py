"""How sizes, times and unknown values are written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from django import template
from django.utils.formats import number_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from dashboard.visible import has_visible
from images.cloud.records import Image
from images.insights import status_kind
from images.messages import Explanation
from images.services.inventory import Inventory
from images.services.progress import Progress
from images.services.snapshots import Failure
from images.verdict import verdict

register = template.Library()

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def plain_size(value: int) -> str:
    """1536 as "1.5 KiB": three digits at most where a unit allows."""
    amount, unit = float(value), 0
    while amount >= 1024 and unit < len(UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    digits = 0 if amount >= 100 or amount == int(amount) else 1
    return f"{number_format(round(amount, digits), digits)}\u00a0{UNITS[unit]}"


@register.filter
def counted(number: int) -> str:
    """How many there are of something: 1,234."""
    return str(number) if number < 1000 else _counted(number, get_language())


@lru_cache(maxsize=10_000)
def _counted(number: int, language: str | None) -> str:
    return number_format(number, force_grouping=True)


def written_size(value: int) -> str:
    """Bytes as a form takes them back, exactly: "20 GiB" where that is whole, else the number."""
    for power in range(len(UNITS) - 1, 0, -1):
        if value and value % 1024**power == 0:
            return f"{value // 1024**power} {UNITS[power]}"
    return str(value)


@register.filter
def size(value: int | None) -> SafeString:
    """Bytes in a human unit, with the exact number on hover."""
    return unknown(None) if value is None else _size(value, get_language())


@lru_cache(maxsize=10_000)
def _size(value: int, language: str | None) -> SafeString:
    # Formatting a number for a language takes longer than the rest of a row.
    return format_html('<span title="{}">{}</span>', exact_size(value), plain_size(value))


@register.filter
def exact_size(value: int) -> str:
    return _("%(number)s bytes") % {"number": number_format(value, force_grouping=True)}


@register.filter
def moment(milliseconds: int | None) -> SafeString:
    """A time of the cloud's (Unix milliseconds); the script makes it relative and local."""
    if milliseconds is None:
        return unknown(milliseconds)
    return instant(milliseconds / 1000)


@register.filter
def instant(seconds: float | None) -> SafeString:
    """A time of ours (Unix seconds), as `moment`."""
    if seconds is None:
        return unknown(seconds)
    when = datetime.fromtimestamp(seconds, UTC)
    exact = when.isoformat(timespec="seconds")
    day, minute = exact[:10], exact[11:16]
    return mark_safe(f'<time datetime="{exact}" data-time>{day} {minute} UTC</time>')  # noqa: S308


@register.filter
def unknown(value: object) -> SafeString:
    """The value, or a dash that says it is not known."""
    if value not in (None, ""):
        return escape(value)
    return mark_safe(f'<span class="unknown" title="{escape(_("not known"))}">–</span>')  # noqa: S308


class Named(Protocol):
    """An image, or a change of one."""

    @property
    def name(self) -> str | None: ...
    @property
    def id(self) -> str | None: ...
    @property
    def uuid(self) -> str: ...


@register.filter
def name_of(image: Named) -> SafeString:
    """The name, or what there is to see and to click on in its place."""
    if image.name and has_visible(image.name):
        return mark_safe(f"<bdi>{escape(image.name)}</bdi>")  # noqa: S308
    said = '<span class="unknown">{}</span> <code>{}</code>'
    return format_html(said, unseen(image.name), image.id or image.uuid)


@register.filter
def plain_name(image: Named) -> str:
    """The same where there is no markup."""
    if image.name and has_visible(image.name):
        return image.name
    return f"{unseen(image.name)} {image.id or image.uuid}"


@register.filter
def unseen(name: str | None) -> str:
    """What is said of a name that is missing, or that nobody can see."""
    return _("(no visible name)") if name else _("(no name)")


@register.filter
def seen(text: str) -> str:
    """The text of which no id is known, or what is said of one that nobody can see."""
    return text if has_visible(text) else unseen(text)


register.filter(has_visible)


@register.filter
def percent(value: float | None) -> str:
    """How far a job is; "" when the cloud does not say."""
    if value is None:
        return ""
    digits = 0 if value == int(value) else 1
    return f"{number_format(round(value, digits), digits)} %"


@register.filter
def outlook(progress: Progress | None) -> str:
    """What to expect of a running job, as far as can be told from what was seen of it."""
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
def yes_no(value: bool | None) -> SafeString:
    return unknown(None if value is None else _("yes") if value else _("no"))


@register.filter
def region_name(region: str, names: Mapping[str, str]) -> str:
    """What the region is called, in whatever case its id is written; else the id."""
    if region in names:
        return names[region]
    same = (known for known in names if known.casefold() == region.casefold())
    return names.get(next(same, ""), region)


# The vendor's short names for the disks of a storage.
DISK_TYPES = {
    "SSD": gettext_lazy("SSD"),
    "HE": gettext_lazy("HE (efficient)"),
    "HDD": gettext_lazy("HDD (ordinary)"),
}


@register.filter
def disk_type(value: str | None) -> SafeString:
    return unknown(DISK_TYPES.get(value, value) if value else None)


register.filter(status_kind)


@register.filter
def grade(image: Image) -> str:
    """The grade of the image's verdict: yes, caution or no."""
    return verdict(image).grade


@register.filter
def explained(failure: Failure, inventory: Inventory) -> Explanation:
    return inventory.explanation(failure)

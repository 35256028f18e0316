"""The same image, by name and OS, in other regions: and what is different there."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from images.cloud.records import Image
from images.forms import query_string
from images.insights import storage_state
from images.query import ImageQuery, matching
from images.templatetags.inventory import plain_size
from images.views import rows
from images.views.opening import Opened

SHOWN = 12
COMPARED = 4
DAY = 86_400_000


@dataclass(frozen=True)
class Twin:
    """An image of another region, with how it differs from the one that is looked at."""

    image: Image
    href: str
    status: SafeString
    differences: list[str]


@dataclass(frozen=True)
class Elsewhere:
    """`twins` are the first SHOWN, `left` how many more there are; `compare` is the address that
    shows the first COMPARED images side by side; `unread` names the regions of which nothing is
    known."""

    twins: list[Twin]
    left: int
    compare: str
    unread: tuple[str, ...]


def elsewhere(opened: Opened, image: Image) -> Elsewhere | None:
    """None for an image without a name, which nothing can be found by."""
    if not image.name:
        return None
    index = opened.inventory.index
    query = ImageQuery(name=(image.name,), os=(image.os_family or "unknown",), sort="region")
    found = [index.images[row] for row in matching(index, query)]
    others = [each for each in found if each.region != image.region]
    twins = [_twin(opened, image, each) for each in others[:SHOWN]]
    places = tuple(f"{each.region}/{each.uuid}" for each in [image, *others][:COMPARED])
    written = query_string(ImageQuery(image=places), token=opened.token)
    compare = f"{reverse('images:compare')}?{written}"
    return Elsewhere(twins, len(others) - len(twins), compare, opened.missing)


def _twin(opened: Opened, image: Image, other: Image) -> Twin:
    address = reverse("images:detail", args=(other.region, other.uuid))
    return Twin(other, address + opened.suffix, rows.status(other), differences(image, other))


def differences(image: Image, other: Image) -> list[str]:
    """How the other one differs, in words; what is not known of either is no difference."""
    found = [
        _version(image, other),
        _size(image.size, other.size),
        _days(image.created, other.created),
        _disk(image, other),
        _storages(image, other),
        _check(image, other),
    ]
    return [each for each in found if each]


def _version(image: Image, other: Image) -> str:
    if not other.os_version or other.os_version == image.os_version:
        return ""
    return _("version %(version)s") % {"version": other.os_version}


def _size(here: int | None, there: int | None) -> str:
    if here is None or there is None or plain_size(here) == plain_size(there):
        return ""
    words = _("%(size)s larger") if there > here else _("%(size)s smaller")
    return words % {"size": plain_size(abs(there - here))}


def _days(here: int | None, there: int | None) -> str:
    days = abs(there - here) // DAY if here is not None and there is not None else 0
    if not days or here is None or there is None:
        return ""
    words = (
        ngettext("%(days)s day newer", "%(days)s days newer", days)
        if there > here
        else ngettext("%(days)s day older", "%(days)s days older", days)
    )
    return words % {"days": days}


def _disk(image: Image, other: Image) -> str:
    if other.min_disk is None or image.min_disk == other.min_disk:
        return ""
    return _("needs a disk of %(size)s") % {"size": plain_size(other.min_disk)}


def _storages(image: Image, other: Image) -> str:
    here, there = storage_state(image), storage_state(other)
    if here == there or "unknown" in (here, there):
        return ""
    return _("storages at risk") if there == "at-risk" else _("all storages connected")


def _check(image: Image, other: Image) -> str:
    if not other.check_state or image.check_state == other.check_state:
        return ""
    if other.check_state == "uncheck":
        return _("not checked")
    return _("check: %(state)s") % {"state": other.check_state}

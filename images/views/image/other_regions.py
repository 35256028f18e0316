"""The same image, by name and OS, in other regions: and what is different there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from images.bounds import Bound
from images.cloud.records import Image
from images.context import InventoryContext
from images.differences import FACTS, differing
from images.fields import FIELDS
from images.forms import query_string
from images.insights import check_meaning, storage_state
from images.labels import label_of
from images.search.gathered import matching
from images.search.query import changed
from images.templatetags.inventory import plain_size
from images.templatetags.query_words import label

SHOWN = 12
COMPARED = 4
DIFFERENCES_SHOWN = 7
DAY = 86_400_000


@dataclass(frozen=True)
class Twin:
    """An image of another region, with how it differs from the one that is looked at.

    `differences` are the first DIFFERENCES_SHOWN, `left` how many more there are.
    """

    image: Image
    href: str
    differences: list[str]
    left: int


@dataclass(frozen=True)
class Elsewhere:
    """The image in other regions.

    `twins` are the first SHOWN, `left` how many more there are; `compare` is the address that shows
    the first COMPARED images side by side; `unread` names the regions of which nothing is known.
    """

    twins: list[Twin]
    left: int
    compare: str
    unread: tuple[str, ...]


def elsewhere(context: InventoryContext, image: Image) -> Elsewhere | None:
    """None for an image without a name, which nothing can be found by."""
    if not image.name:
        return None
    index = context.inventory.index
    accounts = context.comparing(())
    query = changed(accounts, name=(image.name,), os=(image.os_family or "unknown",), sort="region")
    found = [index.images[row] for row in matching(index, query)]
    others = [each for each in found if each.region != image.region]
    twins = [_twin(context, image, each) for each in others[:SHOWN]]
    places = tuple(f"{each.region}/{each.uuid}" for each in [image, *others][:COMPARED])
    written = query_string(context.comparing(places))
    compare = f"{reverse('images:compare')}?{written}"
    return Elsewhere(twins, len(others) - len(twins), compare, context.missing)


def _twin(context: InventoryContext, image: Image, other: Image) -> Twin:
    address = reverse("images:detail", args=(other.region, other.uuid))
    differ = differences(image, other)
    left = len(differ) - DIFFERENCES_SHOWN
    return Twin(
        image=other,
        href=address + context.suffix,
        differences=differ[:DIFFERENCES_SHOWN],
        left=max(left, 0),
    )


def differences(image: Image, other: Image) -> list[str]:
    """Return how the other one differs, in words, for each fact that a comparison would mark."""
    found = differing((image, other))
    return [_said(fact, image, other) for fact in TOLD if fact in found]


def _said(fact: str, image: Image, other: Image) -> str:
    words = WORDS[fact](image, other) if fact in WORDS else ""
    said = words or _("%(fact)s: %(value)s") % {
        "fact": translation.gettext(FIELDS[fact].title),
        "value": _value(fact, other),
    }
    return Truncator(said).chars(80)


def _value(fact: str, image: Image) -> str:
    """Return what the fact is of an image, as text."""
    field = FIELDS[fact]
    value = field.read(image)
    if value is None or value == "":
        return _("unknown")
    if field.kind in PLAIN:
        return PLAIN[field.kind](value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, tuple):
        return ", ".join(value) or _("none")
    return str(value)


def _version(image: Image, other: Image) -> str:
    return _("version %(version)s") % {"version": other.os_version or _("unknown")}


def _status(image: Image, other: Image) -> str:
    """Of two with one status it is their jobs that differ."""
    if (image.status or None) != (other.status or None):
        return ""
    state = other.job.state if other.job else "done"
    words = {"running": _("a job is in progress"), "failed": _("its last job failed")}
    return words.get(state, _("no job is in progress"))


def _size(image: Image, other: Image) -> str:
    here, there = image.size, other.size
    if here is None or there is None:
        return ""
    words = _("%(size)s larger") if there > here else _("%(size)s smaller")
    return words % {"size": plain_size(abs(there - here))}


def _created(image: Image, other: Image) -> str:
    here, there = image.created, other.created
    if here is None or there is None:
        return ""
    days = abs(there - here) // DAY
    if not days:
        return _("less than a day newer") if there > here else _("less than a day older")
    words = (
        ngettext("%(days)s day newer", "%(days)s days newer", days)
        if there > here
        else ngettext("%(days)s day older", "%(days)s days older", days)
    )
    return words % {"days": days}


def _disk(image: Image, other: Image) -> str:
    if other.min_disk is None:
        return ""
    return _("needs a disk of %(size)s") % {"size": plain_size(other.min_disk)}


def _storages(image: Image, other: Image) -> str:
    here, there = storage_state(image), storage_state(other)
    if there == "unknown" or here == there == "ok":
        return ""
    return _("storages at risk") if there == "at-risk" else _("all storages connected")


def _check(image: Image, other: Image) -> str:
    if check_meaning(other.check_state) == "none":
        return _("not checked")
    if not other.check_state:
        return ""
    return _("check: %(state)s") % {"state": label_of(other.check_state, "check")}


def _shared(image: Image, other: Image) -> str:
    return "" if other.shared is None else _("shared") if other.shared else _("not shared")


def _description(image: Image, other: Image) -> str:
    return _("different description") if other.description else _("no description")


# What decides comes first.
TOLD = tuple(
    dict.fromkeys(
        ("status", "check", "os", "storages", "min_disk", "size", "created", "shared", *FACTS)
    )
)
# How the other one differs, where the fact and its value would not say it best; "" where they do.
WORDS: dict[str, Callable[[Image, Image], str]] = {
    "os": _version,
    "status": _status,
    "size": _size,
    "created": _created,
    "min_disk": _disk,
    "storages": _storages,
    "kept": lambda image, other: _("different storage types or states"),
    "check": _check,
    "shared": _shared,
    "description": _description,
}


PLAIN: dict[str, Callable[[Any], str]] = {
    "moment": lambda milliseconds: Bound(milliseconds).text(last=False),
    "size": plain_size,
    "support": lambda state: str(label("support", state)),
}

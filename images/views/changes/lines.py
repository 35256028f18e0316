"""Changes as a page tells them: what it was, what it is, and where that image is now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from images.context import InventoryContext
from images.history.changes import (
    APPEARED,
    KINDS,
    RENAMED,
    RESIZED,
    STATUS,
    STORAGE_LOST,
    STORAGE_REGAINED,
    VANISHED,
    Change,
)
from images.history.feed import Noted
from images.templatetags.inventory import seen, size, status_of

TITLES = {
    APPEARED: gettext_lazy("Appeared"),
    VANISHED: gettext_lazy("Disappeared"),
    RENAMED: gettext_lazy("Renamed"),
    STATUS: gettext_lazy("Status changed"),
    RESIZED: gettext_lazy("Size changed"),
    STORAGE_LOST: gettext_lazy("Storage lost"),
    STORAGE_REGAINED: gettext_lazy("Storage recovered"),
}
ICONS = {
    APPEARED: "icons/plus.svg",
    VANISHED: "icons/minus.svg",
    RENAMED: "icons/pencil.svg",
    STATUS: "icons/arrows.svg",
    RESIZED: "icons/resize.svg",
    STORAGE_LOST: "icons/warning.svg",
    STORAGE_REGAINED: "icons/check.svg",
}
assert set(TITLES) == set(ICONS) == set(KINDS)  # noqa: S101


@dataclass(frozen=True)
class Line:
    """One change in a list of them.

    `was` and `now` are "" where the kind says it all; `href` leads to the image while there is one;
    `seconds` is when it was noted (Unix), `account` the title of its account where there are
    several.
    """

    change: Change
    seconds: float
    account: str
    title: str
    icon: str
    href: str
    was: str
    now: str


def days(context: InventoryContext, noted: Iterable[Noted]) -> list[tuple[date, list[Line]]]:
    """Return the lines by the day (UTC) they were noted on."""
    return [
        (day, [line(context, each) for each in group])
        for day, group in groupby(noted, key=lambda each: each.at.date())
    ]


def line(context: InventoryContext, noted: Noted) -> Line:
    change = noted.change
    account = context.account_of_key.get(noted.key, "")
    here = context.inventory.find(change.region, change.uuid) if change.uuid else None
    address = reverse("images:detail", args=(change.region, change.uuid)) if here else ""
    return Line(
        change=change,
        seconds=noted.at.timestamp(),
        title=str(TITLES[change.kind]),
        icon=ICONS[change.kind],
        href=address + context.accounts_query if here else "",
        account=context.account_names.get(account, "") if context.inventory.several else "",
        was=_shown(change.kind, change.before),
        now=_shown(change.kind, change.after),
    )


def _shown(kind: str, value: str) -> str:
    """Return a value of a change as people read it."""
    if not value:
        return ""
    if kind == RESIZED:
        return size(int(value))
    if kind in (STORAGE_LOST, STORAGE_REGAINED):
        connected, _slash, every = value.partition("/")
        counts = {"connected": connected, "all": every}
        return _("%(connected)s of %(all)s connected") % counts
    return status_of(value) if kind in (STATUS, APPEARED, VANISHED) else seen(value)

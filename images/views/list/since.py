"""What is new to a person in a list that many share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard.people import policy
from images.bounds import Bound
from images.change_forms import change_query_string
from images.context import InventoryContext
from images.history import feed, visits
from images.history.changes import APPEARED, VANISHED, ChangeQuery
from images.templatetags.inventory import counted


@dataclass(frozen=True)
class Changes:
    """What changed since a moment.

    `new` are the images that came, as (region, uuid); the others say how many are new or gone that
    were not before, and how many other changes there were.
    """

    new: frozenset[tuple[str, str]]
    appeared: int
    vanished: int
    others: int


@dataclass(frozen=True)
class Since:
    """What changed since a person's last visit, in a sentence that leads to it, and what is new."""

    sentence: str
    href: str
    new: frozenset[tuple[str, str]]


def since_last_visit(
    request: HttpRequest, context: InventoryContext, *, by_itself: bool = False
) -> Since | None:
    """Return what changed since the person's last visit, or None.

    This request is part of a visit, unless an open page makes it by itself.
    """
    inventory, person = context.inventory, policy.person(request).pk
    moments = visits.before(person, inventory.keys, inventory.now, looks=not by_itself)
    if not moments:
        return None
    changes = _changes(context, moments)
    sentence = _sentence(changes)
    query = ChangeQuery(account=inventory.narrowed, after=Bound(min(moments.values())))
    written = change_query_string(query)
    return Since(sentence, f"{reverse('changes')}?{written}", changes.new) if sentence else None


def since_yesterday(context: InventoryContext) -> str:
    """Return the address of what changed since yesterday began, in UTC."""
    today = datetime.fromtimestamp(context.inventory.now, UTC).date()
    start = datetime.combine(today - timedelta(days=1), time(), UTC)
    after = Bound(int(start.timestamp() * 1000))
    query = ChangeQuery(account=context.inventory.narrowed, after=after)
    written = change_query_string(query)
    return f"{reverse('changes')}?{written}"


def _changes(context: InventoryContext, moments: Mapping[str, int]) -> Changes:
    """Return what changed since, which is asked for once by each person and refresh."""
    inventory = context.inventory
    question = ("since", tuple(sorted(moments.items())), inventory.readings)
    found: Changes | None = inventory.index.cache.get(question)
    if found is None:
        found = _read(context, moments)
        inventory.index.cache.put(question, found, 500 + 200 * len(found.new))
    return found


def _read(context: InventoryContext, moments: Mapping[str, int]) -> Changes:
    there = context.inventory.find
    new, gone, appeared, vanished, others = set(), set(), 0, 0, 0
    for noted in feed.since(moments):
        change = noted.change
        place = (change.region, change.uuid)
        if not change.uuid:
            appeared += change.count if change.kind == APPEARED else 0
            vanished += change.count if change.kind == VANISHED else 0
            others += change.count if change.kind not in (APPEARED, VANISHED) else 0
        elif change.kind == APPEARED:
            new.add(place)
        elif change.kind == VANISHED:
            gone.add(place)
        else:
            others += 1
    # What came and went, or went and came back, is as it was.
    new, gone = {each for each in new - gone if there(*each)}, gone - new
    return Changes(frozenset(new), appeared + len(new), vanished + len(gone), others)


def _sentence(found: Changes) -> str:
    """Return "3 new, 1 gone since your last visit", or "" when nothing changed."""
    said = [
        ngettext("%(number)s new", "%(number)s new", found.appeared),
        ngettext("%(number)s gone", "%(number)s gone", found.vanished),
        ngettext("%(number)s other change", "%(number)s other changes", found.others),
    ]
    numbers = (found.appeared, found.vanished, found.others)
    parts = [
        words % {"number": counted(number)}
        for words, number in zip(said, numbers, strict=True)
        if number
    ]
    what = _(", ").join(parts)
    return _("%(what)s since your last visit") % {"what": what} if parts else ""

"""What is new to one person in a list that many share: put into the page that was made for all."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard.people import policy
from images.change_forms import change_query_string
from images.context import InventoryContext
from images.history import feed, visits
from images.history.changes import APPEARED, VANISHED, ChangeQuery
from images.search.query import run
from images.templatetags.inventory import counted
from images.views.list.results import mark
from images.views.list.rows import start_of


@dataclass(frozen=True)
class Since:
    """What changed since a moment: the images that are new, as (region, uuid); how many are new or
    gone that were not before, and how many other changes there were."""

    new: frozenset[tuple[str, str]]
    appeared: int
    vanished: int
    others: int


def with_since(
    request: HttpRequest, context: InventoryContext, page: bytes, *, looks: bool = True
) -> bytes:
    """The page with what changed since the person's last visit, and a mark on each row that is new.
    `looks`: the person asked for it, so it is part of a visit."""
    key = context.credential.cache_key
    moment = visits.before(policy.person(request).pk, key, context.inventory.now, looks=looks)
    found = _since(context, moment) if moment is not None else None
    words = _words(context, found, moment) if found and moment is not None else ""
    page = page.replace(mark("since").encode(), words.encode())
    return _marked(context, page, found.new) if found and found.new else page


def _since(context: InventoryContext, moment: int) -> Since:
    """Asked for once by each person and refresh."""
    inventory = context.inventory
    question = ("since", moment, inventory.head.asked_at)
    found: Since | None = inventory.index.cache.get(question)
    if found is None:
        found = _read(context, moment)
        inventory.index.cache.put(question, found, 500 + 200 * len(found.new))
    return found


def _read(context: InventoryContext, moment: int) -> Since:
    there = context.inventory.find
    new, gone, appeared, vanished, others = set(), set(), 0, 0, 0
    for noted in feed.since(context.credential.cache_key, moment):
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
    return Since(frozenset(new), appeared + len(new), vanished + len(gone), others)


def _words(context: InventoryContext, found: Since, moment: int) -> str:
    """ "3 new, 1 gone since your last visit", leading to them; "" when nothing changed."""
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
    if not parts:
        return ""
    written = change_query_string(ChangeQuery(after=moment), token=context.token)
    sentence = _("%(what)s since your last visit") % {"what": _(", ").join(parts)}
    href = escape(f"{reverse('changes')}?{written}")
    return f'<p class="since"><a href="{href}">{escape(sentence)}</a></p>'


def _marked(context: InventoryContext, page: bytes, new: frozenset[tuple[str, str]]) -> bytes:
    """The rows follow each other on the page as the query has them."""
    word = escape(_("new"))
    badge = f'<span class="badge new-mark">{word}</span>'.encode()
    heading = b'<th scope="row" class="c-name">'
    images, parts, end = context.inventory.images, [], 0
    for position in run(context.inventory.index, context.query).rows:
        image = images[position]
        if (image.region, image.uuid) not in new:
            continue
        row = start_of(image).encode()
        start = page.find(row, end)
        place = page.find(heading, start) + len(heading)
        if start >= 0:
            parts += [page[end:place], badge]
            end = place
    return b"".join([*parts, page[end:]])

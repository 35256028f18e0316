"""The command palette: /images/palette/?q=…, everything that a person can go to, by its name.

It is answered from what is cached: it never asks the cloud. Its addresses are real links, so that
without scripts it is a page with a search form.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.people import policy
from dashboard.people.models import Team
from dashboard.people.reader import reader_of
from dashboard.people.teams import teams_with_roles
from dashboard.tokens.access import Access, access_of
from images.context import InventoryContext, known_context
from images.grammar import Rejected, read_search
from images.views.pages import is_fragment, page_or_fragment
from images.views.palette import images, pages
from images.views.palette.actions import actions
from images.views.palette.entries import SHOWN, Group, Words, found, in_order
from images.views.palette.place import Place, place_of

ACTIONS_SHOWN = 9


@require_safe
@vary_on_headers("HX-Request")
def palette(request: HttpRequest) -> HttpResponse:
    place, text = place_of(request), words_of(request)
    mine = teams_with_roles(policy.person(request)) if text else []  # first: it reads the roles too
    access = access_of(request)
    context = known_context(access, place.params)
    groups = in_order(_groups(request, place, access, context, mine, text), Words(text))
    number = sum(len(each.entries) for each in groups)
    shown = {
        "place": "palette",
        "at": place.address,
        "text": text,
        "groups": groups,
        "found": ngettext("%(number)s result", "%(number)s results", number) % {"number": number},
        "is_listbox": is_fragment(request),
    }
    return page_or_fragment(request, "images/palette.html", "images/_palette.html", shown)


def words_of(request: HttpRequest) -> str:
    """Return what was typed, cleaned and clipped as what is searched in the list."""
    try:
        return read_search(request.GET.get("q", ""))
    except Rejected as error:
        return error.instead


def _groups(
    request: HttpRequest,
    place: Place,
    access: Access,
    context: InventoryContext | None,
    mine: list[Team],
    text: str,
) -> Iterator[Group]:
    """Yield what there is to choose; without words only actions, pages and views."""
    user, words = policy.person(request), Words(text)
    accounts = context.accounts_query if context else ""
    if context:
        yield _actions(request, place, context, words)
    places = [*pages.pages(reader_of(user), accounts), *pages.teams(user, mine)]
    yield Group("pages", _("Go to"), found(places, words))
    yield Group("views", _("Views"), found(pages.views(user), words))
    if text:
        yield Group("accounts", _("Accounts"), found(pages.accounts(access), words))
    if text and context:
        yield from _in_list(context, words, text)


def _actions(request: HttpRequest, place: Place, context: InventoryContext, words: Words) -> Group:
    image = context.inventory.find(*place.image) if place.image else None
    title = _("Open image") if image else _("Selection")
    return Group("actions", title, found(actions(request, context, image), words, ACTIONS_SHOWN))


def _in_list(context: InventoryContext, words: Words, text: str) -> Iterator[Group]:
    facets = images.facets_of(context)
    together = images.combined(context, facets, text)
    filters = [*([together] if together else []), *found(images.filters(context, facets), words)]
    yield Group("regions", _("Regions"), found(images.regions(context, facets), words))
    yield Group("filters", _("Filters"), filters[:SHOWN])
    yield Group("images", _("Images"), images.images(context, text))

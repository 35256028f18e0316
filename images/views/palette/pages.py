"""The places that a person may go to: pages, their teams, saved views, and accounts to list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_noop as _

from dashboard.people import policy
from dashboard.people.models import Team, User
from dashboard.people.reader import Reader
from dashboard.saved_views import saving
from dashboard.tokens.access import Access
from images.search.spelling import natural
from images.views.palette.entries import Entry


class Page(NamedTuple):
    """A page by its title; `needs` is the field of the reader that has to be true, if any.

    `of_accounts` says that it shows the images of accounts, which its address may name.
    """

    title: str
    route: str
    keys: tuple[str, ...] = ()
    needs: str = ""
    of_accounts: bool = False


PAGES = (
    Page(_("Images"), "images:list", ("g", "i"), of_accounts=True),
    Page(_("Overview"), "overview", ("g", "o"), of_accounts=True),
    Page(_("Changes"), "changes", ("g", "c"), of_accounts=True),
    Page(_("Images across regions"), "coverage", of_accounts=True),
    Page(_("Tokens"), "token_list", ("g", "t"), needs="keeps_tokens"),
    Page(_("Wall"), "overview_display", of_accounts=True),
    Page(_("Teams"), "team_list"),
    Page(_("Saved views"), "view_list"),
    Page(_("API keys"), "api_key_list", needs="keeps_keys"),
    Page(_("API reference"), "api:page"),
    Page(_("Change password"), "account_change_password", needs="has_password"),
    Page(_("Two-factor authentication"), "mfa_index"),
    Page(_("Your activity"), "my_audit"),
    Page(_("Audit log"), "audit_list", needs="audits"),
    Page(_("Administration"), "admin:index", needs="administers"),
    Page(_("Sign out"), "account_logout"),
)

TEAM, WALLS, WALL = _("Team"), _("Display links"), _("Wall")


def pages(reader: Reader, accounts: str) -> Iterator[Entry]:
    """Yield the pages that the reader may see; those of accounts carry the query that names some.

    Each is found by its English title, too.
    """
    for page in PAGES:
        if not page.needs or getattr(reader, page.needs):
            query = accounts if page.of_accounts else ""
            title = translation.gettext(page.title)
            yield Entry(title, reverse(page.route) + query, keys=page.keys, also=(page.title,))


def teams(user: User, mine: Iterable[Team]) -> Iterator[Entry]:
    """Yield these teams of the person, and where they may create links for walls."""
    team_word, walls, wall = map(translation.gettext, (TEAM, WALLS, WALL))
    for team in sorted(mine, key=lambda each: natural(each.name)):
        yield Entry(team.name, reverse("team_page", args=[team.slug]), before=team_word)
        if policy.has_permission(user, "team.manage", team):
            address = reverse("display_list", args=[team.slug])
            yield Entry(walls, address, hint=team.name, also=(team.name, wall))


def views(user: User) -> Iterator[Entry]:
    """Yield the person's saved views and those of their teams."""
    start = reverse("images:list")
    for view in sorted(saving.seen_by(user), key=lambda each: natural(each.name)):
        address = f"{start}?{view.query}" if view.query else start
        yield Entry(view.name, address, hint=view.team.name if view.team else "")


def accounts(access: Access) -> Iterator[Entry]:
    """Yield the accounts, each with the list of its images, where there are several."""
    if len(access.tokens) > 1:
        start = reverse("images:list")
        for token in access.tokens:
            address, team = f"{start}?account={token.pk}", token.team.name if token.team else ""
            yield Entry(token.label, address, hint=team)

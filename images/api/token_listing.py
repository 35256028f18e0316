"""Which tokens an answer has, and where the others are: by page, or by cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard.people.models import folded
from dashboard.tokens import searching
from dashboard.tokens.models import State, Token
from dashboard.web.problems import Problem
from images import grammar
from images.api.paging import Page, cursor_of, pages, placed
from images.cloud.values import SLUG
from images.forms import InvalidParameter, Parameter, read


@dataclass(frozen=True)
class TokenQuery:
    """Which tokens are asked for; of what is empty, all."""

    q: str = ""
    state: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    page: int = 1
    size: int = 50


def _read_state(text: str) -> str:
    if text not in State.values:
        raise grammar.Rejected(gettext_lazy("unknown state"))
    return text


def _read_slug(text: str) -> str:
    if not SLUG.fullmatch(text):
        raise grammar.Rejected(gettext_lazy("not the address of a team"))
    return text


PARAMETERS = {
    "q": Parameter(grammar.read_search),
    "state": Parameter(_read_state, True),
    "team": Parameter(_read_slug, True),
    "owner": Parameter(grammar.read_text, True),
    "page": Parameter(grammar.read_page),
    "size": Parameter(grammar.read_page_size),
}


def read_token_query(params: QueryDict) -> tuple[TokenQuery, tuple[InvalidParameter, ...]]:
    """Return the query of a request and its invalid parameters. Never raises, whatever comes."""
    given = tuple((name, tuple(texts)) for name, texts in params.lists())
    values, invalid = read(PARAMETERS, given)
    return TokenQuery(**values), invalid


def query_string(query: TokenQuery, *, page: int | None = None) -> str:
    """Return the query string, without "?"; defaults are left out."""
    values = {field.name: getattr(query, field.name) for field in fields(query)}
    values |= {} if page is None else {"page": page}
    asked = {field.name: field.default for field in fields(query)}
    return urlencode([each for each in values.items() if each[1] != asked[each[0]]], doseq=True)


def matching(tokens: Sequence[Token], query: TokenQuery) -> list[Token]:
    """Return those that the query asks for, with their owners and teams, in their order."""
    owners = {folded(name) for name in query.owner}
    found = searching.matching(searching.with_people(tokens), query.q)
    return [
        token
        for token in found
        if (not query.state or token.state in query.state)
        and (not query.team or (token.team and token.team.slug in query.team))
        and (not owners or token.owner.folded_name in owners)
    ]


def page_of(request: HttpRequest, found: Sequence[Token], query: TokenQuery) -> Page[Token]:
    cursor = cursor_of(request, _read_cursor)
    start = _behind(found, cursor) if cursor else (query.page - 1) * query.size
    items = found[start : start + query.size]
    more = start + query.size < len(found)
    return placed(
        request,
        items,
        page=None if cursor else query.page,
        pages=pages(len(found), query.size),
        next_cursor=str(items[-1].pk) if items and more else None,
        write=lambda page: query_string(query, page=page),
    )


def _read_cursor(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise grammar.Rejected(gettext_lazy("not a cursor from a previous response")) from None


def _behind(found: Sequence[Token], cursor: str) -> int:
    """Return where to go on behind the token of the cursor."""
    for place, token in enumerate(found, start=1):
        if str(token.pk) == cursor:
            return place
    said = _(
        "The token the cursor points to is not in this list, or no longer. Start again "
        "from the beginning."
    )
    raise Problem(409, "cursor-gone", said)

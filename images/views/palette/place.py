"""Where the person is who opens the palette: what their page asks of the list, and its image."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, resolve

from dashboard.web.back import back
from images.cloud.values import SLUG
from images.fields import OF_ACCOUNTS, OLDER_ACCOUNT

LISTS = ("images:list", "images:detail")


@dataclass(frozen=True)
class Place:
    """The page's `address`, without the site.

    `params` are those of a list, and elsewhere only its accounts. `image` is the region and uuid of
    the open image, if any.
    """

    address: str
    params: QueryDict
    is_list: bool
    image: tuple[str, str] | None


def place_of(request: HttpRequest) -> Place:
    """Return where the request comes from: `?at=` says so, else the browser does."""
    htmx = request.htmx  # type: ignore[attr-defined]
    address = request.GET.get("at") or htmx.current_url_abs_path or back(request)
    try:
        parts = urlsplit(address)
        match = resolve(parts.path)
    except (Resolver404, ValueError):
        return Place("", QueryDict(), is_list=False, image=None)
    is_list, params = match.view_name in LISTS, _params(parts.query)
    if not is_list:
        params = _accounts_alone(params)
    image = None
    if match.view_name == "images:detail" and all(map(SLUG.fullmatch, match.kwargs.values())):
        image = (match.kwargs["region"], match.kwargs["uuid"])
    written = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return Place(written, params, is_list, image)


def _params(query: str) -> QueryDict:
    """Return the parameters; none where there are more than Django reads."""
    try:
        return QueryDict(query)
    except TooManyFieldsSent:
        return QueryDict()


def _accounts_alone(params: QueryDict) -> QueryDict:
    accounts = QueryDict(mutable=True)
    for name in (*OF_ACCOUNTS, OLDER_ACCOUNT):
        accounts.setlist(name, params.getlist(name))
    return accounts

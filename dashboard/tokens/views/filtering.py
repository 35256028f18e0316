"""Tables of many tokens: by words and state, and a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dashboard.people.models import User
from dashboard.tokens.models import Token
from dashboard.tokens.searching import matching
from dashboard.tokens.views.rows import CONDITIONS, Row, token_rows

PAGE_SIZE = 50
# Fewer than these are seen at a glance.
FILTERED_FROM = 10


class TokenFilterForm(forms.Form):
    q = forms.CharField(label=_("Label, owner or team"), required=False, max_length=200)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=(("", _("Any")), *((name, words) for name, (_badge, words) in CONDITIONS.items())),
    )

    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)


@dataclass(frozen=True)
class Part:
    """One page of a table of tokens, and the query string without its number.

    `parameter` is the name under which the address has the number.
    """

    page: Page[Row]
    parameter: str
    query: str


def part(
    request: HttpRequest,
    user: User,
    tokens: Sequence[Token],
    form: TokenFilterForm,
    *,
    parameter: str = "page",
) -> Part:
    """Return the tokens that the form asks for, those in trouble first.

    An invalid field does not filter; the page names it.
    """
    form.is_valid()
    given: dict[str, Any] = form.cleaned_data
    rows = token_rows(user, matching(tokens, given.get("q", "")))
    if state := given.get("state"):
        rows = [row for row in rows if row.condition == state]
    query = request.GET.copy()
    query.pop(parameter, None)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get(parameter))
    return Part(page, parameter, query.urlencode())

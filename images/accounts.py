"""The accounts of a query: their ids for whatever an address calls them, and their names."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from dashboard.tokens.access import Access, Credential, title_of
from dashboard.tokens.models import Token
from images.fields import OF_ACCOUNTS
from images.forms import InvalidParameter, read_query
from images.search.query import ImageQuery, changed, lets_in
from images.search.spelling import folded


class AccountName(NamedTuple):
    """An account by its token's id: what it is called, and what one types to mean it alone."""

    id: str
    title: str
    word: str

    @property
    def label(self) -> str:
        """The shortest that tells it from others, for people."""
        return self.title if self.word == self.id else self.word


def with_accounts(
    access: Access, query: ImageQuery
) -> tuple[ImageQuery, tuple[InvalidParameter, ...]]:
    """Return the query with accounts by their ids, whose label it may have, and what is none.

    That is not repeated on the page: it may be a secret, pasted into the wrong place.
    """
    found: dict[str, tuple[str, ...]] = {}
    unknown: list[InvalidParameter] = []
    for name in OF_ACCOUNTS:
        for text in query.chosen(name):
            ids = _accounts(access, text)
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *ids)))
            unknown += (
                [] if ids else [InvalidParameter(name, "…", _("not an account that you may read"))]
            )
    named = any(map(query.chosen, OF_ACCOUNTS))
    emptied = changed(query, **dict.fromkeys(OF_ACCOUNTS, ())) if named else query
    return changed(emptied, **found) if named else query, tuple(unknown)


def query_of(access: Access, params: QueryDict) -> ImageQuery:
    """Return the query that an address makes, without what is no account of the reader's."""
    return with_accounts(access, read_query(params)[0])[0]


def asked_for(access: Access, params: QueryDict) -> list[Credential]:
    """Return what to read the accounts with that an address asks for."""
    query = query_of(access, params)
    return [each for each in access.credentials if lets_in(query, str(each.token_id))]


def unusable(access: Access, query: ImageQuery) -> tuple[tuple[Token, str], ...]:
    """Return what of the accounts asked for cannot be read with, each with why."""
    return tuple(each for each in access.unusable if lets_in(query, str(each[0].pk)))


def _accounts(access: Access, text: str) -> list[str]:
    """Return the ids of the tokens that a text means: one by its id, several by their label."""
    with suppress(ValueError):
        wanted = UUID(text)
        if of_id := [str(each.pk) for each in access.tokens if each.pk == wanted]:
            return of_id
    same = folded(text)
    return [str(each.pk) for each in access.tokens if same in _names(each)]


def account_names(access: Access) -> tuple[AccountName, ...]:
    """Return the names of all accounts: of each the shortest word that means no other."""
    meant = Counter(name for each in access.tokens for name in _names(each))
    return tuple(
        AccountName(
            str(each.pk),
            title_of(each),
            next(
                (name for name in (each.label, title_of(each)) if meant[folded(name)] == 1),
                str(each.pk),
            ),
        )
        for each in access.tokens
    )


def _names(token: Token) -> set[str]:
    """Return what an account is meant by besides its id, folded."""
    return {folded(token.label), folded(title_of(token))}

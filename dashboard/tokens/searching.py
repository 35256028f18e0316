"""Finding tokens by what people know of them, for pages and for the API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import prefetch_related_objects

from dashboard.people.models import folded
from dashboard.tokens.models import Token


def with_people(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return the tokens with their owners and teams read, in two queries for all of them."""
    rows: Sequence[Any] = tokens
    prefetch_related_objects(rows, "owner", "team")
    return tokens


def matching(tokens: Iterable[Token], text: str) -> list[Token]:
    """Return the tokens whose label, last four, owner or team have each word, in their order."""
    words = folded(text).split()
    return [token for token in tokens if all(word in _known(token) for word in words)]


def _known(token: Token) -> str:
    team = token.team.name if token.team else ""
    return folded(f"{token.label}\n{token.last_four}\n{token.owner.get_username()}\n{team}")

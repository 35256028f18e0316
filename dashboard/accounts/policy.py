"""Who may do what, and which token a request reads with.

A person sees, uses and changes their own tokens. Someone else's is a 404, like one that does not
exist. Every view that reads from the cloud starts with `access(request)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from dashboard.accounts import tokens as records
from dashboard.accounts import vault
from dashboard.accounts.models import Token, User
from dashboard.accounts.tokens import Outcome

# Every request asks this. Written out, because composing it takes three times as long (0.4 ms)
# as asking it does.
TOKENS_OF_OWNER = f"""
    SELECT * FROM {Token._meta.db_table} WHERE owner_id = %s ORDER BY created_at, id
"""  # noqa: S608  (the table's name is ours)


@dataclass(frozen=True)
class Credential:
    """A token that can be read with. `cache_key` stands for the secret wherever it is stored."""

    token_id: UUID
    label: str
    last_four: str
    secret: str = field(repr=False)
    cache_key: str


@dataclass(frozen=True)
class Access:
    """`tokens` are all of the person's, oldest first, for the switcher. `credential` is None when
    there are none, or when the chosen one, then `broken`, cannot be decrypted any more."""

    credential: Credential | None
    tokens: tuple[Token, ...]
    broken: Token | None = None


def person(request: HttpRequest) -> User:
    """Who is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def own_token(request: HttpRequest, token_id: UUID) -> Token:
    """The person's token of that id, or Http404."""
    return get_object_or_404(Token, pk=token_id, owner=person(request))


def access(request: HttpRequest) -> Access:
    """What the request may read with, in one query.

    `?token=<uuid>` chooses; one that is not the person's is Http404, one that is not a UUID is
    left to the form that reads the query. Without it: the default token, else the oldest.
    """
    user = person(request)
    tokens = tuple(Token.objects.raw(TOKENS_OF_OWNER, [user.pk]))
    wanted = _uuid(request.GET.get("token", ""))
    token = _named(tokens, wanted) if wanted else default_of(user, tokens)
    if token is None:
        return Access(None, tokens)
    try:
        return Access(_credential(token), tokens)
    except vault.Unreadable:
        return Access(None, tokens, broken=token)


def default_of(user: User, tokens: Sequence[Token]) -> Token | None:
    """The one in use when none is named."""
    preferred = (token for token in tokens if token.pk == user.default_token_id)
    return next(preferred, tokens[0] if tokens else None)


def record_outcome(credential: Credential, outcome: Outcome | None) -> None:
    """Note what the cloud said of the token, as `services.Verdict` puts it; None is nothing said.

    One UPDATE, which changes no row when the same was noted less than a minute ago.
    """
    if outcome:
        records.record_outcome(credential.token_id, outcome, last_four=credential.last_four)


def record_use(credential: Credential) -> None:
    """Note that the token was used just now, at most once a minute."""
    records.record_use(credential.token_id)


def _credential(token: Token) -> Credential:
    secret = vault.unseal(token.sealed, token.pk)
    return Credential(token.pk, token.label, token.last_four, secret, vault.cache_key(secret))


def _named(tokens: Sequence[Token], wanted: UUID) -> Token:
    for token in tokens:
        if token.pk == wanted:
            return token
    raise Http404


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

"""What a request may read with. A view that reads from the cloud starts with `access_of`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest

from dashboard.people import policy
from dashboard.people.models import Membership, Team, User
from dashboard.tokens import vault
from dashboard.tokens.models import RotationSecret, Token

# Every request runs this query. Its SQL is written out because composing it through the ORM takes
# three times as long (0.4 ms) as running it.
_TOKENS, _MEMBERSHIPS = Token._meta.db_table, Membership._meta.db_table
_WITH_NAMES = f"""
    SELECT token.*, owner.username AS owner_name, team.name AS team_name, team.slug AS team_slug
    FROM {_TOKENS} token
    JOIN {User._meta.db_table} owner ON owner.id = token.owner_id
    LEFT JOIN {Team._meta.db_table} team ON team.id = token.team_id
"""  # noqa: S608  (the tables' names are ours)
_IN_ORDER = "ORDER BY token.owner_id <> %s, token.created_at, token.id"
TOKENS_OF_PERSON = f"""
    {_WITH_NAMES} WHERE token.owner_id = %s OR token.team_id IN
        (SELECT team_id FROM {_MEMBERSHIPS} WHERE user_id = %s)
    {_IN_ORDER}
"""  # noqa: S608
TOKENS_OF_SUPERUSER = f"""
    {_WITH_NAMES} WHERE token.owner_id = %s OR token.team_id IS NOT NULL {_IN_ORDER}
"""

# The reasons why a token cannot be read with.
UNREADABLE, DISABLED, EXPIRED = "unreadable", "disabled", "expired"


@dataclass(frozen=True)
class Credential:
    """A decrypted token, to read an account with.

    `cache_key` stands for the secret in the keys of caches. `sealed` is the ciphertext in the
    token's row; no secret is ever encrypted to the same ciphertext twice. `title` is what the
    account is called where people see it, `names` are what words find it by.
    """

    token_id: UUID
    label: str
    sealed: str = field(repr=False)
    secret: str = field(repr=False)
    cache_key: str
    title: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Access:
    """What a request may read with.

    `tokens` are all that the reader may read with, their own first. `credentials` are of those that
    can be read with; the others are `unusable`, each with why: UNREADABLE, DISABLED or EXPIRED.
    `reader` is the name to record. `manages` are the tokens that the reader may manage, and `keeps`
    says whether they may keep tokens.
    """

    tokens: tuple[Token, ...]
    credentials: tuple[Credential, ...] = ()
    unusable: tuple[tuple[Token, str], ...] = ()
    reader: str = ""
    manages: frozenset[UUID] = frozenset()
    keeps: bool = False

    def token(self, token_id: UUID) -> Token:
        """Return the row of one of the tokens."""
        return next(each for each in self.tokens if each.pk == token_id)


def access_of(request: HttpRequest) -> Access:
    """Return what the request may read with, in two queries: tokens, and the person's roles."""
    user, tokens = policy.person(request), readable(request)
    return replace(
        access_with(tokens, user.get_username()),
        manages=frozenset(
            each.pk for each in tokens if policy.has_permission(user, "token.manage", each)
        ),
        keeps=policy.has_permission(user, "tokens.keep"),
    )


def title_of(token: Token) -> str:
    """Return what the account of a token is called: its label, and its team if it has one."""
    return f"{token.label} · {token.team.name}" if token.team else token.label


def readable(request: HttpRequest) -> tuple[Token, ...]:
    """Return the tokens that the request may read with: its person's, limited by its API key.

    They are read from the database once a request.
    """
    known: tuple[Token, ...] | None = getattr(request, "_readable", None)
    if known is None:
        tokens, key = tokens_of(policy.person(request)), getattr(request, "api_key", None)
        known = tuple(token for token in tokens if key.opens(token)) if key else tokens
        request._readable = known  # type: ignore[attr-defined]
    return known


def tokens_of(user: User) -> tuple[Token, ...]:
    """Return all tokens that the person may read with: their own first, older before newer."""
    query = TOKENS_OF_SUPERUSER if user.is_superuser else TOKENS_OF_PERSON
    values = [user.pk] * (2 if user.is_superuser else 3)
    return tuple(map(_with_people, Token.objects.raw(query, values)))


def _with_people(token: Any) -> Token:
    """Return the token of a row with its owner and team, of whom only the names are loaded."""
    token.owner = User.from_db(None, ("id", "username"), (token.owner_id, token.owner_name))
    if token.team_id is not None:
        values = (token.team_id, token.team_name, token.team_slug)
        token.team = Team.from_db(None, ("id", "name", "slug"), values)
    found: Token = token
    return found


def access_with(tokens: Sequence[Token], reader: str) -> Access:
    credentials, unusable = [], []
    for token in tokens:
        if token.disabled_at or token.has_expired:
            unusable.append((token, DISABLED if token.disabled_at else EXPIRED))
        elif credential := stored(token):
            names = (token.label, *([token.team.name] if token.team else ()), str(token.owner))
            credentials.append(replace(credential, title=title_of(token), names=names))
        else:
            unusable.append((token, UNREADABLE))
    return Access(tuple(tokens), tuple(credentials), tuple(unusable), reader)


def stored(token: Token) -> Credential | None:
    """Return the token's credential, even if it is disabled or expired; None if it is unreadable.

    It checks no permission: it is for people who may manage the token, and for background work.
    """
    try:
        return _credential(token, token)
    except vault.Unreadable:
        return None


def of_rotation(token: Token, other: RotationSecret) -> Credential:
    """Return the credential of the token's next or previous secret; raise vault.Unreadable."""
    return _credential(token, other)


def of_secret(token: Token, secret: str) -> Credential:
    """Return the credential of a secret that is not stored yet, to compare it with the token's."""
    return Credential(token.pk, token.label, "", secret, vault.cache_key(secret))


def _credential(token: Token, kept: Token | RotationSecret) -> Credential:
    secret = vault.unseal(kept.sealed, kept.pk)
    return Credential(token.pk, token.label, kept.sealed, secret, vault.cache_key(secret))


def managed(request: HttpRequest, action: str, token_id: UUID) -> Token:
    """Return the token with that id; raise Http404 if there is none or they may not do this."""
    found = Token.objects.select_related("owner", "team").filter(pk=token_id).first()
    if found is None or not policy.has_permission(policy.person(request), action, found):
        raise Http404
    return found

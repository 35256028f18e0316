"""What a request may read with. A view that reads from the cloud starts with `access_of`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone

from dashboard.people import policy
from dashboard.people.models import Membership, User
from dashboard.stamps import STAMP_EVERY
from dashboard.tokens import lifecycle, vault
from dashboard.tokens.models import RotationSecret, State, Token
from images import services
from images.services.verification import known_verdict

# Every request runs this query. Its SQL is written out because composing it through the ORM takes
# three times as long (0.4 ms) as running it.
_TOKENS, _MEMBERSHIPS = Token._meta.db_table, Membership._meta.db_table
TOKENS_OF_PERSON = f"""
    SELECT * FROM {_TOKENS}
    WHERE owner_id = %s OR team_id IN
        (SELECT team_id FROM {_MEMBERSHIPS} WHERE user_id = %s)
    ORDER BY owner_id <> %s, created_at, id
"""  # noqa: S608  (the tables' names are ours)
TOKENS_OF_SUPERUSER = f"""
    SELECT * FROM {_TOKENS}
    WHERE owner_id = %s OR team_id IS NOT NULL
    ORDER BY owner_id <> %s, created_at, id
"""  # noqa: S608

# The reasons why a token cannot be read with.
UNREADABLE, DISABLED, EXPIRED = "unreadable", "disabled", "expired"
# Ranks of a token by what is known of it, the best first.
WORKS, SILENT, UNTRIED, REFUSED, UNUSABLE = range(5)


@dataclass(frozen=True)
class Credential:
    """A decrypted token, to read with.

    `cache_key` stands for the secret in the keys of caches. `sealed` is the ciphertext in the
    token's row; no secret is ever encrypted to the same ciphertext twice.
    """

    token_id: UUID
    label: str
    sealed: str = field(repr=False)
    secret: str = field(repr=False)
    cache_key: str


@dataclass(frozen=True)
class Access:
    """What a request may read with.

    `tokens` are all that the reader may read with, their own first. `credential` is None if there
    are none, or if the chosen one cannot be read with: that is then `unusable`, and `why` is
    UNREADABLE, DISABLED or EXPIRED. `reader` is the name to record. `manages` says whether the
    reader may manage the chosen token, `keeps` whether they may keep tokens.
    """

    credential: Credential | None
    tokens: tuple[Token, ...]
    reader: str = ""
    unusable: Token | None = None
    why: str = ""
    manages: bool = False
    keeps: bool = False

    @property
    def others(self) -> tuple[Token, ...]:
        """Return the tokens that could be read with instead and work, as far as is known."""
        return tuple(
            each
            for each in self.tokens
            if each.pk != self.chosen and _trouble(each) <= SILENT and stored(each)
        )

    @property
    def chosen(self) -> UUID | None:
        """Return the id of the chosen token, also if it is unusable; None if there is none."""
        if self.credential:
            return self.credential.token_id
        return self.unusable.pk if self.unusable else None

    @property
    def token(self) -> Token:
        """Return the row of the credential's token; call it only where there is a credential."""
        assert self.credential, "asked only where there is one"  # noqa: S101
        return next(each for each in self.tokens if each.pk == self.credential.token_id)


def access_of(request: HttpRequest, otherwise: str = "") -> Access:
    """Return what the request may read with, in two queries: tokens, and the person's roles.

    `?token=<uuid>` chooses a token. Raise Http404 if the person may not read with it; a value that
    is no UUID is left to the form that reads the query. Without the parameter it is the token whose
    id is `otherwise`, if the person may read with that, else `default_of`.
    """
    user = policy.person(request)
    tokens = readable(request)
    wanted, other = _uuid(request.GET.get("token", "")), _uuid(otherwise)
    there = next((each for each in tokens if each.pk == other), None)
    chosen = _named(tokens, wanted) if wanted else there or default_of(user, tokens)
    return replace(
        access_with(chosen, tokens, user.get_username()),
        manages=chosen is not None and policy.has_permission(user, "token.manage", chosen),
        keeps=policy.has_permission(user, "tokens.keep"),
    )


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
    if user.is_superuser:
        return tuple(Token.objects.raw(TOKENS_OF_SUPERUSER, [user.pk] * 2))
    return tuple(Token.objects.raw(TOKENS_OF_PERSON, [user.pk] * 3))


def default_of(user: User, tokens: Sequence[Token]) -> Token | None:
    """Return the token to use where none is named; None if there are none.

    It is the one that the person chose, so that they learn of it when it fails. Otherwise it is the
    best by what is known, in the given order, preferring one that can be decrypted.
    """
    preferred = next((each for each in tokens if each.pk == user.default_token_id), None)
    if preferred:
        return preferred
    ranked = sorted(tokens, key=_trouble)
    opening = (each for each in ranked if vault.is_readable(each.sealed, each.pk))
    return next(opening, None) or next(iter(ranked), None)


def _trouble(token: Token) -> int:
    if token.disabled_at or token.has_expired:
        return UNUSABLE
    if token.state in (State.REFUSED, State.FORBIDDEN):
        return REFUSED
    if token.state == State.VALID:
        return WORKS
    return SILENT if token.is_good else UNTRIED


def look_after_others(access: Access) -> None:
    """Have the other tokens that are in trouble checked in the background, once a minute at most.

    Nobody reads with them because they are in trouble, so nobody else might notice that they work
    again.
    """
    since = timezone.now() - STAMP_EVERY
    for token in access.tokens:
        asked = token.checked_at is not None and token.checked_at > since
        if asked or token.pk == access.chosen or not WORKS < _trouble(token) < UNUSABLE:
            continue
        credential = stored(token)
        if credential:
            known = services.look_after(credential)
            if known and (verdict := known_verdict(known)):
                lifecycle.record_outcome(token.pk, token.sealed, verdict)
        lifecycle.note_check(token.pk)


def access_with(token: Token | None, tokens: tuple[Token, ...], reader: str) -> Access:
    if token is None:
        return Access(None, tokens, reader)
    if token.disabled_at or token.has_expired:
        why = DISABLED if token.disabled_at else EXPIRED
        return Access(None, tokens, reader, token, why)
    try:
        return Access(_credential(token, token), tokens, reader)
    except vault.Unreadable:
        return Access(None, tokens, reader, token, UNREADABLE)


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


def managed(request: HttpRequest, action: str, token_id: UUID) -> Token:
    """Return the token with that id; raise Http404 if there is none or they may not do this."""
    found = Token.objects.select_related("owner", "team").filter(pk=token_id).first()
    if found is None or not policy.has_permission(policy.person(request), action, found):
        raise Http404
    return found

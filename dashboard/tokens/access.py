"""Which token a request reads with. A view that reads from the cloud starts with `access_of`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone

from dashboard.people import policy
from dashboard.people.models import Membership, User
from dashboard.stamps import STAMP_EVERY
from dashboard.tokens import lifecycle as records
from dashboard.tokens import vault
from dashboard.tokens.lifecycle import Outcome
from dashboard.tokens.models import SpareSecret, State, Token
from images import services
from images.services import Verdict

# Every request asks this. Written out, because composing it takes three times as long (0.4 ms)
# as asking it does.
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

# Why a token cannot be read with.
UNREADABLE, DISABLED, EXPIRED = "unreadable", "disabled", "expired"
# How little a token is worth reading with, as far as is known.
WORKS, SILENT, UNTRIED, REFUSED, UNUSABLE = range(5)


@dataclass(frozen=True)
class Credential:
    """A token that can be read with. `cache_key` stands for the secret wherever it is stored;
    `sealed` names the row's, which seals no two alike."""

    token_id: UUID
    label: str
    sealed: str = field(repr=False)
    secret: str = field(repr=False)
    cache_key: str


@dataclass(frozen=True)
class Access:
    """`tokens` are all that the reader may read with, their own first, for the switcher.
    `credential` is None when there are none, or when the chosen one, then `unusable`, cannot be
    read with; `why` says why (UNREADABLE, DISABLED or EXPIRED). `reader` is a name to note;
    `manages` whether they may look after the chosen token, `keeps` whether they keep any."""

    credential: Credential | None
    tokens: tuple[Token, ...]
    reader: str = ""
    unusable: Token | None = None
    why: str = ""
    manages: bool = False
    keeps: bool = False

    @property
    def others(self) -> tuple[Token, ...]:
        """The tokens that work, as far as is known, and could be read with instead."""
        return tuple(
            each
            for each in self.tokens
            if each.pk != self.chosen and _trouble(each) <= SILENT and stored(each)
        )

    @property
    def chosen(self) -> UUID | None:
        """The id of the token that is read with, or would be."""
        if self.credential:
            return self.credential.token_id
        return self.unusable.pk if self.unusable else None

    @property
    def token(self) -> Token:
        """The stored token of the credential."""
        assert self.credential, "asked only where there is one"  # noqa: S101
        return next(each for each in self.tokens if each.pk == self.credential.token_id)


def access_of(request: HttpRequest) -> Access:
    """What the request may read with, in two queries: the tokens, and the person's roles.

    `?token=<uuid>` chooses; one that the person may not read with is Http404, one that is not a
    UUID is left to the form that reads the query. Without it: the default token, else the oldest
    of their own that works, else of their teams.
    """
    user = policy.person(request)
    tokens = readable(request)
    wanted = _uuid(request.GET.get("token", ""))
    chosen = _named(tokens, wanted) if wanted else default_of(user, tokens)
    return replace(
        access_with(chosen, tokens, user.get_username()),
        manages=chosen is not None and policy.may(user, "token.manage", chosen),
        keeps=policy.may(user, "tokens.keep"),
    )


def readable(request: HttpRequest) -> tuple[Token, ...]:
    """All that this request may read with: what its person may, of which an API key may open a
    part."""
    tokens, key = tokens_of(policy.person(request)), getattr(request, "api_key", None)
    return tuple(token for token in tokens if key.opens(token)) if key else tokens


def tokens_of(user: User) -> tuple[Token, ...]:
    """All that the person may read with, their own first."""
    if user.is_superuser:
        return tuple(Token.objects.raw(TOKENS_OF_SUPERUSER, [user.pk] * 2))
    return tuple(Token.objects.raw(TOKENS_OF_PERSON, [user.pk] * 3))


def default_of(user: User, tokens: Sequence[Token]) -> Token | None:
    """Return the one in use when none is named: the one that the person chose, which is told when
    it fails, else the first that works, or is least known not to; None where there are none."""
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


def record_outcome(credential: Credential, outcome: Outcome | None) -> None:
    """Note what the cloud said of the token, as `services.Verdict` puts it; None is nothing said.

    One UPDATE, which changes no row when the same was noted less than a minute ago.
    """
    if outcome:
        records.record_outcome(credential.token_id, credential.sealed, outcome)


def note_verdict(access: Access, verdict: Verdict | None) -> None:
    """Note what the cloud last said of the chosen token, where that is news."""
    records.note_verdict(access.token, verdict)


def look_after_others(access: Access) -> None:
    """Have the cloud asked, behind, about tokens in trouble that are not read with for that reason:
    nobody else might, and they may work again. Each at most once a minute."""
    since = timezone.now() - STAMP_EVERY
    for token in access.tokens:
        asked = token.checked_at is not None and token.checked_at > since
        if asked or token.pk == access.chosen or not WORKS < _trouble(token) < UNUSABLE:
            continue
        credential = stored(token)
        if credential:
            record_outcome(credential, services.look_after(credential))
        records.note_check(token.pk)


def record_use(credential: Credential, reader: str) -> None:
    """Note that the token was used just now and by whom, at most once a minute."""
    records.record_use(credential.token_id, reader)


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
    """The token's secret as something to read with, also while nobody may; None when it cannot be
    decrypted. Only for who may manage the token."""
    try:
        return _credential(token, token)
    except vault.Unreadable:
        return None


def spare(token: Token, spare: SpareSecret) -> Credential:
    """The same of a spare secret. Raises vault.Unreadable."""
    return _credential(token, spare)


def _credential(token: Token, kept: Token | SpareSecret) -> Credential:
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
    """The token of that id, or Http404, also where the person may not do this."""
    found = Token.objects.select_related("owner", "team").filter(pk=token_id).first()
    if found is None or not policy.may(policy.person(request), action, found):
        raise Http404
    return found

"""API keys: made by a person for their scripts; shown once, then only hashed.

A key never raises what its owner may do: each request is its owner's, as they stand just then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone

from dashboard import problems
from dashboard.accounts import audit, links, policy
from dashboard.accounts.audit import Actor
from dashboard.accounts.models import STAMP_EVERY, Action, ApiKey, Team, Token, User
from dashboard.routes import is_api

Handler = Callable[[HttpRequest], HttpResponseBase]

# Says what it is wherever it turns up: to people, to whoever searches for leaked keys, to our logs.
PREFIX = "idk_"
SHOWN_LENGTH = 8  # of a key, so that people know theirs apart


@transaction.atomic
def make(
    owner: User,
    label: str,
    *,
    team: Team | None = None,
    token: Token | None = None,
    days: int,
    by: Actor,
) -> tuple[ApiKey, str]:
    """A new key for what the owner may read, or for the team's or the token's part of that; and its
    secret, which is not kept."""
    secret = PREFIX + links.new_key()
    key = ApiKey.objects.create(
        owner=owner,
        team=team,
        token=token,
        label=label,
        prefix=secret[:SHOWN_LENGTH],
        key_hash=links.hash_of(secret),
        expires_at=timezone.now() + timedelta(days=days),
    )
    _note(by, Action.KEY_MAKE, key)
    return key, secret


@transaction.atomic
def revoke(key: ApiKey, *, by: Actor) -> None:
    """It opens nothing from the next request on."""
    _note(by, Action.KEY_REVOKE, key)
    key.delete()


@transaction.atomic
def revoke_of(owner: User, *, by: Actor) -> int:
    """Revoke all keys of the person; return how many there were."""
    keys = of_owner(owner)
    for key in keys:
        revoke(key, by=by)
    return len(keys)


@transaction.atomic
def revoke_lapsed(keys: QuerySet[ApiKey], *, by: Actor) -> None:
    """Revoke those of the keys that open nothing any more, so that they never will again."""
    for key in keys.select_related("owner", "team", "token__team"):
        if has_lapsed(key, key.owner):
            revoke(key, by=by)


def of_owner(owner: User) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(owner=owner).select_related("team", "token")


def named(owner: User, key_id: UUID) -> ApiKey:
    """The owner's key of that id, or Http404, also where it is someone else's."""
    found = of_owner(owner).filter(pk=key_id).first()
    if found is None:
        raise Http404
    return found


def of(request: HttpRequest) -> ApiKey | None:
    """The key that the request came with."""
    key: ApiKey | None = getattr(request, "api_key", None)
    return key


def bearer(get_response: Handler) -> Handler:
    """Below /api/ a key in the `Authorization` header says who asks, whatever a cookie says."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        scheme, _blank, secret = request.headers.get("Authorization", "").partition(" ")
        if is_api(request) and scheme.lower() == "bearer":
            key = _opening(secret.strip())
            if key is None:
                return problems.unauthorized(refused=True)
            request.user = key.owner
            request.api_key = key  # type: ignore[attr-defined]
        return get_response(request)

    return handle


def has_lapsed(key: ApiKey, owner: User) -> bool:
    """Whether the owner, as given, may not read what the key names, or not with keys at all."""
    if not policy.may(owner, "keys.keep"):
        return True
    if key.token:
        return not policy.may(owner, "token.read_with", key.token)
    return key.team is not None and not policy.may(owner, "team.view", key.team)


def _opening(secret: str) -> ApiKey | None:
    """The key with that secret, if it still opens anything."""
    now = timezone.now()
    key = (
        ApiKey.objects.select_related("owner")
        .filter(key_hash=links.hash_of(secret), expires_at__gt=now, owner__is_active=True)
        .first()
    )
    if key is None or not policy.may(key.owner, "keys.keep"):
        return None
    if not key.last_used_at or now - key.last_used_at > STAMP_EVERY:
        due = Q(last_used_at=None) | Q(last_used_at__lt=now - STAMP_EVERY)
        ApiKey.objects.filter(due, pk=key.pk).update(last_used_at=now)
    return key


def _note(by: Actor, action: Action, key: ApiKey) -> None:
    team = key.token.team if key.token else key.team
    subject = f"{key}: {key.token}" if key.token else str(key)
    audit.record(by, action, team=team, subject=subject, owner=key.owner)

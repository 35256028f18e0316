"""API keys, which people create for their scripts.

A key is shown once; only its hash is stored. It never permits more than its owner may do: each
request with it is checked against the owner's permissions at that moment.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from dashboard import random_keys
from dashboard.api_keys.models import ApiKey
from dashboard.audit.models import Action
from dashboard.audit.trail import Actor
from dashboard.people import policy
from dashboard.people.models import Team, User
from dashboard.stamps import stamp
from dashboard.tokens.models import Token

SHOWN_LENGTH = 8  # the first characters of a key, by which people tell theirs apart


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
    """Create an API key and return it with its secret, which is not stored.

    The key reads what its owner may read, limited to `team` or `token` where one is given.
    """
    secret = random_keys.API_KEY_PREFIX + random_keys.new_key()
    key = ApiKey.objects.create(
        owner=owner,
        team=team,
        token=token,
        label=label,
        prefix=secret[:SHOWN_LENGTH],
        key_hash=random_keys.hash_of(secret),
        expires_at=timezone.now() + timedelta(days=days),
    )
    key.note(by, Action.KEY_MAKE)
    return key, secret


def of_owner(owner: User) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(owner=owner).select_related("team", "token")


def named(owner: User, key_id: UUID) -> ApiKey:
    """Return the owner's key with that id; raise Http404 if it is missing or someone else's."""
    found = of_owner(owner).filter(pk=key_id).first()
    if found is None:
        raise Http404
    return found


def opening(secret: str) -> ApiKey | None:
    """Return the key with this secret; None if it is unknown, expired or no longer permitted."""
    now = timezone.now()
    key = (
        ApiKey.objects.select_related("owner")
        .filter(key_hash=random_keys.hash_of(secret), expires_at__gt=now, owner__is_active=True)
        .first()
    )
    if key is None or not policy.has_permission(key.owner, "keys.keep"):
        return None
    stamp(key, "last_used_at")
    return key


def of(request: HttpRequest) -> ApiKey | None:
    """Return the API key that the request was sent with, or None."""
    key: ApiKey | None = getattr(request, "api_key", None)
    return key

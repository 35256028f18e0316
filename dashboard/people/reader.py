"""The signed-in person, for the header and the menus of every page."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest

from dashboard.people import policy
from dashboard.people.models import User


class Reader(NamedTuple):
    name: str
    has_password: bool
    keeps_tokens: bool
    keeps_keys: bool
    audits: bool
    administers: bool


def reader_of(user: User) -> Reader:
    return Reader(
        name=user.get_username(),
        has_password=user.has_usable_password(),
        keeps_tokens=policy.has_permission(user, "tokens.keep"),
        keeps_keys=policy.has_permission(user, "keys.keep"),
        audits=policy.has_permission(user, "audit.read_all"),
        administers=policy.has_permission(user, "site.administer"),
    )


def context(request: HttpRequest) -> dict[str, Reader | None]:
    """Return the reader for templates, or None where nobody is signed in."""
    user = getattr(request, "user", None)  # which a request refused early has not
    return {"reader": reader_of(user) if isinstance(user, User) else None}

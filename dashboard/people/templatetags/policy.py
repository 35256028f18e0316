"""The template tag `may`, which asks `dashboard.people.policy`."""

from __future__ import annotations

from typing import Any

from django import template

from dashboard.people import policy
from dashboard.people.models import User

register = template.Library()


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], action: str, on: policy.Thing | None = None) -> bool:
    """Return whether the signed-in person may: {% may "team.manage" team as manages %}."""
    user = context.get("user")
    return isinstance(user, User) and policy.may(user, action, on)

"""What a page may show to whom: the one table of `dashboard.people.policy`."""

from __future__ import annotations

from typing import Any

from django import template

from dashboard.people import policy
from dashboard.people.models import User

register = template.Library()


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], action: str, on: policy.Thing | None = None) -> bool:
    """{% may "team.manage" team as manages %}: whether the person who is signed in may."""
    user = context.get("user")
    return isinstance(user, User) and policy.may(user, action, on)

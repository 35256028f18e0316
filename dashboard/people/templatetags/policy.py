"""The template tag `has_permission`, which asks `dashboard.people.policy`."""

from __future__ import annotations

from typing import Any

from django import template

from dashboard.people import policy
from dashboard.people.models import User

register = template.Library()


@register.simple_tag(takes_context=True)
def has_permission(context: dict[str, Any], action: str, on: policy.Thing | None = None) -> bool:
    """Tell what the person may: {% has_permission "team.manage" team as manages %}."""
    user = context.get("user")
    return isinstance(user, User) and policy.has_permission(user, action, on)

"""A template filter for the pages of teams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from dashboard.people.models import Role

register = template.Library()


@register.filter
def of(words: Mapping[Any, Any], key: Any) -> Any:
    """Return the mapping's value for the key, a role by its title; "" where there is none."""
    found = words.get(key, "")
    return Role(found).label if found in Role.values else found

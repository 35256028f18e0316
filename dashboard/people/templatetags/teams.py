"""Small words on the pages of teams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from dashboard.people.models import Role

register = template.Library()


@register.filter
def of(words: Mapping[Any, Any], key: Any) -> Any:
    """What the mapping has for the key, a role by its name; "" when it has nothing."""
    found = words.get(key, "")
    return Role(found).label if found in Role.values else found

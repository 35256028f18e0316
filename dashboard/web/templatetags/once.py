"""The id of a form that counts once."""

from __future__ import annotations

from django import template

from dashboard import random_keys
from dashboard.web.once import FIELD

register = template.Library()


@register.inclusion_tag("parts/once.html")
def once() -> dict[str, str]:
    return {"name": FIELD, "form_id": random_keys.new_key()}

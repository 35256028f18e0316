"""What the sign-in page offers besides a password."""

from __future__ import annotations

from django import template
from django.conf import settings

from dashboard.single_signon import Provider

register = template.Library()


@register.simple_tag
def single_signon() -> Provider | None:
    """Return the single sign-on provider, or None."""
    found: Provider | None = settings.OIDC
    return found

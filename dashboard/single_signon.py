"""Single sign-on with OpenID Connect, where the environment describes a provider."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from dashboard import environment

# The name in addresses of the only provider, the company's.
PROVIDER_ID = "company"
ROLES = ("viewer", "admin", "console")
ENTRY = re.compile(r"(?P<group>[^=]+)=(?P<team>[\w-]+):(?P<role>\w+)")


@dataclass(frozen=True)
class Provider:
    """The provider; `teams` maps each of its groups to what it gives: (team's slug, role) pairs."""

    issuer: str
    client_id: str
    client_secret: str
    name: str
    groups_claim: str
    teams: dict[str, list[tuple[str, str]]]
    id: str = PROVIDER_ID


def provider() -> Provider | None:
    """Return the provider, or None without OIDC_ISSUER; raise ImproperlyConfigured."""
    issuer = environment.text("OIDC_ISSUER").rstrip("/")
    if not issuer:
        return None
    if find_spec("jwt") is None:
        raise ImproperlyConfigured("OIDC_ISSUER: needs the extra `oidc`, which is not installed")
    address = urlsplit(issuer)
    if address.scheme != "https" and address.hostname not in ("localhost", "127.0.0.1"):
        raise ImproperlyConfigured("OIDC_ISSUER: not an https address")
    client_id = environment.text("OIDC_CLIENT_ID")
    client_secret = environment.text("OIDC_CLIENT_SECRET")
    if not client_id or not client_secret:
        raise ImproperlyConfigured("OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET")
    return Provider(
        issuer=issuer,
        client_id=client_id,
        client_secret=client_secret,
        name=environment.text("OIDC_NAME", address.hostname or ""),
        groups_claim=environment.text("OIDC_GROUPS_CLAIM", "groups"),
        teams=_teams(environment.names("OIDC_TEAMS")),
    )


def allauth_settings(provider: Provider) -> dict[str, Any]:
    """Return the setting SOCIALACCOUNT_PROVIDERS."""
    app = {
        "provider_id": PROVIDER_ID,
        "name": provider.name,
        "client_id": provider.client_id,
        "secret": provider.client_secret,
        "settings": {"server_url": provider.issuer},
    }
    return {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


def _teams(entries: list[str]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for entry in entries:
        match = ENTRY.fullmatch(entry)
        if not match or match["role"] not in ROLES:
            raise ImproperlyConfigured(
                f"OIDC_TEAMS: {entry!r} is not of the form group=team:role, "
                f"with a role of {', '.join(ROLES)}"
            )
        found.setdefault(match["group"], []).append((match["team"], match["role"]))
    return found

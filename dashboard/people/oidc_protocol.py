"""Checks of what the OpenID Connect provider sends.

Import it only where a provider is configured: the models of its library exist only then.
"""

from __future__ import annotations

from typing import Any

import structlog
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest

from dashboard.people import oidc

log = structlog.get_logger("dashboard.people")

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


class StrictOAuth2Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """An adapter that accepts only the configured issuer, and only one person per sign-in."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return the provider's description of itself.

        Raise OAuth2Error if it is incomplete or that of another provider.
        """
        try:
            said: dict[str, Any] = super().openid_config
        except AttributeError:
            raise OAuth2Error("the provider does not describe itself with an object") from None
        issuer, ours = said.get("issuer"), oidc.provider().issuer
        if not isinstance(issuer, str) or issuer.rstrip("/") != ours:
            log.error("not the provider", setting="OIDC_ISSUER", expected=ours, said=str(issuer))
            raise OAuth2Error("the provider says that it is another one")
        for name in ENDPOINTS:
            if not isinstance(said.get(name), str):
                log.error("provider incomplete", setting="OIDC_ISSUER", missing=name)
                raise OAuth2Error(f"the provider does not say its {name}")
        return said

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Return the sign-in of the person named by the ID token and the user info fetched for it.

        Raise OAuth2Error if there is no ID token, or if the two name different people (OpenID
        Connect Core 1.0, 5.3.2).
        """
        id_token = kwargs["response"].get("id_token")
        if not isinstance(id_token, str):
            raise OAuth2Error("the provider sent no id token")
        claims, facts = self._decode_id_token(app, id_token), self._fetch_user_info(token.token)
        subject = claims.get("sub")
        if not subject or not isinstance(facts, dict) or facts.get("sub") != subject:
            log.error("id token and facts of different people", setting="OIDC_ISSUER")
            raise OAuth2Error("the id token and the facts are not of one person")
        said = {"userinfo": facts, "id_token": claims}
        return self.get_provider().sociallogin_from_response(request, said)

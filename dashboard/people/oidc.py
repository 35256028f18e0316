"""Who may sign in by single sign-on, and which roles the provider's groups give them.

An account at the provider is one account here, known by the provider's own id for it. It is never
joined to an existing account, by name or by e-mail address: whoever may choose a name at the
provider could choose an administrator's.
"""

from __future__ import annotations

from typing import Any

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render

from dashboard.audit import trail
from dashboard.audit.models import Action, Word
from dashboard.audit.trail import Actor
from dashboard.people import endings, sign_in_log, teams
from dashboard.people.models import Role, Team, User
from dashboard.single_signon import Provider

log = structlog.get_logger("dashboard.people")

# Of several roles that groups give a person in a team, the first in this order counts.
RANKS = (Role.ADMIN, Role.VIEWER, Role.CONSOLE)
BY = Actor("single sign-on")


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def get_provider(self, *args: Any, **kwargs: Any) -> Any:
        from dashboard.people.oidc_protocol import StrictOAuth2Adapter

        found = super().get_provider(*args, **kwargs)
        found.oauth2_adapter_class = StrictOAuth2Adapter
        return found

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Refuse people who are in no permitted group, and take back what groups gave them."""
        joining = sociallogin.state.get("process") == "connect"
        refused = bool(provider().teams) and not roles(sociallogin.account.extra_data)
        if refused:
            known = sociallogin.user if sociallogin.is_existing else None
            sign_in_log.kept_out(request, known, Word.NOT_ALLOWED)
        if refused and sociallogin.is_existing:
            shut_out(sociallogin.user)
            if request.user == sociallogin.user:
                logout(request)
        if joining or refused:
            page = render(request, "account/not_for_you.html", {"sso": settings.OIDC}, status=403)
            raise ImmediateHttpResponse(page)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return True

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        return True

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        # No e-mail address is stored, and a name that is not a text is ignored.
        kept = ("username", "first_name", "last_name", "name")
        texts = {name: data[name] for name in kept if isinstance(data.get(name), str)}
        return super().populate_user(request, sociallogin, texts)


def roles(claims: dict[str, Any]) -> dict[str, str]:
    """Return the roles that the person's groups give them, by team slug."""
    given = {
        each
        for group in _groups(claims)
        for each in provider().teams.get(group, ())  # several groups may give one team
    }
    found: dict[str, str] = {}
    for rank in reversed(RANKS):
        found |= {slug: role for slug, role in given if role == rank}
    return found


def apply_roles(user: User, claims: dict[str, Any]) -> None:
    """Set the person's roles in the teams that groups decide about to what the groups say now.

    Other teams are left alone. The provider may also take the last admin out of a team.
    """
    wanted = roles(claims)
    decided = {slug for given in provider().teams.values() for slug, _role in given}
    for slug in decided - set(Team.objects.values_list("slug", flat=True)):
        log.error("no such team", setting="OIDC_TEAMS", team=slug)
    alone = set(teams.with_no_admin_but(user))
    for team in Team.objects.filter(slug__in=decided):
        if team.slug in wanted:
            teams.set_role(team, user, wanted[team.slug], by=BY, keep_an_admin=False)
        else:
            teams.remove_member(team, user, by=BY, keep_an_admin=False)
        if team in alone and wanted.get(team.slug) != Role.ADMIN:
            log.warning("no admin left", team=team.slug, user=user.pk)


@transaction.atomic
def shut_out(user: User) -> None:
    """Take back what the provider gave a person whom it does not let in any more.

    That is their roles and what they made with them, their API keys and their sessions.
    """
    apply_roles(user, {})
    endings.end(user, by=BY, shut_out=True)
    trail.record(BY, Action.ACCOUNT_SHUT_OUT, subject=str(user), owner=user)


def provider() -> Provider:
    found: Provider | None = settings.OIDC
    assert found, "this is the adapter only where there is one"  # noqa: S101
    return found


def _groups(claims: dict[str, Any]) -> set[str]:
    """Return the groups in the user info and the ID token, ignoring what is not a text."""
    found: set[str] = set()
    for part in ("userinfo", "id_token"):
        facts = claims.get(part)
        value = facts.get(provider().groups_claim) if isinstance(facts, dict) else None
        values = value if isinstance(value, list) else [value]
        found |= {each for each in values if isinstance(each, str)}
    return found

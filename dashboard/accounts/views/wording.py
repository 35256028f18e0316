"""What a person is told after something was done to a token."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dashboard.accounts.models import Token
from images.services import Verdict

# (what was done, what the cloud said) -> level and news; what the cloud said itself follows them.
NEWS = {
    ("stored", "valid"): (messages.SUCCESS, _("“%(label)s” is stored, and it works.")),
    ("stored", "forbidden"): (messages.WARNING, _("“%(label)s” is stored.")),
    ("stored", "unverified"): (
        messages.WARNING,
        _("“%(label)s” is stored, but whether it works is not known yet."),
    ),
    ("stored", "unreachable"): (
        messages.WARNING,
        _("“%(label)s” is stored without having been checked."),
    ),
    ("replaced", "valid"): (messages.SUCCESS, _("“%(label)s” is replaced, and it works.")),
    ("replaced", "forbidden"): (messages.WARNING, _("“%(label)s” is replaced.")),
    ("replaced", "unverified"): (
        messages.WARNING,
        _("“%(label)s” is replaced, but whether it works is not known yet."),
    ),
    ("replaced", "unreachable"): (
        messages.WARNING,
        _("“%(label)s” is replaced without having been checked."),
    ),
    ("checked", "valid"): (messages.SUCCESS, _("“%(label)s” works.")),
    ("checked", "refused"): (messages.ERROR, _("“%(label)s” does not work.")),
    ("checked", "forbidden"): (messages.WARNING, _("“%(label)s” does not work.")),
    ("checked", "unverified"): (
        messages.WARNING,
        _("Whether “%(label)s” works is not known yet."),
    ),
    ("checked", "unreachable"): (messages.WARNING, _("“%(label)s” could not be checked.")),
}


def announce(request: HttpRequest, done: str, token: Token, verdict: Verdict) -> None:
    level, news = NEWS[done, verdict.state]
    messages.add_message(request, level, f"{news % {'label': token}} {cloud_said(verdict)}".strip())


def cloud_said(verdict: Verdict) -> str:
    """The reason, and the number that the vendor's support asks for."""
    if not verdict.reason or not verdict.request_id:
        return verdict.reason
    return f"{verdict.reason} (requestId {verdict.request_id})"


# What is noted in the audit log -> how it is called.
ACTIONS = {
    "view.share": _("View shared"),
    "view.unshare": _("View no longer shared"),
    "view.delete": _("Shared view deleted"),
    "token.add": _("Token added"),
    "token.edit": _("Token edited"),
    "token.offer": _("New token offered"),
    "token.switch": _("Token replaced"),
    "token.take-back": _("Replaced token taken back"),
    "token.disable": _("Token disabled"),
    "token.enable": _("Token enabled"),
    "token.delete": _("Token deleted"),
    "token.hand-over": _("Token handed over"),
    "token.leave-team": _("Token left the team"),
    "account.make": _("Account made"),
    "account.change": _("Account changed"),
    "account.delete": _("Account deleted"),
    "team.create": _("Team made"),
    "team.rename": _("Team renamed"),
    "team.delete": _("Team deleted"),
    "member.add": _("Member added"),
    "member.change": _("Role changed"),
    "member.remove": _("Member removed"),
    "invitation.make": _("Invitation made"),
    "invitation.withdraw": _("Invitation withdrawn"),
    "invitation.accept": _("Invitation accepted"),
    "display.make": _("Display link made"),
    "display.revoke": _("Display link revoked"),
    "key.make": _("API key made"),
    "key.revoke": _("API key revoked"),
}

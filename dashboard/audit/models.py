"""The table of the audit log, and the words that its entries use."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Action(models.TextChoices):
    """What was done: the stored value, and its title for people."""

    VIEW_SHARE = "view.share", _("View shared")
    VIEW_UNSHARE = "view.unshare", _("View no longer shared")
    VIEW_HAND_OVER = "view.hand-over", _("Shared view transferred")
    VIEW_DELETE = "view.delete", _("Shared view deleted")
    TOKEN_ADD = "token.add", _("Token added")
    TOKEN_EDIT = "token.edit", _("Token edited")
    TOKEN_OFFER = "token.offer", _("Replacement token submitted")
    TOKEN_SWITCH = "token.switch", _("Token replaced")
    TOKEN_TAKE_BACK = "token.take-back", _("Previous token restored")
    TOKEN_DISABLE = "token.disable", _("Token disabled")
    TOKEN_ENABLE = "token.enable", _("Token enabled")
    TOKEN_DELETE = "token.delete", _("Token deleted")
    TOKEN_HAND_OVER = "token.hand-over", _("Token transferred")
    TOKEN_LEAVE_TEAM = "token.leave-team", _("Token left the team")
    ACCOUNT_MAKE = "account.make", _("Account created")
    ACCOUNT_CHANGE = "account.change", _("Account changed")
    ACCOUNT_SHUT_OUT = "account.shut-out", _("Access removed by single sign-on")
    ACCOUNT_DELETE = "account.delete", _("Account deleted")
    TEAM_CREATE = "team.create", _("Team created")
    TEAM_RENAME = "team.rename", _("Team renamed")
    TEAM_DELETE = "team.delete", _("Team deleted")
    MEMBER_ADD = "member.add", _("Member added")
    MEMBER_CHANGE = "member.change", _("Role changed")
    MEMBER_REMOVE = "member.remove", _("Member removed")
    INVITATION_MAKE = "invitation.make", _("Invitation created")
    INVITATION_WITHDRAW = "invitation.withdraw", _("Invitation withdrawn")
    INVITATION_ACCEPT = "invitation.accept", _("Invitation accepted")
    DISPLAY_MAKE = "display.make", _("Display link created")
    DISPLAY_HAND_OVER = "display.hand-over", _("Display link transferred")
    DISPLAY_REVOKE = "display.revoke", _("Display link revoked")
    KEY_MAKE = "key.make", _("API key created")
    KEY_REVOKE = "key.revoke", _("API key revoked")
    SIGN_IN = "sign-in", _("Sign-in")
    SIGN_OUT = "sign-out", _("Sign-out")
    PASSWORD_CHANGE = "password.change", _("Password changed")
    PASSWORD_SET = "password.set", _("Password set by an administrator")
    FACTOR_ADD = "factor.add", _("Second factor added")
    FACTOR_REMOVE = "factor.remove", _("Second factor removed")
    CODES_SHOW = "codes.show", _("Recovery codes shown")
    IMAGES_EXPORT = "images.export", _("Images exported")
    CHANGES_EXPORT = "changes.export", _("Changes exported")
    AUDIT_EXPORT = "audit.export", _("Audit log exported")
    API_READ = "api.read", _("Read through the API")
    AUDIT_ACCEPT = "audit.accept", _("Shortened audit log accepted")
    AUDIT_ARCHIVE = "audit.archive", _("Audit log archived")


class Word(models.TextChoices):
    """The words that an entry's subject and result may consist of.

    They say how somebody signed in or out, what the cloud said of a token, or why something was
    refused.
    """

    PASSWORD = "password", _("password")
    CODE = "code", _("authenticator code")
    RECOVERY_CODE = "recovery code", _("recovery code")
    SINGLE_SIGN_ON = "single sign-on", _("single sign-on")
    INVITATION = "invitation", _("invitation")
    AWAY = "away for long", _("inactive for too long")
    LONG_AGO = "signed in long ago", _("session too old")
    NO_PASSWORD = "no password any more", _("no password set")
    WRONG_PASSWORD = "wrong password", _("wrong password")
    WRONG_CODE = "wrong code", _("wrong code")
    UNKNOWN_NAME = "unknown name", _("unknown name")
    SWITCHED_OFF = "account is switched off", _("account is deactivated")
    NOT_ALLOWED = "in no group that may come in", _("not in an allowed group")
    TOO_MANY = "too many to be written", _("too many to record")
    UNVERIFIED = "unverified", _("Not checked yet")
    VALID = "valid", _("Works")
    REFUSED = "refused", _("Refused")
    FORBIDDEN = "forbidden", _("Not allowed to list images")
    UNREACHABLE = "unreachable", _("Cloud unreachable")


class AuditEntry(models.Model):
    """One entry of the audit log; see `trail`.

    Names are stored as they were at the time, with the person's id beside them, and not as foreign
    keys: rows may change or be deleted.
    """

    at = models.DateTimeField(_("time"))
    actor = models.CharField(_("actor"), max_length=150)
    actor_id = models.BigIntegerField(null=True)
    action = models.CharField(_("action"), max_length=40)
    team_id = models.BigIntegerField(null=True)
    team = models.CharField(_("team"), max_length=80, blank=True)
    subject = models.CharField(_("object"), max_length=200, blank=True)
    owner = models.CharField(_("owner"), max_length=150, blank=True)
    owner_id = models.BigIntegerField(null=True)
    address = models.CharField(_("IP address"), max_length=45, blank=True)
    result = models.CharField(_("result"), max_length=40)
    digest = models.CharField(max_length=64, unique=True, editable=False)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = (
            models.Index(fields=("team_id", "-id"), name="audit_of_team"),
            models.Index(fields=("actor_id", "-id"), name="audit_of_actor"),
            models.Index(fields=("owner_id", "-id"), name="audit_of_owner"),
            models.Index(fields=("action", "-id"), name="audit_of_action"),
            models.Index(fields=("at",), name="audit_by_time"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor}: {self.action} {self.subject}"

"""API tokens of cloud accounts, and their next and previous secrets."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import structlog
from django.db import models, transaction
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dashboard.audit import trail
from dashboard.audit.models import Action, Word
from dashboard.audit.trail import Actor
from dashboard.people.models import Team, User

log = structlog.get_logger("dashboard.tokens")

# A token is said to end soon from so many days before its last day on.
ENDS_SOON = timedelta(days=14)


class State(models.TextChoices):
    """What the cloud last said of a token; the audit log uses the same words."""

    UNVERIFIED = Word.UNVERIFIED.value, Word.UNVERIFIED.label
    VALID = Word.VALID.value, Word.VALID.label
    REFUSED = Word.REFUSED.value, Word.REFUSED.label
    FORBIDDEN = Word.FORBIDDEN.value, Word.FORBIDDEN.label
    UNREACHABLE = Word.UNREACHABLE.value, Word.UNREACHABLE.label


class Token(models.Model):
    """An API token of a cloud account. Its secret is in `sealed`, which only `vault` decrypts.

    It belongs to its owner; in a team, the members read with it and the admins manage it. `regions`
    is what it could list when it was last checked: [{"id", "name", "ok"}], with None for `ok` where
    the cloud did not say.
    """

    # Known before the row is saved, because the ciphertext is bound to it.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="tokens", verbose_name=_("owner"))
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="tokens", verbose_name=_("team")
    )
    label = models.CharField(_("label"), max_length=80)
    sealed = models.TextField(editable=False)
    last_four = models.CharField(_("last four"), max_length=4, blank=True)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.UNVERIFIED
    )
    reason = models.TextField(_("reason"), blank=True)
    request_id = models.CharField(_("request id"), max_length=100, blank=True)
    regions = models.JSONField(_("regions"), default=list, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("secret set"))
    checked_at = models.DateTimeField(_("last checked"), null=True, blank=True)
    last_ok_at = models.DateTimeField(_("last worked"), null=True, blank=True)
    last_failed_at = models.DateTimeField(_("last failed"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    last_used_by = models.CharField(_("last used by"), max_length=150, blank=True)
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    disabled_at = models.DateTimeField(_("disabled"), null=True, blank=True)

    class Meta:
        ordering = ("created_at", "id")
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        constraints = (
            models.UniqueConstraint("owner", Lower("label"), name="one_label_per_owner"),
        )

    def __str__(self) -> str:
        return f"{self.label} ····{self.last_four}"

    def get_absolute_url(self) -> str:
        return reverse("token_page", args=[self.pk])

    @property
    def is_good(self) -> bool:
        """Return whether the token worked when the cloud last answered.

        A cloud that does not answer does not make a token bad.
        """
        if self.state in (State.UNREACHABLE, State.UNVERIFIED):
            return self.last_ok_at is not None
        return self.state == State.VALID

    @property
    def has_expired(self) -> bool:
        """Return whether the last day (UTC) is over, so that nobody may read with the token."""
        return self.expires_on is not None and self.expires_on < _today()

    @property
    def ends_soon(self) -> bool:
        return (
            self.expires_on is not None
            and not self.has_expired
            and self.expires_on - _today() <= ENDS_SOON
        )

    def is_owned_by(self, user: User) -> bool:
        return self.owner_id == user.pk

    @transaction.atomic
    def leave_team(self, *, by: Actor) -> None:
        """Take the token out of its team, and revoke the display links and API keys of others."""
        self.note(by, Action.TOKEN_LEAVE_TEAM)
        self.revoke_displays(by=by)
        self.team = None
        self.save(update_fields=["team"])
        self.revoke_lapsed_keys(by=by)

    @transaction.atomic
    def hand_over(self, heir: User, *, by: Actor) -> None:
        """Make the heir the owner of the token, which stays in its team."""
        self.note(by, Action.TOKEN_HAND_OVER)
        self.owner = heir
        self.label = _free_label(heir, self.label)
        self.save(update_fields=["owner", "label"])
        self.revoke_lapsed_keys(by=by)

    @transaction.atomic
    def remove(self, *, by: Actor) -> None:
        """Delete the token with its secrets, and revoke its display links and API keys."""
        log.info("token deleted", token=str(self.pk), owner=self.owner_id)
        self.revoke_displays(by=by)
        for key in self.api_keys.working().select_related("owner", "token__team"):
            key.revoke(by=by)
        self.note(by, Action.TOKEN_DELETE)
        self.delete()

    def revoke_displays(self, *, by: Actor) -> None:
        """Revoke the display links that show the token's images."""
        for display in self.displays.working().select_related("team"):
            display.token = self
            display.revoke(by=by)

    def revoke_lapsed_keys(self, *, by: Actor) -> None:
        """Revoke the token's API keys that open nothing any more, so that they never will again."""
        for key in self.api_keys.working().select_related("owner", "team", "token__team"):
            if key.has_lapsed(key.owner):
                key.revoke(by=by)

    def note(self, by: Actor, action: Action, *, result: str = "done") -> None:
        """Write to the audit log what was done to the token."""
        team, owner = self.team, self.owner
        trail.record(by, action, team=team, subject=str(self), owner=owner, result=result)


def _today() -> date:
    return timezone.now().date()


def _free_label(owner: User, label: str) -> str:
    """Return the label, with a number added if the owner already has a token with it."""
    taken = {each.lower() for each in owner.tokens.values_list("label", flat=True)}
    number, free = 1, label
    while free.lower() in taken:
        number += 1
        free = f"{label[:70]} ({number})"
    return free


class RotationSecret(models.Model):
    """A second secret of a token, encrypted for this row, and deleted after `until`.

    The next one waits to be compared and switched to; the previous one was in use before.
    """

    class Kind(models.TextChoices):
        NEXT = "next"
        PREVIOUS = "previous"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.ForeignKey(Token, models.CASCADE, related_name="rotation_secrets")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    sealed = models.TextField(editable=False)
    last_four = models.CharField(max_length=4, blank=True)
    until = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("token", "kind"), name="one_rotation_secret_a_kind"),
        )

    def __str__(self) -> str:
        return f"{self.kind} ····{self.last_four}"

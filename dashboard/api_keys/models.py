from __future__ import annotations

import uuid

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dashboard.audit import trail
from dashboard.audit.models import Action
from dashboard.audit.trail import Actor
from dashboard.people import policy
from dashboard.people.models import Team, User
from dashboard.tokens.models import Token


class ApiKeys(models.QuerySet["ApiKey"]):
    def working(self) -> ApiKeys:
        """Return those that have neither expired nor been revoked."""
        return self.filter(expires_at__gt=timezone.now())


class ApiKey(models.Model):
    """A key with which a person's scripts read.

    It permits no more than its owner may do at that moment, and no more than the `team` or the
    `token` covers where one is named. It is deleted together with any of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="api_keys")
    token = models.ForeignKey(Token, models.CASCADE, null=True, blank=True, related_name="api_keys")
    label = models.CharField(_("label"), max_length=80)
    prefix = models.CharField(max_length=12, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    # Who ended it, which was at `expires_at`; "" where nobody did.
    revoked_by = models.CharField(max_length=150, blank=True, db_default="", editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    objects = ApiKeys.as_manager()

    class Meta:
        ordering = ("label", "made_at")
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.label} {self.prefix}…"

    @property
    def has_ended(self) -> bool:
        return self.expires_at <= timezone.now()

    def opens(self, token: Token) -> bool:
        """Return whether the key covers the token, provided that its owner may read with it."""
        in_team = self.team_id is None or self.team_id == token.team_id
        return in_team and (self.token_id is None or self.token_id == token.pk)

    def has_lapsed(self, owner: User) -> bool:
        """Return whether `owner` may not use keys any more, or may not read what this key names.

        `owner` may carry roles that are not saved yet; see `people.endings.as_if`.
        """
        if not policy.has_permission(owner, "keys.keep"):
            return True
        if self.token:
            return not policy.has_permission(owner, "token.read_with", self.token)
        return self.team is not None and not policy.has_permission(owner, "team.view", self.team)

    @transaction.atomic
    def revoke(self, *, by: Actor) -> None:
        """End the key, so that it is refused from the next request on.

        It stays in the list, and says by whom it was revoked, until `maintenance.prune` deletes it.
        Nothing is done about one that has ended already.
        """
        running = ApiKey.objects.working().filter(pk=self.pk)
        if running.update(expires_at=timezone.now(), revoked_by=by.name[:150]):
            self.note(by, Action.KEY_REVOKE)

    def note(self, by: Actor, action: Action) -> None:
        """Write to the audit log what was done to the key."""
        team = self.token.team if self.token else self.team
        subject = f"{self}: {self.token}" if self.token else str(self)
        trail.record(by, action, team=team, subject=subject, owner=self.owner)

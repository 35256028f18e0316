"""The keys of people's scripts. Imported by `models`, where Django looks for them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from dashboard.accounts.models import Token


class ApiKey(models.Model):
    """What a person's scripts read with: never more than the person may at that moment, and where a
    `team` or a `token` is named, no more than that. It goes with each of them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys")
    team = models.ForeignKey(
        "accounts.Team", models.CASCADE, null=True, blank=True, related_name="api_keys"
    )
    token = models.ForeignKey(
        "accounts.Token", models.CASCADE, null=True, blank=True, related_name="api_keys"
    )
    label = models.CharField(_("label"), max_length=80)
    prefix = models.CharField(max_length=12, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        ordering = ("label", "made_at")
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.label} {self.prefix}…"

    @property
    def has_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    def opens(self, token: Token) -> bool:
        """Whether it covers that token, which its owner may read with."""
        in_team = self.team_id is None or self.team_id == token.team_id
        return in_team and (self.token_id is None or self.token_id == token.pk)

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    default_token = models.ForeignKey(
        "Token", models.SET_NULL, null=True, blank=True, related_name="+"
    )


class State(models.TextChoices):
    """What the cloud last said of a token."""

    UNVERIFIED = "unverified", _("Not checked yet")
    VALID = "valid", _("Works")
    REFUSED = "refused", _("Refused")
    FORBIDDEN = "forbidden", _("May not list images")
    UNREACHABLE = "unreachable", _("Cloud not reached")


class Token(models.Model):
    """An API token of a cloud account. Its secret is in `sealed`, which only `vault` opens."""

    # Known before the row is saved, because the ciphertext is bound to it.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="tokens", verbose_name=_("owner"))
    label = models.CharField(_("label"), max_length=80)
    sealed = models.TextField(editable=False)
    last_four = models.CharField(_("last four"), max_length=4, blank=True)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.UNVERIFIED
    )
    reason = models.TextField(_("reason"), blank=True)
    request_id = models.CharField(_("request id"), max_length=100, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("secret set"))
    last_ok_at = models.DateTimeField(_("last worked"), null=True, blank=True)
    last_failed_at = models.DateTimeField(_("last failed"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        ordering = ("created_at", "id")
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        constraints = (
            models.UniqueConstraint("owner", Lower("label"), name="one_label_per_owner"),
        )

    def __str__(self) -> str:
        return f"{self.label} ····{self.last_four}"

    @property
    def is_good(self) -> bool:
        """Whether it worked when the cloud last had a say: silence does not make a token bad."""
        if self.state in (State.UNREACHABLE, State.UNVERIFIED):
            return self.last_ok_at is not None
        return self.state == State.VALID

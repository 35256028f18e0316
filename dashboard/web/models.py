from __future__ import annotations

from django.db import models
from django.db.models import Q


class FormUse(models.Model):
    """A form that was sent, by a hash of its id and of who sent it; see `dashboard.web.once`.

    `sealed` is a secret to be shown for a moment, encrypted under the form's id.
    """

    key = models.CharField(max_length=64, primary_key=True, editable=False)
    location = models.TextField(blank=True)
    sealed = models.TextField(blank=True, editable=False)
    sent_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        indexes = (
            models.Index(fields=("sent_at",), condition=~Q(sealed=""), name="form_with_secret"),
        )

    def __str__(self) -> str:
        return f"{self.location} {self.sent_at}"

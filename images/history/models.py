"""What changed in the cloud, and since when it is new to whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Change(models.Model):
    """One line of what changed in the cloud, see `feed` and `changes.Change`.

    `key` is the cache key of the token that saw it: whoever has that token reads it, however often
    it is stored here.
    """

    key = models.CharField(max_length=64)
    region = models.CharField(max_length=64)
    at = models.DateTimeField(_("time"))
    kind = models.CharField(max_length=16)
    uuid = models.CharField(max_length=64, blank=True)
    image_id = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=255, blank=True)
    before = models.CharField(max_length=255, blank=True)
    after = models.CharField(max_length=255, blank=True)
    count = models.PositiveIntegerField(default=1)
    # Names and ids as they are searched, line by line: databases compare letters each in its way.
    searched = models.TextField(blank=True, db_default="")

    class Meta:
        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=("key", "-at", "-id"), name="change_of_key"),
            models.Index(fields=("at",), name="change_by_time"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("key", "region", "uuid", "at", "kind"), name="one_change_a_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.name or self.uuid}"


class Watch(models.Model):
    """What was last told of a region, by the token's key: the next list is compared with it.

    `since` is when comparing began, `version` that of the list that was told when it was whole,
    `read_at` when the last one was read. `known` is what is known of the images, `unconfirmed` what
    a newer list shows that is to be confirmed first; see `changes.Known`. `worries` is since when
    which of them need attention, see `worries`."""

    key = models.CharField(max_length=64)
    region = models.CharField(max_length=64)
    since = models.DateTimeField()
    version = models.CharField(max_length=64, blank=True, db_default="")
    read_at = models.DateTimeField(null=True)
    known = models.BinaryField(null=True)
    unconfirmed = models.BinaryField(null=True)
    worries = models.BinaryField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("key", "region"), name="one_watch_a_region"),
        )
        indexes = (models.Index(fields=("read_at",), name="watch_by_time"),)

    def __str__(self) -> str:
        return f"{self.region} since {self.since:%Y-%m-%d %H:%M}"


class Published(models.Model):
    """The `services.signals.Schedule` of the newest head in the cache."""

    key = models.CharField(max_length=64, unique=True)
    asked_at = models.FloatField()
    due_at = models.FloatField(default=0.0, db_default=0.0)
    idle_due_at = models.FloatField(default=0.0, db_default=0.0)
    is_slow = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = (models.Index(fields=("asked_at",), name="published_by_time"),)

    def __str__(self) -> str:
        return f"{self.key[:8]} at {self.asked_at:.0f}"


class Visit(models.Model):
    """When a person last looked at the list of a token, which is named by its key.

    `since` is when they did in the visit before, None in their first.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="visits")
    key = models.CharField(max_length=64)
    since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "key"), name="one_visit_a_person_and_key"),
        )
        indexes = (models.Index(fields=("seen_at",), name="visit_by_time"),)

    def __str__(self) -> str:
        return f"{self.user} until {self.seen_at:%Y-%m-%d %H:%M}"

"""People, teams, memberships with a role, and invitations."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _


def folded(name: str) -> str:
    """Return the name as it is compared with others: without regard to case, in every script."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


class People(UserManager["User"]):
    """A manager that finds people by name in any case, also for signing in."""

    use_in_migrations = False

    def named(self, name: str) -> User | None:
        return self.filter(folded_name=folded(name)).first()

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(folded_name=folded(username or ""))


class User(AbstractUser):
    # Identifies a person by a name in any case. The databases' own LOWER() differ: SQLite's knows
    # only the letters of ASCII.
    folded_name = models.CharField(max_length=450, unique=True, editable=False)
    start_view = models.ForeignKey(
        "saved_views.SavedView",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    # The part of a query string that holds the person's list preferences; "" for the defaults.
    list_preferences = models.CharField(max_length=1000, blank=True, editable=False)
    # How often all sessions were ended at once. It is part of the hash that a session must match.
    sessions_ended = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects: ClassVar[People] = People()

    def clean(self) -> None:
        """Raise ValidationError if someone already has the name, in whatever case."""
        super().clean()
        if not self.username:  # a form has already rejected it
            return
        taken = User.objects.filter(folded_name=folded(self.username)).exclude(pk=self.pk)
        if taken.exists():
            raise ValidationError({"username": _("A user with that username already exists.")})

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.folded_name = folded(self.username)
        if update_fields is not None and "username" in update_fields:
            update_fields = {*update_fields, "folded_name"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def keep_list_preferences(self, preferences: str) -> None:
        if preferences != self.list_preferences:
            User.objects.filter(pk=self.pk).update(list_preferences=preferences)

    def get_session_auth_hash(self) -> str:
        return self._with_ended(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        return map(self._with_ended, super().get_session_auth_fallback_hash())

    def _with_ended(self, digest: str) -> str:
        return f"{digest}:{self.sessions_ended}" if self.sessions_ended else digest

    @cached_property
    def roles(self) -> dict[int, str]:
        """Return the person's roles by team id.

        Every request asks for them, so the SQL is written out: composing the query through the ORM
        takes several times as long as running it.
        """
        table = Membership._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT team_id, role FROM {table} WHERE user_id = %s",  # noqa: S608  (our name)
                [self.pk],
            )
            return dict(cursor.fetchall())

    @property
    def is_console(self) -> bool:
        """Return whether the account only watches, being a console in every team it is in."""
        return not self.is_superuser and set(self.roles.values()) == {"console"}


class Role(models.TextChoices):
    """A person's role in a team; `policy` says what each role may do."""

    VIEWER = "viewer", _("Viewer")
    ADMIN = "admin", _("Admin")
    CONSOLE = "console", _("Console")


class Team(models.Model):
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("address"), max_length=50, unique=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=8, choices=Role.choices)
    joined_at = models.DateTimeField(_("joined"), auto_now_add=True)

    class Meta:
        ordering = ("user__username",)
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = (models.UniqueConstraint(fields=("team", "user"), name="one_role_per_team"),)

    def __str__(self) -> str:
        return f"{self.user}, {self.team}: {self.role}"


class Invitation(models.Model):
    """A link with which one person joins a team.

    Whoever has it may use it once, while its maker may manage the team. `maker` is None where a
    command made it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="invitations")
    role = models.CharField(_("role"), max_length=8, choices=Role.choices)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.CharField(_("created by"), max_length=150)
    maker = models.ForeignKey(
        User, models.CASCADE, null=True, editable=False, related_name="invitations"
    )
    made_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        ordering = ("-made_at",)
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return f"{self.team}: {self.role}"

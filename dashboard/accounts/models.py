from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from dashboard.accounts.audit_models import Action as Action
from dashboard.accounts.audit_models import AuditEntry as AuditEntry
from dashboard.accounts.audit_models import Word as Word
from dashboard.accounts.history_models import Change as Change
from dashboard.accounts.history_models import Visit as Visit
from dashboard.accounts.history_models import Watch as Watch
from dashboard.accounts.key_models import ApiKey as ApiKey
from dashboard.accounts.team_models import Invitation as Invitation
from dashboard.accounts.team_models import Membership as Membership
from dashboard.accounts.team_models import Role as Role
from dashboard.accounts.team_models import Team as Team

# Uses are noted, and the same news is written again, only after this long.
STAMP_EVERY = timedelta(seconds=60)
# From how many days before its last day on a token is said to end soon.
ENDS_SOON = timedelta(days=14)


def folded(name: str) -> str:
    """Return the name as it is compared with others: without regard to case, in every script."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


class People(UserManager["User"]):
    """Finds people by their names in any case, also for whoever signs in."""

    use_in_migrations = False

    def named(self, name: str) -> User | None:
        return self.filter(folded_name=folded(name)).first()

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(folded_name=folded(username or ""))


class User(AbstractUser):
    # What tells people apart, and finds them. The databases' own LOWER() differ: that of SQLite
    # knows the letters of ASCII alone. None for who was made by the release before.
    folded_name = models.CharField(  # noqa: DJ001
        max_length=450, unique=True, null=True, editable=False
    )
    default_token = models.ForeignKey(
        "Token", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    start_view = models.ForeignKey(
        "SavedView", models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    # The part of a query string that says how the person likes the list; "" as it comes.
    looks = models.CharField(max_length=1000, blank=True, editable=False)
    # How often all sessions were ended at once: part of what a session is held against.
    sessions_ended = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects: ClassVar[People] = People()

    def clean(self) -> None:
        """Raise ValidationError where someone has the name already, in whatever case."""
        super().clean()
        if not self.username:  # a form found fault with it already
            return
        taken = User.objects.filter(folded_name=folded(self.username)).exclude(pk=self.pk)
        if taken.exists():
            raise ValidationError({"username": _("A user with that username already exists.")})

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.folded_name = folded(self.username)
        if update_fields is not None and "username" in update_fields:
            update_fields = {*update_fields, "folded_name"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def get_session_auth_hash(self) -> str:
        return self._with_ended(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        return map(self._with_ended, super().get_session_auth_fallback_hash())

    def _with_ended(self, digest: str) -> str:
        return f"{digest}:{self.sessions_ended}" if self.sessions_ended else digest

    @cached_property
    def roles(self) -> dict[int, str]:
        """The person's role by the id of the team. Every request asks, so it is written out:
        composing the query takes several times as long as asking it."""
        table = Membership._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT team_id, role FROM {table} WHERE user_id = %s",  # noqa: S608  (our name)
                [self.pk],
            )
            return dict(cursor.fetchall())

    @property
    def is_console(self) -> bool:
        """Whether the account only ever watches: a console in every team it is in."""
        return not self.is_superuser and set(self.roles.values()) == {"console"}


class State(models.TextChoices):
    """What the cloud last said of a token."""

    UNVERIFIED = "unverified", _("Not checked yet")
    VALID = "valid", _("Works")
    REFUSED = "refused", _("Refused")
    FORBIDDEN = "forbidden", _("May not list images")
    UNREACHABLE = "unreachable", _("Cloud not reached")


class Token(models.Model):
    """An API token of a cloud account. Its secret is in `sealed`, which only `vault` opens.

    It is its owner's; in a team, the team's people read with it and its admins look after it.
    `regions` is what it could list when it was last checked: [{"id", "name", "ok"}].
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
    expires_on = models.DateField(_("last day"), null=True, blank=True)
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
        """Whether it worked when the cloud last had a say: silence does not make a token bad."""
        if self.state in (State.UNREACHABLE, State.UNVERIFIED):
            return self.last_ok_at is not None
        return self.state == State.VALID

    @property
    def has_expired(self) -> bool:
        """Its last day (UTC) is over: nobody reads with it any more."""
        return self.expires_on is not None and self.expires_on < _today()

    @property
    def ends_soon(self) -> bool:
        return (
            self.expires_on is not None
            and not self.has_expired
            and self.expires_on - _today() <= ENDS_SOON
        )


def _today() -> date:
    return timezone.now().date()


class SpareSecret(models.Model):
    """A second secret of a token, sealed for this row: the one to be compared and switched to, or
    the one that was in use before. Each is gone after `until`."""

    class Kind(models.TextChoices):
        NEXT = "next"
        PREVIOUS = "previous"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.ForeignKey(Token, models.CASCADE, related_name="spares")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    sealed = models.TextField(editable=False)
    last_four = models.CharField(max_length=4, blank=True)
    until = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("token", "kind"), name="one_spare_a_kind"),)

    def __str__(self) -> str:
        return f"{self.kind} ····{self.last_four}"


class Display(models.Model):
    """A link that opens the wall screen of one token and query without signing in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="displays")
    token = models.ForeignKey(Token, models.CASCADE, related_name="displays")
    title = models.CharField(_("title"), max_length=80)
    query = models.TextField(_("query"), blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.CharField(_("made by"), max_length=150)
    # Whose right to manage the team it hangs on. None: the machine's, or of before there was this.
    maker = models.ForeignKey(
        User, models.CASCADE, null=True, editable=False, related_name="displays"
    )
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)

    class Meta:
        ordering = ("title", "made_at")
        verbose_name = _("display link")
        verbose_name_plural = _("display links")

    def __str__(self) -> str:
        return self.title

    @property
    def has_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class SavedView(models.Model):
    """A query of the list under a name: its owner's, and a team's where it is shared."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="views")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="views")
    name = models.CharField(_("name"), max_length=80)
    query = models.TextField(_("query"), blank=True)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        ordering = ("name", "made_at")
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = (
            models.UniqueConstraint(
                fields=("owner", "name"), condition=Q(team=None), name="one_view_a_name_and_owner"
            ),
            models.UniqueConstraint(
                fields=("team", "name"),
                condition=Q(team__isnull=False),
                name="one_view_a_name_and_team",
            ),
        )

    def __str__(self) -> str:
        return self.name

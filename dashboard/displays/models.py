from __future__ import annotations

import uuid

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dashboard.audit import trail
from dashboard.audit.models import Action
from dashboard.audit.trail import Actor
from dashboard.people.models import Team, User
from dashboard.tokens.models import Token


class Displays(models.QuerySet["Display"]):
    def working(self) -> Displays:
        """Return those that have neither expired nor been revoked."""
        return self.filter(expires_at__gt=timezone.now())


class Display(models.Model):
    """A link that opens the wall screen of a team and a query without signing in.

    It shows the account of the `token`, or without one all accounts of the team.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="displays")
    token = models.ForeignKey(Token, models.CASCADE, null=True, related_name="displays")
    title = models.CharField(_("title"), max_length=80)
    query = models.TextField(_("query"), blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.CharField(_("created by"), max_length=150)
    # The link works while this person may manage the team. None: a command made it.
    maker = models.ForeignKey(
        User, models.CASCADE, null=True, editable=False, related_name="displays"
    )
    made_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    # Who ended it, which was at `expires_at`; "" where nobody did.
    revoked_by = models.CharField(max_length=150, blank=True, db_default="", editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    # Other links of the team whose screens this one shows in turn with its own.
    turns_with = models.ManyToManyField("self", symmetrical=False, editable=False)
    turn_seconds = models.PositiveSmallIntegerField(default=30, db_default=30, editable=False)

    objects = Displays.as_manager()

    class Meta:
        ordering = ("title", "made_at")
        verbose_name = _("display link")
        verbose_name_plural = _("display links")

    def __str__(self) -> str:
        return self.title

    @property
    def has_ended(self) -> bool:
        return self.expires_at <= timezone.now()

    @transaction.atomic
    def revoke(self, *, by: Actor) -> None:
        """End the link, so that it opens nothing from the next request on.

        It stays in the list, and says by whom it was revoked, until `maintenance.prune` deletes it.
        Nothing is done about one that has ended already.
        """
        running = Display.objects.working().filter(pk=self.pk)
        if running.update(expires_at=timezone.now(), revoked_by=by.name[:150], maker=None):
            self.note(by, Action.DISPLAY_REVOKE)

    @transaction.atomic
    def hand_over(self, heir: User, *, by: Actor) -> None:
        """Make the heir the maker of the link; whoever knows its key can still open it."""
        self.note(by, Action.DISPLAY_HAND_OVER)
        self.maker, self.made_by = heir, heir.get_username()
        self.save(update_fields=["maker", "made_by"])

    def note(self, by: Actor, action: Action) -> None:
        """Write to the audit log what was done to the link."""
        shown = f"{self.title}: {self.token}" if self.token else self.title
        owner = self.token.owner if self.token else None
        trail.record(by, action, team=self.team, subject=shown, owner=owner)

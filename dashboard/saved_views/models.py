from __future__ import annotations

import uuid

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dashboard.audit import trail
from dashboard.audit.models import Action
from dashboard.audit.trail import Actor
from dashboard.people.models import Team, User


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

    def is_owned_by(self, user: User) -> bool:
        """Whether it is the person's alone: a shared one is the team's, whoever made it."""
        return self.team_id is None and self.owner_id == user.pk

    @transaction.atomic
    def remove(self, *, by: Actor) -> None:
        """Delete it. A team hears of its own in the audit log."""
        if self.team:
            trail.record(by, Action.VIEW_DELETE, team=self.team, subject=self.name)
        self.delete()

    @transaction.atomic
    def hand_over(self, heir: User, *, by: Actor) -> None:
        """It stays the team's, in the heir's name."""
        team, subject = self.team, self.name
        trail.record(by, Action.VIEW_HAND_OVER, team=team, subject=subject, owner=self.owner)
        self.owner = heir
        self.save(update_fields=["owner"])

    @transaction.atomic
    def leave_team(self, *, by: Actor) -> None:
        """It is its owner's alone from now on, numbered where they have one of that name."""
        team, subject = self.team, self.name
        trail.record(by, Action.VIEW_UNSHARE, team=team, subject=subject, owner=self.owner)
        number, free = 1, self.name
        while of_that_name(free, self.owner, None):
            number += 1
            free = f"{self.name[:70]} ({number})"
        self.name, self.team = free, None
        self.save(update_fields=["name", "team"])


def of_that_name(name: str, owner: User, team: Team | None) -> SavedView | None:
    """The view that has the name already, where names are told apart."""
    place = Q(team=team) if team else Q(team=None, owner=owner)
    return SavedView.objects.filter(place, name=name).first()

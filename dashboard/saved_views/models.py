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
    """A named query of the list, which belongs to its owner or, where shared, to a team."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="views")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="views")
    name = models.CharField(_("name"), max_length=80)
    query = models.TextField(_("query"), blank=True)
    made_at = models.DateTimeField(_("created"), auto_now_add=True)

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
        """Return whether the view is the person's alone; a shared one is its team's."""
        return self.team_id is None and self.owner_id == user.pk

    @transaction.atomic
    def remove(self, *, by: Actor) -> None:
        """Delete the view; the audit log records it for a team's."""
        if self.team:
            trail.record(by, Action.VIEW_DELETE, team=self.team, subject=self.name)
        self.delete()

    @transaction.atomic
    def hand_over(self, heir: User, *, by: Actor) -> None:
        """Make the heir the owner of the view, which stays the team's."""
        team, subject = self.team, self.name
        trail.record(by, Action.VIEW_HAND_OVER, team=team, subject=subject, owner=self.owner)
        self.owner = heir
        self.save(update_fields=["owner"])

    @transaction.atomic
    def leave_team(self, *, by: Actor) -> None:
        """Make the view its owner's alone, with a number added if they have one of that name."""
        team, subject = self.team, self.name
        trail.record(by, Action.VIEW_UNSHARE, team=team, subject=subject, owner=self.owner)
        number, free = 1, self.name
        while of_that_name(free, self.owner, None):
            number += 1
            free = f"{self.name[:70]} ({number})"
        self.name, self.team = free, None
        self.save(update_fields=["name", "team"])


def of_that_name(name: str, owner: User, team: Team | None) -> SavedView | None:
    """Return the view that has the name already, within the team or else the owner's own views."""
    place = Q(team=team) if team else Q(team=None, owner=owner)
    return SavedView.objects.filter(place, name=name).first()

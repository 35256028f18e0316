"""A team's members and their roles, brought to what a file says."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.audit.trail import COMMAND
from dashboard.people import endings, teams
from dashboard.people.endings import Heirs, Stake
from dashboard.people.models import Role, Team, User, folded
from dashboard.provisioning.document import Problem
from dashboard.provisioning.entries import Listed, ListedTeam
from dashboard.provisioning.report import Report


def apply(team: Team, listed: ListedTeam, people: Mapping[str, User], report: Report) -> None:
    """Give the listed people their roles, and take the others out where the file says so.

    New admins come first: a team that has an admin always keeps one.
    """
    roles = {each.user_id: each.role for each in team.memberships.all()}
    for member in sorted(listed.members, key=lambda each: each.entry != Role.ADMIN):
        with report.problem_noted():
            user = people[folded(member.name)]
            _set_role(team, listed, user, roles.get(user.pk), member, report)
    if "members" not in listed.entry.only_listed:
        return
    kept = {people[folded(member.name)].pk for member in listed.members}
    for user in User.objects.filter(memberships__team=team).exclude(pk__in=kept):
        with report.problem_noted():
            heirs = _heirs(team, listed, user, None, listed.line)
            try:
                teams.remove_member(team, user, by=COMMAND, heirs=heirs)
            except teams.LastAdmin:
                raise _last_admin(user, listed.line) from None
            report.changes.append(f"- {team.slug}: {user} is no longer a member")


def _set_role(
    team: Team,
    listed: ListedTeam,
    user: User,
    before: str | None,
    member: Listed[Role],
    report: Report,
) -> None:
    role = member.entry
    if before == role:
        return
    heirs = _heirs(team, listed, user, role, member.line) if before else None
    try:
        teams.set_role(team, user, role, by=COMMAND, heirs=heirs)
    except teams.LastAdmin:
        raise _last_admin(user, member.line) from None
    was = f"~ {team.slug}: {user} was {before}, becomes" if before else f"+ {team.slug}: {user} is"
    report.changes.append(f"{was} {role}")


def _heirs(team: Team, listed: ListedTeam, user: User, role: str | None, line: int) -> Heirs | None:
    """Return who takes over what the person may not keep; raise Problem if nobody would."""
    stake = endings.at_stake(endings.as_if(user, team, role), team)
    made = _made(stake)
    if not made:
        return None
    if listed.entry.heir is None:
        said = f"{user} may not keep what they made for the team ({made}). Name an heir."
        raise Problem(line, said)
    heir = endings.heirs_in(team, user).filter(folded_name=folded(listed.entry.heir)).first()
    if heir is None:
        raise Problem(line, f"heir: who takes over ({made}) has to be another admin of the team.")
    return Heirs(heir, heir, heir)


def _made(stake: Stake) -> str:
    counts = {
        "tokens": len(stake.tokens),
        "display links": len(stake.displays),
        "shared views": len(stake.views),
    }
    return ", ".join(f"{name}: {count}" for name, count in counts.items() if count)


def _last_admin(user: User, line: int) -> Problem:
    return Problem(line, f"{user} is the team's last admin. Make someone else an admin too.")

"""Applying a file of teams: all of it in one transaction, or nothing.

What a dry run shows is what applying does: the same is done, and then taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.db import transaction

from dashboard.audit.trail import COMMAND
from dashboard.people import teams
from dashboard.people.forms import TeamForm
from dashboard.people.models import Team, User, folded
from dashboard.provisioning import (
    applying_displays,
    applying_members,
    applying_tokens,
    document,
    entries,
    new_secrets,
)
from dashboard.provisioning.document import Problem, quoted
from dashboard.provisioning.entries import ListedTeam
from dashboard.provisioning.new_secrets import Key, NewSecret
from dashboard.provisioning.report import Report


class Undone(Exception):
    """Raised to take back what a dry run did, or what was done before a problem was found."""


def apply(path: Path, *, dry_run: bool) -> Report:
    """Bring teams to what the file says, and return what was changed, or why nothing was."""
    report = Report()
    with report.problem_noted():
        listed = entries.teams_of(document.read(path))
        people = _people(listed, report)
        new = _new_secrets(listed, path.parent, people, report, dry_run=dry_run)
        if not report.problems:
            _change(listed, path.parent, people, new, report, dry_run=dry_run)
    return report


def _people(listed: list[ListedTeam], report: Report) -> dict[str, User]:
    """Return the people that the file names; the names that nobody has are problems."""
    named = [each for team in listed for each in team.people()]
    users = User.objects.filter(folded_name__in={folded(name) for _line, name in named})
    people = {user.folded_name: user for user in users}
    for line, name in named:
        if folded(name) not in people:
            report.problems.append(Problem(line, f"There is no user {quoted(name)}."))
    return people


def _new_secrets(
    listed: list[ListedTeam],
    folder: Path,
    people: Mapping[str, User],
    report: Report,
    *,
    dry_run: bool,
) -> dict[Key, NewSecret]:
    """Return the secrets that are not stored yet; the cloud is asked only if all else is well."""
    secrets: dict[Key, str] = {}
    tokens = [each for team in listed for each in team.tokens]
    for key, secret in new_secrets.read(tokens, folder):
        if isinstance(secret, Problem):
            report.problems.append(secret)
        else:
            secrets[key] = secret
    if report.problems:
        return {}
    new: dict[Key, NewSecret] = {}
    for key, found in new_secrets.ask(tokens, secrets, people, dry_run=dry_run):
        if isinstance(found, Problem):
            report.problems.append(found)
        else:
            new[key] = found
    return new


def _change(
    listed: list[ListedTeam],
    folder: Path,
    people: Mapping[str, User],
    new: Mapping[Key, NewSecret],
    report: Report,
    *,
    dry_run: bool,
) -> None:
    written: list[Path] = []
    try:
        with transaction.atomic():
            for each in listed:
                with report.problem_noted():
                    team = _team(each, report)
                    applying_members.apply(team, each, people, report)
                    applying_tokens.apply(team, each, people, new, report)
                    applying_displays.apply(team, each, folder, report)
            if dry_run or report.problems:
                raise Undone
            applying_displays.write(report.links)
            written = list(report.links)
    except Undone:
        pass
    except BaseException:
        applying_displays.take_away(written)
        raise


def _team(listed: ListedTeam, report: Report) -> Team:
    team, name = Team.objects.filter(slug=listed.slug).first(), listed.entry.name
    if team and name is None:
        return team
    if name is None:
        raise Problem(listed.line, "A new team needs a name.")
    form = TeamForm({"name": name})
    if not form.is_valid():
        raise Problem(listed.line, f"name: {' '.join(map(str, form.errors['name']))}")
    name = form.cleaned_data["name"]
    if team is None:
        report.changes.append(f"+ {listed.slug}: team {name!r}")
        return teams.create(name, by=COMMAND, slug=listed.slug)
    if team.name != name:
        report.changes.append(f"~ {listed.slug}: is called {name!r}, was {team.name!r}")
        teams.rename(team, name, by=COMMAND)
    return team

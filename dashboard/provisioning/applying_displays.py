"""A team's display links, brought to what a file says.

A link cannot be changed, and its key is known only while it is made: the address of a new one is
written to a file of its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from dashboard.audit.trail import COMMAND
from dashboard.displays import links
from dashboard.displays.forms import DisplayForm
from dashboard.displays.models import Display
from dashboard.people.models import Team
from dashboard.provisioning.document import Problem, quoted
from dashboard.provisioning.entries import DisplayEntry, Listed, ListedTeam
from dashboard.provisioning.report import Report
from dashboard.tokens.models import Token


def apply(team: Team, listed: ListedTeam, folder: Path, report: Report) -> None:
    """Make the links that are missing, and revoke others where the file says so."""
    working = list(team.displays.working().select_related("token"))
    for each in listed.displays:
        with report.problem_noted():
            there = [link for link in working if link.title == each.name]
            _compare_or_make(team, each, there, folder, report)
    if "displays" not in listed.entry.only_listed:
        return
    kept = {each.name for each in listed.displays}
    for link in working:
        if link.title not in kept:
            link.revoke(by=COMMAND)
            report.changes.append(f"- {team.slug}: display link {link.title!r} is revoked")


def _compare_or_make(
    team: Team,
    listed: Listed[DisplayEntry],
    there: list[Display],
    folder: Path,
    report: Report,
) -> None:
    token = _token(team, listed)
    form = _form(team, token, listed)
    said = [
        f"{name}: {message}"
        for name, each in form.errors.items()
        for message in each
        # A team that has as many links as it may have keeps those.
        if not (there and name == "__all__")
    ]
    if said:
        raise Problem(listed.line, " ".join(said))
    made_so = (
        token.pk if token else None,
        form.cleaned_data["query"],
        form.cleaned_data["language"],
    )
    if any((link.token_id, link.query, link.language) == made_so for link in there):
        return
    if there:
        raise Problem(
            listed.line,
            "A link of this title shows something else, and links cannot be changed. Revoke it "
            "on the team's page, or choose another title.",
        )
    path = _free_file(folder, listed)
    _link, key = links.make(team, **form.cleaned_data, by=COMMAND)
    report.links[path] = settings.PUBLIC_URL + reverse("display", args=[key])
    report.changes.append(
        f"+ {team.slug}: display link {listed.name!r}, in {listed.entry.link_file!r}"
    )


def _token(team: Team, listed: Listed[DisplayEntry]) -> Token | None:
    """Return the token that the link shows the account of; None for all of the team."""
    if not listed.entry.token:
        return None
    found = list(team.tokens.filter(label__iexact=listed.entry.token).select_related("owner"))
    if len(found) != 1:
        said = "several tokens" if found else "no token"
        raise Problem(
            listed.line, f"token: the team has {said} with the label {quoted(listed.entry.token)}."
        )
    return found[0]


def _form(team: Team, token: Token | None, listed: Listed[DisplayEntry]) -> DisplayForm:
    entry = listed.entry
    given = {
        "title": listed.name,
        "token": token.pk if token else "",
        "query": entry.query,
        "days": entry.days,
        "language": entry.language,
    }
    form = DisplayForm(given, team=team, tokens=team.tokens.all())
    form.is_valid()
    return form


def _free_file(folder: Path, listed: Listed[DisplayEntry]) -> Path:
    path = folder / listed.entry.link_file
    if path.exists() or path.is_symlink():
        said = "is there already. Move it away: the link that it holds has ended."
        raise Problem(listed.line, f"link_file: {quoted(listed.entry.link_file)} {said}")
    if not os.access(path.parent, os.W_OK):
        said = "cannot be written: its folder is missing or closed."
        raise Problem(listed.line, f"link_file: {quoted(listed.entry.link_file)} {said}")
    return path


def write(addresses: Mapping[Path, str]) -> None:
    """Write each address to its file, which only its owner can read; all of them or none."""
    written: list[Path] = []
    try:
        for path, address in addresses.items():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            written.append(path)
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{address}\n")
    except OSError:
        take_away(written)
        raise


def take_away(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)

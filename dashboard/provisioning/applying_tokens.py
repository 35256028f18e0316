"""A team's tokens, brought to what a file says. A token that the file does not list stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from dashboard.audit.trail import COMMAND
from dashboard.people.models import Team, User, folded
from dashboard.provisioning.document import Problem, quoted
from dashboard.provisioning.entries import NEVER, Listed, ListedTeam, TokenEntry
from dashboard.provisioning.new_secrets import Key, NewSecret, key_of, stored
from dashboard.provisioning.report import Report
from dashboard.tokens import lifecycle, rotation
from dashboard.tokens.forms import AddTokenForm, TokenForm
from dashboard.tokens.models import State, Token
from dashboard.tokens.views.announcements import cloud_said


def apply(
    team: Team,
    listed: ListedTeam,
    people: Mapping[str, User],
    new: Mapping[Key, NewSecret],
    report: Report,
) -> None:
    for each in listed.tokens:
        with report.problem_noted():
            owner, secret = people[folded(each.entry.owner)], new.get(key_of(each))
            token = stored(owner, each.name)
            if token is None:
                token = _add(team, owner, each, secret, report)
            else:
                _edit(team, token, each, report)
                _replace(team, token, secret, report)
            _disable(team, token, each.entry.disabled, report)


def _add(
    team: Team, owner: User, listed: Listed[TokenEntry], new: NewSecret | None, report: Report
) -> Token:
    others = team.tokens.filter(label__iexact=listed.name).select_related("owner").first()
    if others:
        said = f"The team has a token of this label already, which belongs to {others.owner}."
        raise Problem(listed.line, said)
    if new is None:
        raise Problem(listed.line, "A new token needs a secret_file.")
    expires_on = _day(listed.entry, None)
    given = {"label": listed.name, "secret": new.secret, "team": team.pk, "expires_on": expires_on}
    form = AddTokenForm(given, owner=owner, by=owner)
    clean = _valid(form, team, listed)
    token = Token(owner=owner, label=clean["label"], team=team, expires_on=clean["expires_on"])
    lifecycle.store_token(token, new.secret, new.verdict, by=COMMAND)
    report.changes.append(f"+ {team.slug}: token {str(token)!r} of {owner}")
    _warn(token, new, report)
    return token


def _edit(team: Team, token: Token, listed: Listed[TokenEntry], report: Report) -> None:
    expires_on, before = _day(listed.entry, token.expires_on), token.team
    if before == team and expires_on == token.expires_on:
        return
    given = {"label": token.label, "team": team.pk, "expires_on": expires_on}
    form = TokenForm(given, owner=token.owner, by=token.owner, token=token)
    said = _valid(form, team, listed)
    shown = f"~ {team.slug}: token {str(token)!r}"
    if before != team:
        report.changes.append(f"{shown} comes from {before.slug if before else 'no team'}")
    if expires_on != token.expires_on:
        report.changes.append(f"{shown} expires {expires_on or NEVER}")
    lifecycle.edit_token(token, said["label"], team=team, expires_on=said["expires_on"], by=COMMAND)


def _replace(team: Team, token: Token, new: NewSecret | None, report: Report) -> None:
    if new is None:
        return
    before = str(token)
    rotation.replace(token, new.secret, new.verdict, by=COMMAND)
    report.changes.append(f"~ {team.slug}: token {before!r} has a new secret ····{token.last_four}")
    _warn(token, new, report)


def _disable(team: Team, token: Token, disabled: bool | None, report: Report) -> None:
    if disabled is None or disabled == bool(token.disabled_at):
        return
    if disabled:
        lifecycle.disable_token(token, by=COMMAND)
    else:
        lifecycle.enable_token(token, by=COMMAND)
    done = "disabled" if disabled else "enabled"
    report.changes.append(f"~ {team.slug}: token {str(token)!r} is {done}")


def _day(entry: TokenEntry, before: date | None) -> date | None:
    """Return the last day that the file says, or the one before where it says none."""
    if entry.expires_on is None:
        return before
    return None if entry.expires_on == NEVER else date.fromisoformat(entry.expires_on)


def _valid(form: TokenForm, team: Team, listed: Listed[TokenEntry]) -> dict[str, Any]:
    """Return what the form makes of the entry; raise Problem for what the page would refuse."""
    valid = form.is_valid()
    # The form offers the teams to which the owner may add tokens, and no field if there are none.
    if form.cleaned_data.get("team") != team:
        said = f"{quoted(listed.entry.owner)} may not add tokens to the team."
        raise Problem(listed.line, said)
    if not valid:
        said = " ".join(f"{message}" for each in form.errors.values() for message in each)
        raise Problem(listed.line, said)
    return form.cleaned_data


def _warn(token: Token, new: NewSecret, report: Report) -> None:
    if token.state != State.VALID:
        report.warnings.append(f"{str(token)!r} is {token.state}. {cloud_said(new.verdict)}")

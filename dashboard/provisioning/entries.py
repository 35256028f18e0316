"""What a file of teams may say. The keys of the file are the fields here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Generic, Literal, TypeVar

import msgspec
from django.core.exceptions import ValidationError

from dashboard.people.models import Role, Team, folded
from dashboard.provisioning.document import Problem, Value, converted, quoted

T = TypeVar("T")

NEVER = "never"
PARTS = ("members", "tokens", "displays")


class TokenEntry(msgspec.Struct, frozen=True):
    """A token, under its label. What is not named stays as it is, its secret too.

    `expires_on` is a day, or "never".
    """

    owner: str
    secret_file: str | None = None
    expires_on: str | None = None
    disabled: bool | None = None


class DisplayEntry(msgspec.Struct, frozen=True):
    """A display link, under its title; `token` is the label of one of the team's, "" for all.

    The link of a new one is written to `link_file`.
    """

    link_file: str
    token: str = ""
    query: str = ""
    days: int = 90
    language: str = "en"


class TeamEntry(msgspec.Struct, frozen=True):
    """A team, under its address.

    Of what is `only_listed`, what the file does not list is taken away. The `heir` takes over what
    people made for the team and may not keep.
    """

    name: str | None = None
    heir: str | None = None
    only_listed: list[Literal["members", "displays"]] = []
    members: dict[str, str] | None = None
    tokens: dict[str, dict[str, object]] | None = None
    displays: dict[str, dict[str, object]] | None = None


class FileEntry(msgspec.Struct, frozen=True):
    teams: dict[str, dict[str, object]]


@dataclass(frozen=True)
class Listed(Generic[T]):
    """An entry with its name and its line in the file."""

    name: str
    line: int
    entry: T


@dataclass(frozen=True)
class ListedTeam:
    slug: str
    line: int
    entry: TeamEntry
    members: tuple[Listed[Role], ...]
    tokens: tuple[Listed[TokenEntry], ...]
    displays: tuple[Listed[DisplayEntry], ...]

    def people(self) -> Iterator[tuple[int, str]]:
        """Yield the names of people that the team's part of the file has, with their lines."""
        yield from ((member.line, member.name) for member in self.members)
        yield from ((token.line, token.entry.owner) for token in self.tokens)
        if self.entry.heir is not None:
            yield self.line, self.entry.heir


def teams_of(document: Value) -> list[ListedTeam]:
    """Return the teams that the file lists; raise Problem for what it may not say."""
    converted(document, FileEntry)
    found = document.members()["teams"].members()
    teams = [_team(slug, value) for slug, value in found.items()]
    seen: set[tuple[str, str]] = set()
    for token in (each for team in teams for each in team.tokens):
        key = folded(token.entry.owner), token.name.lower()
        if key in seen:
            raise Problem(token.line, "This token of the same owner is in another team too.")
        seen.add(key)
    return teams


def _team(slug: str, value: Value) -> ListedTeam:
    try:
        Team._meta.get_field("slug").clean(slug, None)
    except ValidationError:
        said = f"{quoted(slug)} is no address of a team: letters, digits, - and _, 50 at most."
        raise Problem(value.line, said) from None
    entry, members = converted(value, TeamEntry), value.members()
    for only in entry.only_listed:
        if only not in members:  # A list that was forgotten takes nothing away.
            said = f"only_listed: there is no {only} here. An empty list is {only}: {{}}."
            raise Problem(members["only_listed"].line, said)
    parts = {name: members.get(name, Value(value.line, None)).members() for name in PARTS}
    for name, part in parts.items():
        _refuse_twins(part, folded if name == "members" else str.lower)
    return ListedTeam(
        slug=slug,
        line=value.line,
        entry=entry,
        members=tuple(_member(name, each) for name, each in parts["members"].items()),
        tokens=tuple(_token(name, each) for name, each in parts["tokens"].items()),
        displays=tuple(
            Listed(_label(name), each.line, converted(each, DisplayEntry))
            for name, each in parts["displays"].items()
        ),
    )


def _member(name: str, value: Value) -> Listed[Role]:
    if value.content not in Role.values:
        said = f"A role is one of {', '.join(Role.values)}."
        raise Problem(value.line, said)
    return Listed(name, value.line, Role(str(value.content)))


def _token(name: str, value: Value) -> Listed[TokenEntry]:
    entry = converted(value, TokenEntry)
    if entry.expires_on not in (None, NEVER):
        try:
            date.fromisoformat(str(entry.expires_on))
        except ValueError:
            line = value.members()["expires_on"].line
            raise Problem(line, "expires_on: a day such as 2027-01-31, or never.") from None
    return Listed(_label(name), value.line, entry)


def _refuse_twins(part: dict[str, Value], same: Callable[[str], str]) -> None:
    seen: set[str] = set()
    for name, value in part.items():
        key = same(_label(name))
        if key in seen:
            raise Problem(value.line, f"{quoted(name)} is here twice.")
        seen.add(key)


def _label(name: str) -> str:
    """Return the name as it is stored: runs of blanks count as one."""
    return " ".join(name.split())

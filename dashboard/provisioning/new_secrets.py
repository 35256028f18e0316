"""The secrets that a file of teams points to, and what the cloud says of those that are new.

The cloud is asked before anything is changed, so that a refused secret leaves nothing half done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.core.exceptions import ValidationError

from dashboard.audit.trail import COMMAND
from dashboard.people.models import User, folded
from dashboard.provisioning.document import Problem, quoted
from dashboard.provisioning.entries import Listed, ListedTeam, TokenEntry
from dashboard.tokens import access, lifecycle, rotation
from dashboard.tokens.forms import SecretField
from dashboard.tokens.models import Token
from dashboard.tokens.views.announcements import cloud_said
from images import services
from images.services.verification import Verdict

# Longer than any token; the form says how long one may be.
MOST_BYTES = 4096

Key = tuple[str, str]


@dataclass(frozen=True)
class NewSecret:
    """A secret that is not stored yet, and what the cloud says of it."""

    secret: str = field(repr=False)
    verdict: Verdict


def key_of(token: Listed[TokenEntry]) -> Key:
    """Return what no other token of the file has."""
    return folded(token.entry.owner), token.name.lower()


def read(tokens: Iterable[Listed[TokenEntry]], folder: Path) -> Iterator[tuple[Key, str | Problem]]:
    """Yield each secret that a token's `secret_file` holds, or why it cannot be used."""
    for token in tokens:
        if token.entry.secret_file is not None:
            try:
                yield key_of(token), _secret(folder, token.entry.secret_file, token.line)
            except Problem as problem:
                yield key_of(token), problem


def _secret(folder: Path, name: str, line: int) -> str:
    said = f"secret_file: {quoted(name)} cannot be used"
    try:
        path = folder / name
        if not path.is_file():
            raise Problem(line, f"{said}: there is no such file.")
        with path.open("rb") as file:
            text = file.read(MOST_BYTES).decode()
        cleaned: str = SecretField().clean(text)
    except OSError as error:
        raise Problem(line, f"{said}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Problem(line, f"{said}: it is no text.") from None
    except ValidationError as error:
        raise Problem(line, f"{said}: {' '.join(error.messages)}") from None
    return cleaned


def ask(
    team: ListedTeam, secrets: Mapping[Key, str], people: Mapping[str, User], *, dry_run: bool
) -> Iterator[tuple[Key, NewSecret | Problem]]:
    """Yield what the cloud says of each of the team's secrets that is not stored.

    One that must not be stored is a Problem; it is noted in the audit log as on the pages.
    """
    for listed in team.tokens:
        secret, owner = secrets.get(key_of(listed)), people[folded(listed.entry.owner)]
        token = stored(owner, listed.name)
        if secret is None or (token and rotation.holds(token, secret)):
            continue
        new = NewSecret(secret, lifecycle.verified(secret))
        yield key_of(listed), _refusal(listed, token, owner, new, dry_run=dry_run) or new


def stored(owner: User, label: str) -> Token | None:
    return owner.tokens.select_related("owner", "team").filter(label__iexact=label).first()


def _refusal(
    listed: Listed[TokenEntry], token: Token | None, owner: User, new: NewSecret, *, dry_run: bool
) -> Problem | None:
    verdict = new.verdict
    if not lifecycle.accepts(token or Token(owner=owner), verdict):
        if token and not dry_run:
            rotation.replace(token, new.secret, verdict, by=COMMAND)
        elif not dry_run:
            token = Token(owner=owner, label=listed.name)
            lifecycle.store_token(token, new.secret, verdict, by=COMMAND)
        kept = "Not replaced" if token and token.sealed else "Not saved"
        return Problem(listed.line, f"{kept}. {cloud_said(verdict)}")
    if token and _is_another_account(token, new.secret):
        said = "The new secret lists another account, or less than half of the images. Compare the"
        return Problem(listed.line, f"{said} two on the token's page, and replace it there.")
    return None


def _is_another_account(token: Token, secret: str) -> bool:
    new = access.of_secret(token, secret)
    return services.compare(access.stored(token), new, again=True).is_dangerous

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
from dashboard.provisioning.entries import Listed, TokenEntry
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
    tokens: Iterable[Listed[TokenEntry]],
    secrets: Mapping[Key, str],
    people: Mapping[str, User],
    *,
    dry_run: bool,
) -> Iterator[tuple[Key, NewSecret | Problem]]:
    """Yield what the cloud says of each of the tokens' secrets that is not stored.

    One that must not be stored is a Problem; it is noted in the audit log as on the pages.
    """
    new = list(_new(tokens, secrets, people))
    verdicts = lifecycle.verified_together([each.secret for each in new])
    for each, verdict in zip(new, verdicts, strict=True):
        found = NewSecret(each.secret, verdict)
        yield key_of(each.listed), _refusal(each, found, dry_run=dry_run) or found


@dataclass(frozen=True)
class Asked:
    """A token of the file whose secret is not stored, and the one there is by now, if any."""

    listed: Listed[TokenEntry]
    owner: User
    token: Token | None
    secret: str = field(repr=False)


def _new(
    tokens: Iterable[Listed[TokenEntry]], secrets: Mapping[Key, str], people: Mapping[str, User]
) -> Iterator[Asked]:
    for listed in tokens:
        secret, owner = secrets.get(key_of(listed)), people[folded(listed.entry.owner)]
        token = stored(owner, listed.name)
        if secret is not None and not (token and rotation.holds(token, secret)):
            yield Asked(listed, owner, token, secret)


def stored(owner: User, label: str) -> Token | None:
    return owner.tokens.select_related("owner", "team").filter(label__iexact=label).first()


def _refusal(asked: Asked, new: NewSecret, *, dry_run: bool) -> Problem | None:
    token, verdict, line = asked.token, new.verdict, asked.listed.line
    if not lifecycle.accepts(token or Token(owner=asked.owner), verdict):
        if token and not dry_run:
            rotation.replace(token, new.secret, verdict, by=COMMAND)
        elif not dry_run:
            token = Token(owner=asked.owner, label=asked.listed.name)
            lifecycle.store_token(token, new.secret, verdict, by=COMMAND)
        kept = "Not replaced" if token and token.sealed else "Not saved"
        return Problem(line, f"{kept}. {cloud_said(verdict)}")
    if token and _is_another_account(token, new.secret):
        said = "The new secret lists another account, or less than half of the images. Compare the"
        return Problem(line, f"{said} two on the token's page, and replace it there.")
    return None


def _is_another_account(token: Token, secret: str) -> bool:
    new = access.of_secret(token, secret)
    return services.compare(access.stored(token), new, again=True).is_dangerous

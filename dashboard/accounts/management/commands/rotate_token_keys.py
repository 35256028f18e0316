from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from dashboard.accounts import vault
from dashboard.accounts.models import Token

BATCH = 100


class Command(BaseCommand):
    help = (
        "Encrypts every token again under the first key of TOKEN_KEYS, so that the others can be "
        "removed. May be run at any time, and again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        seen, changed, unreadable = 0, 0, 0
        for batch in _batches():
            for token in batch:
                try:
                    changed += _resealed(token)
                except vault.Unreadable as error:
                    unreadable += 1
                    self.stderr.write(f"Left as it is: {token.pk} ({token}): {error}")
            seen += len(batch)
            self.stdout.write(f"{seen} tokens seen, {changed} encrypted again")
        if unreadable:
            raise CommandError(f"{unreadable} of {seen} tokens cannot be read. Keep the old keys.")
        self.stdout.write("Every token is under the first key.")


def _batches() -> Iterator[list[Token]]:
    last = UUID(int=0)
    while batch := list(Token.objects.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def _resealed(token: Token) -> bool:
    secret = vault.unseal(token.sealed, token.pk)
    if vault.is_current(token.sealed):
        return False
    # Only what was read is overwritten: the token may have been replaced meanwhile.
    mine = Token.objects.filter(pk=token.pk, sealed=token.sealed)
    return bool(mine.update(sealed=vault.seal(secret, token.pk)))

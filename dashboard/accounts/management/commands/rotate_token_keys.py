from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from dashboard.accounts import vault
from dashboard.accounts.models import SpareSecret, Token

BATCH = 100


class Command(BaseCommand):
    help = (
        "Encrypts every token again under the first key of TOKEN_KEYS, so that the others can be "
        "removed. May be run at any time, and again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        seen, changed, unreadable = 0, 0, 0
        for batch in chain(_batches(Token), _batches(SpareSecret)):
            for row in batch:
                try:
                    changed += _resealed(row)
                except vault.Unreadable as error:
                    unreadable += 1
                    self.stderr.write(f"Left as it is: {row.pk} ({row}): {error}")
            seen += len(batch)
            self.stdout.write(f"{seen} tokens seen, {changed} encrypted again")
        if unreadable:
            raise CommandError(f"{unreadable} of {seen} tokens cannot be read. Keep the old keys.")
        self.stdout.write("Every token is under the first key.")


def _batches(kind: type[Token] | type[SpareSecret]) -> Iterator[list[Any]]:
    last = UUID(int=0)
    while batch := list(kind._default_manager.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def _resealed(row: Token | SpareSecret) -> bool:
    secret = vault.unseal(row.sealed, row.pk)
    if vault.is_current(row.sealed):
        return False
    # Only what was read is overwritten: the token may have been replaced meanwhile.
    mine = type(row)._default_manager.filter(pk=row.pk, sealed=row.sealed)
    return bool(mine.update(sealed=vault.seal(secret, row.pk)))

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from dashboard.tokens import vault
from dashboard.tokens.models import RotationSecret, Token

BATCH = 100
# The fields of an authenticator's data that hold its secret; which one depends on its type.
FACTOR_SECRETS = ("secret", "seed")


class Command(BaseCommand):
    help = (
        "Encrypts every token and every secret of a second factor again under the first key of "
        "TOKEN_KEYS, so that the others can be removed. May be run at any time, and again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        seen, changed, unreadable = 0, 0, 0
        for batch, resealed in _batches():
            for row in batch:
                try:
                    changed += resealed(row)
                except vault.Unreadable as error:
                    unreadable += 1
                    self.stderr.write(f"Left as it is: {row.pk} ({row}): {error}")
            seen += len(batch)
            self.stdout.write(f"{seen} secrets seen, {changed} encrypted again")
        if unreadable:
            raise CommandError(f"{unreadable} of {seen} secrets cannot be read. Keep the old keys.")
        self.stdout.write("Every secret is under the first key.")


def _batches() -> Iterator[tuple[list[Any], Callable[[Any], bool]]]:
    """Yield batches of all rows that hold a secret, with the function that encrypts one again."""
    for kind, resealed in (
        (Token, _token_resealed),
        (RotationSecret, _token_resealed),
        (Authenticator, _factor_resealed),
    ):
        rows = kind._default_manager.order_by("pk")
        last: Any = UUID(int=0) if kind is not Authenticator else 0
        while batch := list(rows.filter(pk__gt=last)[:BATCH]):
            yield batch, resealed
            last = batch[-1].pk


def _token_resealed(row: Token | RotationSecret) -> bool:
    secret = vault.unseal(row.sealed, row.pk)
    if vault.is_current(row.sealed):
        return False
    # Only what was read is overwritten: the token may have been replaced meanwhile.
    mine = type(row)._default_manager.filter(pk=row.pk, sealed=row.sealed)
    return bool(mine.update(sealed=vault.seal(secret, row.pk)))


@transaction.atomic
def _factor_resealed(row: Authenticator) -> bool:
    # Locked, because using a recovery code writes the same field.
    row = Authenticator.objects.select_for_update().get(pk=row.pk)
    old = {name: row.data[name] for name in FACTOR_SECRETS if name in row.data}
    secrets = {name: vault.unseal_second_factor(sealed) for name, sealed in old.items()}
    if all(map(vault.is_current, old.values())):
        return False
    row.data |= {name: vault.seal_second_factor(text) for name, text in secrets.items()}
    row.save(update_fields=["data"])
    return True

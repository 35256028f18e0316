"""Tokens as rows of a table, sorted by their state, those in trouble first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dashboard.people import policy
from dashboard.people.models import User
from dashboard.tokens import vault
from dashboard.tokens.models import Token
from images.messages import in_words
from images.search.spelling import natural
from images.templatetags.inventory import titled_by

# The state of a token -> the style and words of its badge. Tables are sorted in this order.
CONDITIONS: dict[str, tuple[str, Promise]] = {
    "unreadable": ("bad", _("Cannot be read: replace it")),
    "refused": ("bad", _("Refused")),
    "forbidden": ("bad", _("Not allowed to list images")),
    "expired": ("bad", _("Expired")),
    "unreachable": ("warn", _("Cloud unreachable")),
    "ends-soon": ("warn", _("Works, expires soon")),
    "unverified": ("warn", _("Not checked yet")),
    "valid": ("ok", _("Works")),
    "disabled": ("muted", _("Disabled")),
}
ORDER = {condition: place for place, condition in enumerate(CONDITIONS)}


@dataclass(frozen=True)
class Row:
    token: Token
    condition: str
    manageable: bool

    @property
    def badge(self) -> str:
        return CONDITIONS[self.condition][0]

    @property
    def words(self) -> Promise:
        return CONDITIONS[self.condition][1]

    @property
    def readable_with(self) -> bool:
        return self.condition not in ("unreadable", "expired", "disabled")

    @property
    def reason(self) -> str:
        """Return in words what the cloud last objected to, or ""."""
        return in_words(self.token.reason) if self.condition != "unreadable" else ""

    @property
    def listable(self) -> list[str]:
        return self._regions(ok=True)

    @property
    def unlistable(self) -> list[str]:
        return self._regions(ok=False)

    @property
    def untold(self) -> list[str]:
        """Return the regions of which the cloud did not say whether the token can list them."""
        return self._regions(ok=None)

    def _regions(self, *, ok: bool | None) -> list[str]:
        return [
            titled_by(region["id"], region["name"])
            for region in self.token.regions
            if region["ok"] is ok
        ]


def condition(token: Token) -> str:
    """Return the key of CONDITIONS that matters most for the token."""
    if token.disabled_at:
        return "disabled"
    if not vault.is_readable(token.sealed, token.pk):
        return "unreadable"
    if token.has_expired:
        return "expired"
    return "ends-soon" if token.ends_soon and token.state == "valid" else token.state


def token_row(user: User, token: Token) -> Row:
    return Row(
        token,
        condition(token),
        policy.has_permission(user, "token.manage", token),
    )


def token_rows(user: User, tokens: Iterable[Token]) -> list[Row]:
    """Return a row for each token, sorted by state, then by label."""
    rows = [token_row(user, token) for token in tokens]
    return sorted(rows, key=lambda row: (ORDER[row.condition], natural(row.token.label)))

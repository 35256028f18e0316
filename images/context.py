"""What every page and every endpoint of the inventory begins with: token, query and inventory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dashboard.stamps import by_the_way, stamp
from dashboard.tokens.access import Access, Credential, look_after_others
from dashboard.tokens.lifecycle import note_verdict
from images import services
from images.causes import Cause, causes
from images.change_forms import read_change_query
from images.forms import REPEATED, InvalidParameter, query_string, read_query
from images.history.changes import ChangeQuery
from images.region_names import translated_zone
from images.search.query import ImageQuery, spelled
from images.services.inventory import Inventory
from images.services.snapshots import Failure
from images.services.verification import known_verdict
from images.templatetags.inventory import local_name, titled

# The fields that say how the list looks, whatever it holds.
PREFERENCES = ("sort", "size", "columns", "density")


@dataclass(frozen=True)
class ListAddress:
    """What the address of a list says: every link of the list is this with something changed.

    `token` is the id of a token that the address names, carried along by every link; "" when the
    person's own default is used.
    """

    token: str
    query: ImageQuery

    @cached_property
    def path(self) -> str:
        return reverse("images:list")

    def link(self, **changes: Any) -> str:
        """Return the address of the list with some values of the query changed."""
        written = query_string(self.query, token=self.token, **changes)
        return f"{self.path}?{written}" if written else self.path

    def link_to(self, query: ImageQuery) -> str:
        written = query_string(query, token=self.token)
        return f"{self.path}?{written}" if written else self.path

    @cached_property
    def suffix(self) -> str:
        """The query for another address than the list's, with its "?"; "" when it is empty."""
        written = query_string(self.query, token=self.token)
        return f"?{written}" if written else ""

    @property
    def here(self) -> str:
        return self.link_to(self.query)

    @property
    def cleared(self) -> str:
        """The list without any filter, but looking the same."""
        query = self.query
        return self.link_to(ImageQuery(**{name: getattr(query, name) for name in PREFERENCES}))

    @property
    def token_query(self) -> str:
        return f"?token={self.token}" if self.token else ""

    @property
    def preference_fields(self) -> list[tuple[str, str]]:
        """What the form of the search box keeps; all else of the query is text in it."""
        pairs = parse_qsl(query_string(self.query, token=self.token))
        return [(name, value) for name, value in pairs if name in ("token", *PREFERENCES)]

    def fields_without(self, *names: str) -> list[tuple[str, str]]:
        """Return the query as form fields but those a form asks for itself; on page 1."""
        written = query_string(replace(self.query, page=1), token=self.token)
        return [(name, value) for name, value in parse_qsl(written) if name not in names]


@dataclass(frozen=True)
class InventoryContext(ListAddress):
    """One request's token, query and inventory, ready to be run and shown."""

    access: Access
    credential: Credential
    invalid_parameters: tuple[InvalidParameter, ...]
    inventory: Inventory

    @cached_property
    def region_names(self) -> dict[str, str]:
        """Region id -> its name in the language of the request."""
        return {state.id: local_name(state.head.region) for state in self.inventory.regions}

    @cached_property
    def zone_names(self) -> dict[str, str]:
        """Zone id in lower case -> its name in the language of the request."""
        return {
            zone.id.lower(): translated_zone(zone.name, get_language())
            for state in self.inventory.regions
            for zone in state.head.region.zones
        }

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """The regions of which nothing is known, each by its name and id."""
        states = self.inventory.regions
        return tuple(titled(state.head.region) for state in states if not state.head.version)

    @cached_property
    def causes(self) -> list[Cause]:
        return causes(self.inventory)

    @cached_property
    def unknown_region(self) -> str:
        """A region asked for that the cloud does not have, as far as its list is known."""
        names = {region.casefold() for region in self.region_names}
        asked = self.query.chosen("region") if names else ()
        return next((region for region in asked if region.casefold() not in names), "")

    def failure_of(self, region: str) -> Failure | None:
        """Why nothing is known of what the region holds, or None when something is."""
        states = (state for state in self.inventory.regions if state.id == region)
        missing = (state.failure for state in states if not state.head.version)
        return self.inventory.failure or next(missing, None)


def context_of(
    access: Access,
    credential: Credential,
    params: QueryDict,
    *,
    newest: bool = False,
) -> InventoryContext:
    """Return the inventory of that token, and the query that the parameters of an address make.

    A page need not wait for the `newest` list to be decoded; what is read by itself has to be that.
    """
    inventory = services.inventory(credential, newest=newest)
    _note_use(access, inventory)
    return _context(access, credential, params, inventory)


def regions_context(access: Access, credential: Credential, params: QueryDict) -> InventoryContext:
    """Return the same without any image, for what tells of the regions alone."""
    inventory = services.regions(credential)
    _note_use(access, inventory)
    return _context(access, credential, params, inventory)


def known_context(
    access: Access, credential: Credential, params: QueryDict
) -> InventoryContext | None:
    """Return the same of what is cached, without asking the cloud; None where nothing is.

    It is for what helps with a page, and is no use of the token.
    """
    inventory = services.known(credential)
    return _context(access, credential, params, inventory) if inventory else None


def _context(
    access: Access, credential: Credential, params: QueryDict, inventory: Inventory
) -> InventoryContext:
    query, invalid = read_query(params)
    named, unread = _token_named(params)
    return InventoryContext(
        access=access,
        credential=credential,
        token=str(credential.token_id) if named else "",
        query=spelled(inventory.index, query),
        invalid_parameters=(*unread, *invalid),
        inventory=inventory,
    )


def _token_named(params: QueryDict) -> tuple[bool, tuple[InvalidParameter, ...]]:
    """Return whether the address names a token, and what it gives that is no token's id.

    That is not repeated on the page: it may be the secret itself, pasted into the wrong place.
    """
    *earlier, last = params.getlist("token") or [""]
    why: list[str | Promise] = [REPEATED for text in earlier if text not in ("", last)]
    named = True
    try:
        UUID(last)
    except ValueError:
        named = False
        why += [_("not a token ID")] if last else []
    return named, tuple(InvalidParameter("token", "…", each) for each in why)


def _note_use(access: Access, inventory: Inventory) -> None:
    """Note the token's state and last use where they change."""
    token = access.token
    with by_the_way():
        note_verdict(token, known_verdict(inventory))
        look_after_others(access)
    stamp(token, "last_used_at", last_used_by=access.reader[:150])


def changes_context(
    access: Access,
    credential: Credential,
    params: QueryDict,
    *,
    newest: bool = False,
) -> tuple[InventoryContext, ChangeQuery]:
    """Return the inventory of that token, and which changes the parameters ask for."""
    token = QueryDict(mutable=True)
    token.setlist("token", params.getlist("token"))
    context = context_of(access, credential, token, newest=newest)
    query, invalid = read_change_query(params)
    return replace(context, invalid_parameters=(*context.invalid_parameters, *invalid)), query


def freshness(inventory: Inventory) -> str:
    """How old an answer is, for whoever reads it without the page: scripts, exports, caches."""
    return ", ".join(
        f"{state.id};state={state.state}" + (f";age={state.age}" if state.age is not None else "")
        for state in inventory.regions
    )

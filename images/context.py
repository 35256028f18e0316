"""What every page and every endpoint of the inventory begins with: accounts, query, inventory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from dashboard.stamps import by_the_way, stamp_all
from dashboard.tokens.access import Access
from dashboard.tokens.lifecycle import note_verdict
from dashboard.tokens.models import Token
from images import services
from images.accounts import AccountName, account_names, unusable, with_accounts
from images.causes import Cause, causes, state_title
from images.change_forms import read_change_query
from images.fields import ACCOUNT, OF_ACCOUNTS, OLDER_ACCOUNT
from images.forms import InvalidParameter, query_string, read_query
from images.history.changes import ChangeQuery
from images.region_names import translated_zone
from images.search.gathered import spelled
from images.search.query import ImageQuery, image_query
from images.search.spelling import natural
from images.services.gathered import AccountInventory, GatheredInventory
from images.services.snapshots import Failure
from images.services.verification import known_verdict
from images.templatetags.inventory import local_name

UNKNOWN_ACCOUNT = gettext_lazy("This address names an account that you may not read.")
ACCOUNTS_SHOWN = 12  # in a menu
# The fields that say how the list looks, whatever it holds.
PREFERENCES = ("sort", "size", "columns", "density")


@dataclass(frozen=True)
class ListAddress:
    """What the address of a list says: every link of the list is this with something changed.

    `accounts` are those that the reader may read, by whose names the address may be shown.
    """

    query: ImageQuery
    accounts: tuple[AccountName, ...]

    @cached_property
    def path(self) -> str:
        return reverse("images:list")

    def link(self, **changes: Any) -> str:
        """Return the address of the list with some values of the query changed."""
        written = query_string(self.query, **changes)
        return f"{self.path}?{written}" if written else self.path

    def link_to(self, query: ImageQuery) -> str:
        written = query_string(query)
        return f"{self.path}?{written}" if written else self.path

    @cached_property
    def suffix(self) -> str:
        """The query for another address than the list's, with its "?"; "" when it is empty."""
        written = query_string(self.query)
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
    def accounts_query(self) -> str:
        """The accounts of the query alone, for another address, with its "?"."""
        written = query_string(self.comparing(()))
        return f"?{written}" if written else ""

    def comparing(self, places: tuple[str, ...]) -> ImageQuery:
        """Return the query for these images alone, of the accounts of this one."""
        chosen = {name: self.query.chosen(name) for name in OF_ACCOUNTS}
        return image_query(image=places, **chosen)

    @cached_property
    def account_names(self) -> dict[str, str]:
        """The id of each account -> its title."""
        return {each.id: each.title for each in self.accounts}

    @cached_property
    def account_words(self) -> dict[str, str]:
        """The id of each account -> what one types to mean it alone."""
        return {each.id: each.word for each in self.accounts}

    @cached_property
    def account_labels(self) -> dict[str, str]:
        """The id of each account -> the shortest name that tells it from others."""
        return {each.id: each.label for each in self.accounts}

    @property
    def preference_fields(self) -> list[tuple[str, str]]:
        """What the form of the search box keeps; all else of the query is text in it."""
        pairs = parse_qsl(query_string(self.query))
        return [(name, value) for name, value in pairs if name in PREFERENCES]

    def fields_without(self, *names: str) -> list[tuple[str, str]]:
        """Return the query as form fields but those a form asks for itself; on page 1."""
        written = query_string(replace(self.query, page=1))
        return [(name, value) for name, value in parse_qsl(written) if name not in names]


@dataclass(frozen=True)
class InventoryContext(ListAddress):
    """One request's accounts, query and inventory, ready to be run and shown.

    `unknown_account` says that the address names an account that the reader may not read.
    """

    access: Access
    invalid_parameters: tuple[InvalidParameter, ...]
    inventory: GatheredInventory
    unknown_account: bool = False

    @property
    def tokens(self) -> list[Token]:
        """The tokens of the accounts that are asked for."""
        return [self.access.token(each.account.token_id) for each in self.inventory.accounts]

    @cached_property
    def account_of_key(self) -> dict[str, str]:
        """What stands for a secret in the history -> the id of its account, the first of some."""
        asked = (*self.inventory.accounts, *self.inventory.everything)
        return {each.account.cache_key: each.id for each in reversed(asked)}

    @property
    def unusable(self) -> tuple[tuple[Token, str], ...]:
        """What of the accounts asked for cannot be read with, each with why."""
        return unusable(self.access, self.query)

    @property
    def account_label(self) -> str:
        """What is asked for, in a few words: the account, or how many they are."""
        asked, all_of_them = self.inventory.accounts, len(self.access.tokens)
        if len(asked) == 1:
            return asked[0].title
        if len(asked) < all_of_them:
            numbers = {"number": len(asked), "all": all_of_them}
            return _("%(number)s of %(all)s accounts") % numbers
        number = len(asked)
        return ngettext("%(number)s account", "%(number)s accounts", number) % {"number": number}

    @property
    def account_menu(self) -> list[AccountInventory]:
        """The accounts of the menu, those in trouble first; a facet has all of them."""
        every = sorted(self.inventory.everything, key=lambda each: natural(each.title))
        return sorted(every, key=lambda each: each.state in ("fresh", "stale"))[:ACCOUNTS_SHOWN]

    @cached_property
    def region_names(self) -> dict[str, str]:
        """Region id -> its name in the language of the request."""
        return {
            head.region.id: local_name(head.region)
            for each in self.inventory.everything
            for head in each.inventory.head.regions
        }

    @cached_property
    def names(self) -> dict[str, str]:
        """What regions and accounts are called, by their ids."""
        return self.region_names | self.account_names

    @cached_property
    def zone_names(self) -> dict[str, str]:
        """Zone id in lower case -> its name in the language of the request."""
        return {
            zone.id.lower(): translated_zone(zone.name, get_language())
            for each in self.inventory.everything
            for head in each.inventory.head.regions
            for zone in head.region.zones
        }

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """The regions of which nothing is known, each by its name and id."""
        return tuple(
            map(state_title, (each for each in self.inventory.regions if not each.head.version))
        )

    @cached_property
    def causes(self) -> list[Cause]:
        return causes(self.inventory)

    @cached_property
    def unknown_region(self) -> str:
        """A region asked for that no account has, as far as their lists are known."""
        names = {region.casefold() for region in self.region_names}
        known = all(each.inventory.head.regions for each in self.inventory.everything)
        asked = self.query.chosen("region") if names and known else ()
        return next((region for region in asked if region.casefold() not in names), "")

    def failure_of(self, region: str) -> Failure | None:
        """Why not everything is known of what the region holds, or None when it is."""
        states = (state for state in self.inventory.regions if state.id == region)
        missing = (state.failure for state in states if not state.head.version)
        unlisted = (each.inventory.failure for each in self.inventory.accounts)
        return next(filter(None, (*missing, *unlisted)), None)


def context_of(
    access: Access, params: QueryDict, *, newest: bool = False, wait: bool = True
) -> InventoryContext:
    """Return what all accounts of the reader list, and the query that an address makes.

    A page need not wait for the `newest` list to be decoded; what is read by itself has to be that.
    Nor need it `wait` for an account that was never read, where there is another.
    """
    inventory = services.inventories(access.credentials, newest=newest, wait=wait)
    context = _context(access, params, inventory)
    _note_use(access, context.inventory)
    return context


def regions_context(access: Access, params: QueryDict) -> InventoryContext:
    """Return the same without any image, for what tells of the regions alone."""
    context = _context(access, params, services.regions(access.credentials))
    _note_use(access, context.inventory)
    return context


def known_context(access: Access, params: QueryDict) -> InventoryContext | None:
    """Return the same of what is cached, without asking the cloud; None where nothing is.

    It is for what helps with a page, and is no use of the tokens.
    """
    inventory = services.known(access.credentials)
    return _context(access, params, inventory) if inventory else None


def _context(access: Access, params: QueryDict, inventory: GatheredInventory) -> InventoryContext:
    asked, invalid = read_query(params)
    query, unknown = with_accounts(access, asked)
    return InventoryContext(
        access=access,
        accounts=account_names(access),
        query=spelled(inventory.index, query),
        invalid_parameters=(*unknown, *invalid),
        inventory=inventory.of(query),
        unknown_account=bool(unknown),
    )


def _note_use(access: Access, inventory: GatheredInventory) -> None:
    """Note the state and the last use of each token where they change."""
    tokens = {each.pk: each for each in access.tokens}
    with by_the_way():
        for each in inventory.everything:
            note_verdict(tokens[each.account.token_id], known_verdict(each.inventory))
    used = [tokens[each.account.token_id] for each in inventory.accounts]
    stamp_all(used, "last_used_at", last_used_by=access.reader[:150])


def changes_context(
    access: Access, params: QueryDict, *, newest: bool = False, wait: bool = True
) -> tuple[InventoryContext, ChangeQuery]:
    """Return the inventory of the accounts asked for, and which changes the parameters ask for."""
    accounts, others = QueryDict(mutable=True), params.copy()
    for name in (ACCOUNT, OLDER_ACCOUNT):
        accounts.setlist(name, others.pop(name, []))
    context = context_of(access, accounts, newest=newest, wait=wait)
    query, invalid = read_change_query(others)
    query = replace(query, account=context.query.chosen(ACCOUNT))
    return replace(context, invalid_parameters=(*context.invalid_parameters, *invalid)), query

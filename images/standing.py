"""How whole and how old an answer is, for whoever reads it without the page."""

from __future__ import annotations

from images.context import InventoryContext
from images.services.gathered import GatheredInventory

ACCOUNTS_NAMED = 12  # Proxies take no field of any length.


def standing(context: InventoryContext) -> dict[str, str]:
    """Return the fields of an answer that say how whole and old it is, without the page.

    Files have no other place for it. Accounts are named of which nothing is in the answer.
    """
    accounts = [
        *((each.id, each.state) for each in context.inventory.accounts if each.count is None),
        *((str(token.pk), why) for token, why in context.unusable),
    ]
    named = [f"{account};state={state}" for account, state in accounts[:ACCOUNTS_NAMED]]
    left = len(accounts) - len(named)
    fields = {"X-Inventory-Regions": _freshness(context.inventory)}
    if accounts:
        fields["X-Inventory-Missing"] = ", ".join([*named, *([f"more={left}"] if left else [])])
    return fields


def _freshness(inventory: GatheredInventory) -> str:
    """Return how old what is in an answer is, region by region.

    A region is said once, however many accounts have it: how its oldest list stands that is shown,
    and of how many accounts there is none.
    """
    return ", ".join(
        f"{state.id};state={state.state}"
        + (f";age={state.age}" if state.age is not None else "")
        + (f";missing={state.missing}" if state.missing and state.shown else "")
        for state in inventory.by_region
    )

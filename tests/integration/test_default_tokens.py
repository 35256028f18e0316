"""What a default token meant is kept when there is none any more."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

pytestmark = [
    pytest.mark.backend,
    pytest.mark.django_db(transaction=True, databases="__all__"),
]

BEFORE = [("people", "0002_defaults"), ("saved_views", "0001_initial"), ("tokens", "0001_initial")]


@pytest.fixture
def models() -> Iterator[Callable[[str, str], Any]]:
    """The models as they were."""
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes()
    executor.migrate(BEFORE)
    yield executor.loader.project_state(BEFORE).apps.get_model
    upgrade(latest)


def upgrade(to: list[tuple[str, str]] | None = None) -> Any:
    executor = MigrationExecutor(connection)
    to = to or executor.loader.graph.leaf_nodes()
    executor.migrate(to)
    return executor.loader.project_state(to).apps.get_model


def test_a_default_token_is_a_view_that_its_person_begins_with(
    models: Callable[[str, str], Any],
) -> None:
    users, tokens, views = (
        models(*name)
        for name in (("people", "User"), ("tokens", "Token"), ("saved_views", "SavedView"))
    )

    def person(name: str, **fields: Any) -> Any:
        return users.objects.create(username=name, folded_name=name, **fields)

    def token(owner: Any, label: str) -> Any:
        fields = {"label": label, "sealed": "", "changed_at": timezone.now()}
        return tokens.objects.create(id=uuid.uuid4(), owner=owner, **fields)

    ann = person("ann", list_preferences="density=compact")
    first, default = token(ann, "First"), token(ann, "Default")
    views.objects.create(owner=ann, name="Default", query="")
    bob = person("bob")
    token(bob, "First")
    bob_other = token(bob, "Other")
    view = views.objects.create(owner=bob, name="Failed", query="status=Error")
    cid = person("cid")
    only = token(cid, "Only")
    dan = person("dan", default_token=first)
    for user, chosen in ((ann, default), (bob, bob_other), (cid, only)):
        users.objects.filter(pk=user.pk).update(default_token=chosen)
    users.objects.filter(pk=bob.pk).update(start_view=view)
    now = upgrade()("people", "User").objects

    begins = now.get(username="ann").start_view
    assert (begins.name, begins.query) == (
        "Default (2)",
        f"account={default.pk}&density=compact",
    )
    begins = now.get(username="bob").start_view
    assert (begins.name, begins.query) == ("Other", f"account={bob_other.pk}&status=Error")
    # Of one account, or of none that is theirs, the default said nothing.
    assert [now.get(username=name).start_view for name in ("cid", dan.username)] == [None, None]

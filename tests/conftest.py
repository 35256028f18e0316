"""What all tests share: a cloud on a socket, and databases of their own."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.core.management.commands import flush
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import translation
from pytest_django import Settings

from images.sandbox import Sandbox
from tests import dashboards
from tests.integration import cached
from tests.integration.audit import audited

# Only tests of the budget wait for it, with one of their own.
os.environ["UPSTREAM_CALLS_PER_SECOND"] = "0"
django_settings.UPSTREAM_CALLS_PER_SECOND = 0

PROGRAMS = {dashboards.ROOT / "tests" / folder for folder in ("browser", "stack")}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts programs comes first, so that one process of pytest has all of it: the others
    take over the last tests of whoever has the most left."""
    items.sort(key=lambda item: not PROGRAMS.intersection(item.path.parents))


@pytest.fixture(scope="module", autouse=True)
def what_is_there_stays() -> None:
    """And is not looked through for garbage again, as in a worker of gunicorn: whenever a list was
    read, the rest is."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Databases for this run alone: two runs at once, or one that was killed, do no harm."""
    folder = tmp_path_factory.mktemp("databases")
    for each in connections.all():
        own = folder / f"{each.alias}.sqlite3"
        name = str(own) if each.vendor == "sqlite" else f"dashboard_test_{os.getpid()}"
        each.settings_dict["TEST"]["NAME"] = name


@pytest.fixture(scope="session", autouse=True)
def caches_for_this_run_alone() -> Iterator[None]:
    """As with databases: what is in the Redis that the environment names stays there."""
    with ExitStack() as ending:
        for alias in cached.ALIASES if dashboards.ON_SERVERS else ():
            number = ending.enter_context(dashboards.redis_number())
            django_settings.CACHES[alias]["LOCATION"] = number
            with suppress(AttributeError):  # where nobody has asked it yet
                del caches[alias]
        yield


@pytest.fixture(scope="session", autouse=True)
def dashboards_are_taken_away() -> Iterator[None]:
    yield
    dashboards.close()


@pytest.fixture(scope="session", autouse=True)
def the_audit_log_is_emptied_between_tests() -> Iterator[None]:
    """Tests that commit have all tables emptied after them, also the one that refuses: its triggers
    go before that, and come back with the signal after it."""
    ordinary = flush.Command.handle

    def handle(self: flush.Command, **options: Any) -> None:
        if options["database"] == DEFAULT_DB_ALIAS:
            audited.lift_the_triggers()
        ordinary(self, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", handle)
        yield


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Django's client leaves on the language of the last page that it asked for."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def nothing_is_kept_of_another_audit_log(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def cloud() -> Iterator[Sandbox]:
    """A small cloud whose jobs stand still: its clock is stopped."""
    with Sandbox(images=12, seed=1, clock=lambda: 1_700_000_000.0) as sandbox:
        yield sandbox

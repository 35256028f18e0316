"""What all tests share: a cloud on a socket, and databases of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.db import connections

from images.sandbox import Sandbox
from tests import dashboards


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Databases for this run alone: two runs at once, or one that was killed, do no harm."""
    folder = tmp_path_factory.mktemp("databases")
    for connection in connections.all():
        own = folder / f"{connection.alias}.sqlite3"
        name = str(own) if connection.vendor == "sqlite" else f"dashboard_test_{os.getpid()}"
        connection.settings_dict["TEST"]["NAME"] = name


@pytest.fixture(scope="session", autouse=True)
def dashboards_are_taken_away() -> Iterator[None]:
    yield
    dashboards.close()


@pytest.fixture
def cloud() -> Iterator[Sandbox]:
    """A small cloud whose jobs stand still: its clock is stopped."""
    with Sandbox(images=12, seed=1, clock=lambda: 1_700_000_000.0) as sandbox:
        yield sandbox

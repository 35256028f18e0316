"""What all tests share: a cloud on a socket, and databases of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections

from images.sandbox import Sandbox


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite files for this run alone: two runs at once, or one that was killed, do no harm."""
    folder = tmp_path_factory.mktemp("databases")
    for connection in connections.all():
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = str(folder / f"{connection.alias}.sqlite3")


@pytest.fixture
def cloud() -> Iterator[Sandbox]:
    """A small cloud whose jobs stand still: its clock is stopped."""
    with Sandbox(images=12, seed=1, clock=lambda: 1_700_000_000.0) as sandbox:
        yield sandbox

"""What asks the database or a cache is tried on PostgreSQL and Redis by the gate as well."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboards import ROOT

# Of what is imported: the ORM and the caches, and our own modules that are nothing else.
ASKING = {
    *("django.db", "django.db.models", "django.core.cache", "django.core.cache.caches"),
    *("tests.integration.cached", "images.services.store", "images.services.lease"),
}
# What only looks as if it did, each with why.
EXCUSED = {
    "test_migrations": "reads the files of the migrations",
    "test_api_contract": "closes what the server of the site had opened",
}
MODELS = ("models", "_models")
MODULES = sorted((ROOT / "tests").rglob("test_*.py"))


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each name of the module with what it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((each.asname or each.name, each.name) for each in node.names)
        if isinstance(node, ast.ImportFrom):
            for each in node.names:
                yield each.asname or each.name, f"{node.module}.{each.name}"


def used(node: ast.AST) -> Iterator[str]:
    """Every name that is more than a type."""
    if isinstance(node, ast.Name):
        yield node.id
    for field, value in ast.iter_fields(node):
        if field not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                yield from used(child) if isinstance(child, ast.AST) else ()


def asks(source: str) -> set[str]:
    """What of the ORM and the caches a module uses."""
    tree = ast.parse(source)
    names = set(used(tree))
    return {
        origin
        for name, origin in imported(tree)
        if name in names
        and (
            origin in ASKING
            or origin.startswith("django.db.")
            or origin.rpartition(".")[0].endswith(MODELS)
        )
    }


def is_marked(source: str) -> bool:
    return "pytest.mark.backend" in source


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_that_asks_the_database_or_a_cache_is_marked(path: Path) -> None:
    source = path.read_text("utf-8")

    assert is_marked(source) or path.stem in EXCUSED or asks(source) == set()

"""Migrations run while the release before still serves pages: none takes away what that needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

# The last migration of each app in the last release. What came with it or before cannot be changed
# any more.
RELEASED = {
    "people": "0002_defaults",
    "audit": "0001_initial",
    "tokens": "0001_initial",
    "api_keys": "0001_initial",
    "displays": "0001_initial",
    "saved_views": "0001_initial",
    "history": "0001_initial",
    "web": "0001_initial",
}
# Later ones that may do more, as "app.name", each with why the release before does not mind.
EXCUSED: dict[str, str] = {
    "displays.0004_all_accounts": "it opens all links but those, and makes none",
    "people.0003_no_default_token": "the column stays, and may be written as before",
    "saved_views.0002_default_tokens": "it adds views, with a parameter that it ignores",
}

# The old code does not know what these add. Whatever is in neither list needs an excuse.
ADDING = (
    migrations.CreateModel,
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.RenameIndex,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
)
UNWRITTEN = models.NOT_PROVIDED


def harm(operation: Operation) -> str:
    """What the release before would stumble over, or nothing."""
    if isinstance(operation, ADDING):
        return ""
    if isinstance(operation, migrations.AddField):
        field = operation.field
        fits = field.null or field.many_to_many or field.db_default is not UNWRITTEN
        return "" if fits else f"{operation.name} has to be filled: null=True, or a db_default"
    return f"{operation.describe()}: not while the release before runs"


def since_the_release() -> list[migrations.Migration]:
    loader = MigrationLoader(None)
    return [
        migration
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if name > RELEASED.get(app, "~") and f"{app}.{name}" not in EXCUSED
    ]


def test_every_app_of_ours_has_its_last_released_migration() -> None:
    ours = [app for app in apps.get_app_configs() if app.name.startswith(("dashboard.", "images."))]
    migrated = {app.label: Path(app.path) / "migrations" for app in ours if list(app.get_models())}

    assert set(RELEASED) == set(migrated)
    assert all((migrated[app] / f"{name}.py").is_file() for app, name in RELEASED.items())


def test_no_migration_breaks_the_release_before() -> None:
    found = {
        str(migration): [why for step in migration.operations if (why := harm(step))]
        for migration in since_the_release()
    }

    assert {name: harms for name, harms in found.items() if harms} == {}


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("token", "label"),
        migrations.RenameField("token", "label", "name"),
        migrations.DeleteModel("Token"),
        migrations.RenameModel("Token", "Key"),
        migrations.AlterField("token", "label", models.CharField(max_length=10)),
        migrations.AddField("token", "colour", models.CharField(max_length=10)),
        # Django forgets such a default as soon as the column is there.
        migrations.AddField("token", "colour", models.CharField(max_length=10, default="red")),
        migrations.RunSQL("DROP TABLE tokens_token"),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_the_release_before_would_miss_is_found(operation: Operation) -> None:
    assert harm(operation)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.CreateModel("Thing", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField("token", "colour", models.CharField(max_length=10, null=True)),
        migrations.AddField("token", "colour", models.CharField(max_length=10, db_default="red")),
        migrations.AddField("token", "teams", models.ManyToManyField("people.Team")),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_only_adds_is_fine(operation: Operation) -> None:
    assert not harm(operation)
